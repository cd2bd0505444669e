package linux

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	"vxlan":   {"vxlan"},
}

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
	program := ""
	for _, candidate := range []string{"/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe", "/usr/bin/modprobe"} {
		if _, err := os.Stat(candidate); err == nil {
			program = candidate
			break
		}
	}
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

// unknownKind says plainly what the kernel means by an unknown device type (rtnl_newlink in net/core/rtnetlink.c).
func unknownKind(kind string, err error) error {
	if !strings.Contains(err.Error(), "Unknown device type") {
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
