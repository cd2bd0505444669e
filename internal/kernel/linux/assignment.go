package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// addressSet is NET_ADDR_SET of linux/netdevice.h.
const addressSet = "3"

// ChosenAddresses are the links whose MAC address somebody has set. Only sysfs tells, which shows the namespace that it
// was mounted in, so a thread of its own mounts one.
func (h *Handle) ChosenAddresses() (map[string]bool, error) {
	namespace := h.namespace
	if namespace == "" {
		namespace = "/proc/thread-self/ns/net"
	}
	chosen := map[string]bool{}
	err := Inside(namespace, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY, ""); err != nil {
			return err
		}
		files, err := filepath.Glob("/sys/class/net/*/addr_assign_type")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil && strings.TrimSpace(string(text)) == addressSet {
				chosen[filepath.Base(filepath.Dir(file))] = true
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot tell which MAC addresses have been set: %w", err)
	}
	return chosen, nil
}
