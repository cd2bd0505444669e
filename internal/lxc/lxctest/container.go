package lxctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/lxc"
)

// Runtime is LXC by its commands, so that tests need no cgo, and have another witness than the code that they test.
type Runtime struct{}

// Run runs a command and gives its standard output.
func Run(name string, arguments ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.Command(name, arguments...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s%s", name, strings.Join(arguments, " "), err, stderr.String(),
			stdout.String())
	}
	return stdout.String(), nil
}

// Must is Run for commands that must succeed.
func Must(t testing.TB, name string, arguments ...string) string {
	t.Helper()
	output, err := Run(name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// DefaultFolder is LXC's.
func (Runtime) DefaultFolder() string { return "/var/lib/lxc" }

// Containers lists the folder.
func (Runtime) Containers(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "config"))
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = filepath.Base(filepath.Dir(file))
	}
	return names, err
}

// State asks lxc-info.
func (Runtime) State(folder, name string) (lxc.State, error) {
	if _, err := os.Stat(filepath.Join(folder, name, "config")); errors.Is(err, os.ErrNotExist) {
		return lxc.State{}, nil
	}
	output, err := Run("lxc-info", "-P", folder, "-n", name, "-pH", "-s")
	if err != nil {
		return lxc.State{}, err
	}
	state := lxc.State{Defined: true}
	for field := range strings.FieldsSeq(output) {
		if pid, err := strconv.Atoi(field); err == nil {
			state.InitPID = max(pid, 0)
		} else if !strings.HasSuffix(field, ":") {
			state.Name = field
		}
	}
	return state, nil
}

// Create runs lxc-create.
func (Runtime) Create(folder, name string, template lxc.Template) error {
	arguments := []string{"-P", folder, "-n", name, "-t", template.Name}
	if template.Config != "" {
		arguments = append(arguments, "-f", template.Config)
	}
	_, err := Run("lxc-create", append(append(arguments, "--"), template.Arguments...)...)
	return err
}

// Start runs lxc-start.
func (Runtime) Start(folder, name string) error {
	log := startLog(folder, name)
	_ = os.Remove(log)
	_, err := Run("lxc-start", "-P", folder, "-n", name, "-o", log, "-l", "DEBUG")
	return err
}

func startLog(folder, name string) string { return filepath.Join(folder, name, "start.log") }

// Log reads what lxc-start wrote.
func (Runtime) Log(folder, name string) []string {
	contents, err := os.ReadFile(startLog(folder, name))
	if err != nil {
		return nil
	}
	const most = 10
	return lxc.LastErrors(contents, most)
}

// Stop runs lxc-stop; busybox' init takes its time, so there is no asking.
func (Runtime) Stop(folder, name string, _ time.Duration) error {
	_, err := Run("lxc-stop", "-k", "-P", folder, "-n", name)
	return err
}

// Takes asks lxc-info about a configuration of that line alone.
func (Runtime) Takes(key, value string) bool {
	folder, err := os.MkdirTemp("", "lxctest")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "question", "config")
	if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755),
		os.WriteFile(file, []byte(key+" = "+value+"\n"), 0o600)); err != nil {
		return false
	}
	_, err = Run("lxc-info", "-P", folder, "-n", "question", "-s")
	return err == nil
}

// Destroy deletes the container.
func (Runtime) Destroy(folder, name string) error {
	_, err := Run("lxc-destroy", "-f", "-P", folder, "-n", name)
	return err
}

// Container is a busybox container of one test.
type Container struct {
	Folder, Name string
}

// New makes a container without a network and starts it.
func New(t testing.TB, folder, name string) *Container {
	t.Helper()
	c := Stopped(t, folder, name, "lxc.net.0.type = empty\n")
	c.Start(t)
	return c
}

// Stopped makes a container with the given network configuration.
func Stopped(t testing.TB, folder, name, network string) *Container {
	t.Helper()
	Need(t)
	if err := copyPattern(folder, name, network); err != nil {
		t.Fatal(err)
	}
	c := &Container{Folder: folder, Name: name}
	t.Cleanup(func() {
		name := c.Name // it may have been renamed
		if _, err := os.Stat(filepath.Join(folder, name, "config")); os.IsNotExist(err) {
			return // or deleted
		}
		gone := func() {}
		if state, err := (Runtime{}).State(folder, name); err == nil && state.InitPID != 0 && !sharesNetwork(state.InitPID) {
			gone = c.Ends(t) // the next test compares the host before and after
		}
		_, _ = Run("lxc-stop", "-k", "-P", folder, "-n", name)
		if _, err := Run("lxc-destroy", "-f", "-s", "-P", folder, "-n", name); err != nil {
			t.Error(err)
		}
		gone()
	})
	return c
}

// sharesNetwork tells a container that has the host's own network.
func sharesNetwork(pid int) bool {
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	ours, ownErr := os.Readlink("/proc/self/ns/net")
	return err == nil && ownErr == nil && theirs == ours
}

// Start starts the container.
func (c *Container) Start(t testing.TB) {
	t.Helper()
	if err := (Runtime{}).Start(c.Folder, c.Name); err != nil {
		contents, _ := os.ReadFile(startLog(c.Folder, c.Name))
		t.Fatalf("%v\n%s", err, contents)
	}
}

// Restart stops and starts it, as an operator would.
func (c *Container) Restart(t testing.TB) {
	t.Helper()
	gone := c.Ends(t)
	Must(t, "lxc-stop", "-k", "-P", c.Folder, "-n", c.Name)
	gone()
	c.Start(t)
}

// Ends remembers the host ends of the container's pairs. What it returns waits until they are gone: the kernel removes
// them some time after the container's last process.
func (c *Container) Ends(t testing.TB) (gone func()) {
	t.Helper()
	inner, ends, macs := map[int]int{}, map[int]bool{}, map[string]bool{}
	for _, link := range c.Links(t) {
		inner[link.Peer], macs[link.Address] = link.Index, true
	}
	for _, link := range (*Container)(nil).Links(t) {
		// Not the parent of a macvlan, nor the far end of a link that was lent: these stay.
		ends[link.Index] = link.Master != "" && inner[link.Index] == link.Peer
	}
	return func() {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			left := 0
			for _, link := range (*Container)(nil).Links(t) {
				if ends[link.Index] {
					left++
				}
			}
			// A macvlan's MAC is in its parent's table as long as it is there, and nobody else may have it.
			for _, entry := range parentsMACs(t) {
				if macs[entry.MAC] {
					left++
				}
			}
			if left == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d host ends of container %s stay", left, c.Name)
			}
		}
	}
}

type tableEntry struct {
	MAC string `json:"mac"`
}

// parentsMACs are the unicast MACs that links receive for others.
func parentsMACs(t testing.TB) []tableEntry {
	t.Helper()
	var entries []tableEntry
	if err := json.Unmarshal([]byte(Must(t, "bridge", "-j", "fdb", "show")), &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

// PID is that of the container's init.
func (c *Container) PID(t testing.TB) int {
	t.Helper()
	state, err := Runtime{}.State(c.Folder, c.Name)
	if err != nil || state.InitPID == 0 {
		t.Fatalf("container %s does not run: %v %v", c.Name, state, err)
	}
	return state.InitPID
}

// Enter runs a command of the host's in the container's network.
func (c *Container) Enter(t testing.TB, arguments ...string) string {
	t.Helper()
	return Must(t, "nsenter", append([]string{"-t", strconv.Itoa(c.PID(t)), "-n"}, arguments...)...)
}

// Ping must get answers from inside the container.
func (c *Container) Ping(t testing.TB, address string) {
	t.Helper()
	c.Enter(t, "busybox", "ping", "-c", "1", "-w", "5", address)
}

// Config is the configuration's text.
func (c *Container) Config(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(c.File())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// File is the configuration's file.
func (c *Container) File() string { return filepath.Join(c.Folder, c.Name, "config") }

// Link is what iproute2 tells of a link.
type Link struct {
	Index     int      `json:"ifindex"`
	Peer      int      `json:"link_index"`
	Name      string   `json:"ifname"`
	Master    string   `json:"master"`
	MTU       int      `json:"mtu"`
	Address   string   `json:"address"`
	Flags     []string `json:"flags"`
	Addresses []struct {
		Family string `json:"family"`
		Local  string `json:"local"`
		Length int    `json:"prefixlen"`
	} `json:"addr_info"`
}

// Links asks iproute2, in the container or, for a nil one, on the host.
func (c *Container) Links(t testing.TB) map[string]Link {
	t.Helper()
	var output string
	if c == nil {
		output = Must(t, "ip", "-j", "address")
	} else {
		output = c.Enter(t, "ip", "-j", "address")
	}
	var list []Link
	if err := json.Unmarshal([]byte(output), &list); err != nil {
		t.Fatal(err)
	}
	links := map[string]Link{}
	for _, link := range list {
		links[link.Name] = link
	}
	return links
}

// Bridge makes a bridge on the sandbox's host for one test.
func Bridge(t testing.TB, name string, arguments ...string) {
	t.Helper()
	Must(t, "ip", append([]string{"link", "add", "name", name, "type", "bridge"}, arguments...)...)
	Must(t, "ip", "link", "set", name, "up")
	t.Cleanup(func() { _, _ = Run("ip", "link", "delete", name) })
}
