package linux

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// modules names the kernel module of each kind, with the parameters that keep it from making a link of its own:
// a plain `modprobe bonding` leaves a bond0, `modprobe dummy` a dummy0 (max_bonds, numdummies in their sources).
var modules = map[string][]string{
	"bond":    {"bonding", "max_bonds=0"},
	"bridge":  {"bridge"},
	"dummy":   {"dummy", "numdummies=0"},
	"macvlan": {"macvlan"},
	"veth":    {"veth"},
	"vlan":    {"8021q"},
	"vrf":     {"vrf"},
	"vxlan":   {"vxlan"},
}

// unknownType is what the kernel says of a kind that it does not know (rtnl_newlink in net/core/rtnetlink.c).
const unknownType = "Unknown device type"

// LoadKind loads the module of a kind of link, unless it is loaded or part of the kernel. It looks once.
func (h *Handle) LoadKind(kind string) error {
	module, known := modules[kind]
	if !known || h.kinds[kind] {
		return nil
	}
	if err := load(kind, module); err != nil {
		return err
	}
	h.kinds[kind] = true
	return nil
}

func load(kind string, module []string) error {
	if _, err := os.Stat(filepath.Join("/sys/module", module[0])); err == nil {
		return nil
	}
	program := modprobe()
	if program == "" {
		// Some kernels have the kind built in without a folder in /sys/module: creation will tell.
		return nil
	}
	output, err := exec.Command(program, module...).CombinedOutput()
	if err != nil && !builtIn(module[0]) {
		return fmt.Errorf("this kernel has no links of kind %s: `modprobe %s` said: %s",
			kind, strings.Join(module, " "), strings.TrimSpace(string(output)))
	}
	return nil
}

// modprobe is the program's path, "" where there is none.
func modprobe() string {
	for _, candidate := range []string{"/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe", "/usr/bin/modprobe"} {
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

// CheckKind tells why LoadKind, or making a link of the kind, would fail. It loads no module, and looks once.
func (h *Handle) CheckKind(kind string) error {
	module, known := modules[kind]
	if !known || h.kinds[kind] {
		return nil
	}
	verdict, looked := h.possible[kind]
	if !looked {
		verdict = check(kind, module)
		h.possible[kind] = verdict
	}
	return verdict
}

func check(kind string, module []string) error {
	if _, err := os.Stat(filepath.Join("/sys/module", module[0])); err == nil {
		return nil
	}
	said, loadable := wouldLoad(module[0])
	if loadable {
		return nil
	}
	// It may be part of the kernel without a folder of its own. There is nothing that the attempt could load.
	if err := tryKind(kind); err != nil {
		if said != "" {
			return fmt.Errorf("%w; `modprobe --dry-run %s` said: %s", err, module[0], said)
		}
		return err
	}
	return nil
}

// wouldLoad asks modprobe, which knows what is on the disk for the kernel that runs, and what the administrator
// forbids: `install MODULE /bin/false` (modprobe.d(5)) loads nothing.
func wouldLoad(module string) (said string, loadable bool) {
	program := modprobe()
	if program == "" {
		return "", false
	}
	output, err := exec.Command(program, "--dry-run", "--verbose", module).CombinedOutput()
	said = strings.TrimSpace(string(output))
	return said, err == nil && !strings.Contains(said, "install /bin/true") &&
		!strings.Contains(said, "install /bin/false")
}

// tryKind makes a link of the kind in a network namespace that ends with its thread. Only what the kernel says of a
// kind that it does not know counts: it looks for the kind before it reads the options.
func tryKind(kind string) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and the namespace with the thread
		if unix.Unshare(unix.CLONE_NEWNET) != nil {
			done <- nil
			return
		}
		handle, err := Open(fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid()))
		if err != nil {
			done <- nil
			return
		}
		defer handle.Close()
		err = handle.createLink(kernel.LinkRequest{Name: "probe", Kind: kind})
		if err == nil || !strings.Contains(err.Error(), unknownType) {
			err = nil
		}
		done <- err
	}()
	return <-done
}

// unknownKind says plainly what the kernel means by an unknown device type.
func unknownKind(kind string, err error) error {
	if !strings.Contains(err.Error(), unknownType) {
		return err
	}
	module := kind
	if known := modules[kind]; known != nil {
		module = known[0]
	}
	return fmt.Errorf("this kernel has no links of kind %s, nor a module %s to load: %w", kind, module, err)
}

// builtIn tells whether the kernel's own list of built-in modules has the module. A kernel without the list (one
// that was built without modules) is given the benefit of the doubt: creating the link will tell.
func builtIn(module string) bool {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return true
	}
	list, err := os.ReadFile(filepath.Join("/lib/modules", strings.TrimSpace(string(release)), "modules.builtin"))
	if err != nil {
		return true
	}
	return strings.Contains(string(list), "/"+module+".ko")
}
