//go:build cgo

// Package liblxc is LXC itself. It is the only importer of go-lxc, and with it of cgo: everything else works against
// lxc.Runtime.
package liblxc

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	golxc "github.com/lxc/go-lxc"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/system"
)

// Runtime makes and runs containers through liblxc.
type Runtime struct{}

// DefaultFolder is liblxc's lxcpath.
func (Runtime) DefaultFolder() string { return golxc.DefaultConfigPath() }

// Containers lists the containers that are defined in the folder.
func (Runtime) Containers(folder string) ([]string, error) {
	return golxc.DefinedContainerNames(folder), nil
}

// Takes asks a container that there is none of. It opens a log file that it is told of, so that is taken for good.
func (Runtime) Takes(key, value string) bool {
	if key == "lxc.log.file" {
		return true
	}
	err := with(filepath.Join(system.RuntimeFolder, "nowhere"), "hostnet-question",
		func(container *golxc.Container) error { return container.SetConfigItem(key, value) })
	return err == nil
}

// longestAnswer bounds the wait for a container's monitor: any user can listen on its abstract socket, and say nothing.
const longestAnswer = 30 * time.Second

func with(folder, name string, use func(*golxc.Container) error) error {
	// liblxc opens whatever has the configuration's name, or that of a file that it includes, and waits for a FIFO.
	if _, err := lxc.ReadConfig(filepath.Join(folder, name, "config"), lxc.Disk{}); err != nil &&
		!errors.Is(err, lxc.ErrMissing) {
		return fmt.Errorf("container %s: %w", name, err)
	}
	container, err := golxc.NewContainer(name, folder)
	if err != nil {
		// This is all that it says of a configuration that it does not take.
		return fmt.Errorf("container %s: LXC cannot read %s (lxc-info -P %s -n %s -s shows why): %w",
			name, filepath.Join(folder, name, "config"), folder, name, err)
	}
	// A version of LXC that has no such bound waits as it always did.
	_ = container.SetTimeout(longestAnswer)
	err = use(container)
	return errors.Join(err, container.Release())
}

// State asks the container's monitor.
func (Runtime) State(folder, name string) (state lxc.State, err error) {
	err = with(folder, name, func(container *golxc.Container) error {
		state.Defined = container.Defined()
		if !state.Defined {
			return nil
		}
		state.Name = container.State().String()
		if pid := container.InitPid(); pid > 0 {
			state.InitPID = pid
		}
		return nil
	})
	return state, err
}

// Create runs the template.
func (Runtime) Create(folder, name string, template lxc.Template) error {
	return with(folder, name, func(container *golxc.Container) error {
		if template.Config != "" {
			if err := container.LoadConfigFile(template.Config); err != nil {
				return fmt.Errorf("container %s: cannot read %s: %w", name, template.Config, err)
			}
		}
		options := golxc.TemplateOptions{Template: template.Name, ExtraArgs: template.Arguments, Backend: golxc.Directory}
		if err := container.Create(options); err != nil {
			return fmt.Errorf("container %s: template %s failed (its own message is above LXC's log): %w", name, template.Name,
				err)
		}
		return nil
	})
}

// longestStart bounds the wait for the container's first process.
const longestStart = 60 * time.Second

// Start starts the container in the background. LXC writes down what is wrong.
func (Runtime) Start(folder, name string) error {
	return with(folder, name, func(container *golxc.Container) error {
		if err := keepLog(container, folder, name); err != nil {
			return err
		}
		if err := container.Start(); err != nil {
			return fmt.Errorf("container %s does not start: %w", name, err)
		}
		if !container.Wait(golxc.RUNNING, longestStart) {
			return fmt.Errorf("container %s does not run after %s (lxc-start -n %s -P %s -F shows why)", name, longestStart,
				name, folder)
		}
		return nil
	})
}

// keepLog has LXC log its trouble where Log finds it, unless the configuration has another place. This is no line of
// the container's configuration: the next start, whoever does it, knows nothing of it.
func keepLog(container *golxc.Container, folder, name string) error {
	log := logFile(folder, name)
	if declared := container.LogFile(); declared != "" && declared != log {
		return nil
	}
	const searchable = 0o755
	if err := os.MkdirAll(filepath.Dir(log), searchable); err != nil {
		return fmt.Errorf("container %s: cannot make a folder for LXC's log: %w", name, err)
	}
	_ = os.Remove(log)
	return errors.Join(container.SetLogFile(log), container.SetLogLevel(golxc.ERROR))
}

// logFile is that of one container; there may be others of its name in other folders.
func logFile(folder, name string) string {
	hash := sha256.Sum256([]byte(filepath.Join(folder, name)))
	const enough = 8
	return filepath.Join(system.RuntimeFolder, "lxc", hex.EncodeToString(hash[:enough])+".log")
}

// largestLog bounds what is read of a log.
const largestLog = 1 << 20

// Log reads the log of the last start, or the one that the container's configuration names.
func (Runtime) Log(folder, name string) []string {
	path := logFile(folder, name)
	_ = with(folder, name, func(container *golxc.Container) error {
		if declared := container.LogFile(); declared != "" {
			path = declared
		}
		return nil
	})
	contents, err := system.Read(path, largestLog)
	if err != nil {
		return nil
	}
	const most = 10
	return lxc.LastErrors(contents, most)
}

// Stop shuts the container down, and kills it when it takes too long.
func (Runtime) Stop(folder, name string, patience time.Duration) error {
	return with(folder, name, func(container *golxc.Container) error {
		if patience > 0 && container.Shutdown(patience) == nil {
			return nil
		}
		if err := container.Stop(); err != nil && container.Running() {
			return fmt.Errorf("container %s does not stop: %w", name, err)
		}
		return nil
	})
}

// Destroy deletes the container's files.
func (Runtime) Destroy(folder, name string) error {
	return with(folder, name, func(container *golxc.Container) error {
		if err := container.Destroy(); err != nil {
			return fmt.Errorf("container %s cannot be destroyed: %w", name, err)
		}
		_ = os.Remove(logFile(folder, name))
		return nil
	})
}
