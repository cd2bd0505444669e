package lxctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"hostnet.linux/internal/lxc"
)

// pattern is the folder of a container that the template has made once for all tests: it runs a program for each of
// busybox' names, which takes half a minute on an emulated machine.
var pattern = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "hostnet-lxctest-")
	if err != nil {
		return "", err
	}
	network := filepath.Join(folder, "network.conf")
	if err := os.WriteFile(network, []byte(patternsNetwork), 0o600); err != nil {
		return folder, err
	}
	return folder, Runtime{}.Create(folder, patternsName, lxc.Template{Name: "busybox", Config: network})
})

const (
	patternsName    = "pattern"
	patternsNetwork = "lxc.net.0.type = empty\n"
)

// forgetPattern removes it after the last test.
func forgetPattern() {
	if folder, err := pattern(); err == nil && folder != "" {
		_ = os.RemoveAll(folder)
	}
}

// copyPattern makes a container as the template would have made it, with another network.
func copyPattern(folder, name, network string) error {
	from, err := pattern()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(from, patternsName, "config"))
	if err != nil {
		return err
	}
	config := strings.NewReplacer(patternsNetwork, network, filepath.Join(from, patternsName), filepath.Join(folder, name),
		fmt.Sprintf("%q", patternsName), fmt.Sprintf("%q", name)).Replace(string(text))
	if err := os.Mkdir(filepath.Join(folder, name), 0o770); err != nil {
		return err
	}
	if _, err := Run("cp", "-a", filepath.Join(from, patternsName, "rootfs"), filepath.Join(folder, name)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name, "config"), []byte(config), 0o640)
}
