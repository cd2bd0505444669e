//go:build netns

package undeclared

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// TestSettingsAreInTheKernelsOrder sets each file below /proc/sys/net to another value than it has, and wants this very
// file named, with both values.
func TestSettingsAreInTheKernelsOrder(t *testing.T) {
	n := netnstest.New(t)
	n.IP(t, "link", "add", "name", "l0", "type", "veth", "peer", "name", "l1")
	handle, err := linux.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	before := observe(t, handle)
	for family, files := range map[string][]string{"ipv4": ipv4Files[:], "ipv6": ipv6Files[:]} {
		for _, file := range files {
			path := fmt.Sprintf("%s/conf/l0/%s", family, file)
			text, err := handle.Setting(path)
			if file == "" || err != nil {
				continue // younger than this kernel
			}
			t.Run(path, func(t *testing.T) {
				old, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				fresh := different(t, handle, path, old)
				changes := before.Changes(observe(t, handle))
				want := fmt.Sprintf("[{l0 {net/%s %d %d}}]", path, fresh, old)
				if got := fmt.Sprint(changes); got != want && !strings.HasSuffix(path, "/forwarding") {
					t.Errorf("changes %s, want %s", got, want)
				}
				if err := before.RestoreSettings(handle); err != nil {
					t.Fatal(err)
				}
				if now, err := handle.Setting(path); err != nil || now != text {
					t.Errorf("restored, it is %s (%v), not %s", now, err, text)
				}
				if left := before.Changes(observe(t, handle)); len(left) > 0 {
					t.Errorf("restored, there differs %v", left)
				}
			})
		}
	}
}

// different writes a value that the file does not have, and says which one it took.
func different(t *testing.T, handle *linux.Handle, path string, old int) int {
	t.Helper()
	for _, fresh := range []int{1 - old, old - 20, old + 1, 1, 0, 2} {
		if fresh == old || handle.SetSetting(path, strconv.Itoa(fresh)) != nil {
			continue
		}
		if text, err := handle.Setting(path); err == nil && text == strconv.Itoa(fresh) {
			return fresh
		}
	}
	t.Skipf("%s takes no other value than %d", path, old)
	return 0
}

func observe(t *testing.T, handle *linux.Handle) State {
	t.Helper()
	raw, err := handle.Links()
	if err != nil {
		t.Fatal(err)
	}
	state, err := Observe(handle, raw, map[string]bool{"l0": true})
	if err != nil {
		t.Fatal(err)
	}
	return state
}
