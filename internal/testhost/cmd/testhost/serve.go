package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/testhost"
)

// record is what is kept of a running machine. Process holds all machines of one call of up.
type record struct {
	Name    string       `json:"name"`
	SSH     testhost.SSH `json:"ssh"`
	Process int          `json:"process"`
}

func folder() (string, error) {
	cache, err := testhost.CacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "running")
	return folder, os.MkdirAll(folder, 0o700)
}

func path(name string) (string, error) {
	folder, err := folder()
	return filepath.Join(folder, filepath.Base(name)+".json"), err
}

// read is the record of a machine that runs.
func read(name string) (record, error) {
	var out record
	file, err := path(name)
	if err != nil {
		return out, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return out, fmt.Errorf("no machine %s runs: start it with `testhost up %s`", name, name)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return out, fmt.Errorf("%s: %w", file, err)
	}
	if syscall.Kill(out.Process, 0) != nil {
		_ = os.Remove(file)
		return out, fmt.Errorf("machine %s does not run any more", name)
	}
	return out, nil
}

func records() ([]record, error) {
	folder, err := folder()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	out := []record{}
	for _, entry := range entries {
		name, isRecord := strings.CutSuffix(entry.Name(), ".json")
		if !isRecord {
			continue
		}
		if one, err := read(name); err == nil {
			out = append(out, one)
		}
	}
	return out, nil
}

// up starts a process that holds the machines, shows its progress, and leaves it running.
func up(ctx context.Context, arguments []string) error {
	wanted, err := machines(arguments)
	if err != nil {
		return err
	}
	for _, machine := range wanted {
		if _, err := read(machine.Name); err == nil {
			return fmt.Errorf("machine %s runs already: end it with `testhost down %s`", machine.Name, machine.Name)
		}
	}
	program, err := own()
	if err != nil {
		return err
	}
	if err := testhost.Leave(ctx, program, append([]string{"serve"}, arguments...)...); err != nil {
		return fmt.Errorf("the machines did not start: %w", err)
	}
	return nil
}

// own is a copy of this program that stays: `go run` removes its own when it ends.
func own() (string, error) {
	folder, err := folder()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return "", err
	}
	fresh := filepath.Join(folder, fmt.Sprintf("testhost.%d", os.Getpid()))
	if err := os.WriteFile(fresh, text, 0o700); err != nil {
		return "", err
	}
	program := filepath.Join(folder, "testhost")
	return program, os.Rename(fresh, program)
}

// serve starts the machines and holds them until it is told to end, or one of them ends.
func serve(ctx context.Context, arguments []string) error {
	wanted, err := machines(arguments)
	if err != nil {
		return err
	}
	var hosts []*testhost.Host
	defer func() {
		for _, host := range hosts {
			_ = host.Stop()
			if file, err := path(host.Name()); err == nil {
				_ = os.Remove(file)
			}
		}
	}()
	ended := make(chan string, len(wanted))
	for _, machine := range wanted {
		host, err := testhost.Start(ctx, machine)
		if err != nil {
			return err
		}
		hosts = append(hosts, host)
		go func() {
			<-host.Done()
			ended <- host.Name()
		}()
		if err := write(record{host.Name(), host.SSH(), os.Getpid()}); err != nil {
			return err
		}
	}
	if err := testhost.LetGo(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case name := <-ended:
		return fmt.Errorf("machine %s has ended", name)
	}
}

func write(one record) error {
	file, err := path(one.Name)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(one, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// down ends machines and those that were started along with them.
func down(names []string) error {
	if len(names) == 0 {
		return errors.New("down: name at least one machine")
	}
	for _, name := range names {
		one, err := read(name)
		if err != nil {
			continue // it is down
		}
		if err := syscall.Kill(one.Process, syscall.SIGTERM); err != nil {
			return fmt.Errorf("machine %s: %w", name, err)
		}
		for deadline := time.Now().Add(20 * time.Second); syscall.Kill(one.Process,
			0) == nil; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("machine %s: process %d does not end", name, one.Process)
			}
		}
	}
	return nil
}
