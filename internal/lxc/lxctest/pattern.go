package lxctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"hostnet.linux/internal/lxc"
)

// patterns is the folder of a container that the template has made once for all tests: it runs a program for each of
// busybox' names, which takes half a minute on an emulated machine. "" until a test wants it.
var patterns string

var makePattern = sync.OnceValue(func() (err error) {
	if patterns, err = os.MkdirTemp("", "hostnet-lxctest-"); err != nil {
		return err
	}
	network := filepath.Join(patterns, "network.conf")
	if err := os.WriteFile(network, []byte(patternsNetwork), 0o600); err != nil {
		return err
	}
	return Runtime{}.Create(patterns, patternsName, lxc.Template{Name: "busybox", Config: network})
})

const (
	patternsName    = "pattern"
	patternsNetwork = "lxc.net.0.type = empty\n"
)

// forgetPattern removes it after the last test.
func forgetPattern() {
	if patterns != "" {
		_ = os.RemoveAll(patterns)
	}
}

// copyPattern makes a container as the template would have made it, with another network.
func copyPattern(folder, name, network string) error {
	if err := makePattern(); err != nil {
		return err
	}
	from := filepath.Join(patterns, patternsName)
	text, err := os.ReadFile(filepath.Join(from, "config"))
	if err != nil {
		return err
	}
	config := strings.NewReplacer(patternsNetwork, network, from, filepath.Join(folder, name),
		fmt.Sprintf("%q", patternsName), fmt.Sprintf("%q", name)).Replace(string(text))
	if err := os.Mkdir(filepath.Join(folder, name), 0o770); err != nil {
		return err
	}
	if _, err := Run("cp", "-a", filepath.Join(from, "rootfs"), filepath.Join(folder, name)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name, "config"), []byte(config), 0o640)
}
