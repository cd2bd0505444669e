//go:build netns && cgo

package liblxc_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/container"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/lxc/liblxc"
	"hostnet.linux/internal/lxc/lxctest"
)

// attacksOfAUser are what another user can put into a folder of containers of his own, as commands that he runs in that
// of the container "evil". VICTIM is a file of root's that only root can read.
var attacksOfAUser = map[string]string{
	"the configuration is a FIFO":        `mkfifo config`,
	"the configuration is endless":       `ln -s /dev/zero config`,
	"the configuration is root's secret": `ln -s VICTIM config`,
	"the configuration is a folder":      `mkdir config`,
	"the configuration is huge":          `truncate -s 2G config`,
	"it includes a FIFO":                 `mkfifo fifo; echo "lxc.include = $PWD/fifo" >config`,
	"it includes what is endless":        `echo "lxc.include = /dev/zero" >config`,
	"it includes a link to a secret":     `ln -s VICTIM link; echo "lxc.include = $PWD/link" >config`,
	"it includes a folder with a FIFO":   `mkdir d; mkfifo d/a.conf; echo "lxc.include = $PWD/d" >config`,
	"it includes itself":                 `echo "lxc.include = $PWD/config" >config`,
	"the record leads to root's file":    `echo "lxc.net.0.type = empty" >config; ln -s VICTIM hostnet.json`,
	"the record is a FIFO":               `echo "lxc.net.0.type = empty" >config; mkfifo hostnet.json`,
	"the folder leads to the host's":     `cd ..; rm -r evil; ln -s /etc evil`,
	"temporary files that " +
		"lead to root's file": `echo "lxc.net.0.type = empty" >config; for i in config.tmp .config.tmp config~ .config; do ln -s VICTIM $i; done`,
}

// TestAnotherUsersContainers: what another user puts into his own lxc_path neither hangs root's task nor makes it write
// to a file of the host's, nor tell what only root can read.
func TestAnotherUsersContainers(t *testing.T) {
	lxctest.Need(t)
	lxctest.Bridge(t, "br-evil")
	victim := filepath.Join(t.TempDir(), "victim")
	const secret = "s3cret-of-r00t"
	machine := &container.Machine{
		Runtime: liblxc.Runtime{}, Program: container.Program{Path: container.DefaultProgram, Source: "/proc/self/exe"},
		Open: func(namespace string) (container.Kernel, error) { return linux.Open(namespace) },
	}
	for name, attack := range attacksOfAUser {
		t.Run(name, func(t *testing.T) {
			folder, err := os.MkdirTemp("", "hostnet-attack-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) })
			const user = 65534
			evil := filepath.Join(folder, "evil")
			for _, err := range []error{
				os.Chmod(folder, 0o755), os.Mkdir(evil, 0o755), os.Chown(folder, user, user), os.Chown(evil, user, user),
				os.WriteFile(victim, []byte(secret+"\n"), 0o600),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command("sh", "-ec", strings.ReplaceAll(attack, "VICTIM", victim))
			command.Dir, command.SysProcAttr = evil, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			within(t, "info", secret, func() (any, error) { return machine.Info(folder, nil) })
			within(t, "info of one", secret, func() (any, error) { return machine.Info(folder, []string{"evil"}) })
			within(t, "an interface", secret, func() (any, error) {
				_, wanted, err := container.ParseInterface(map[string]any{"container": "evil", "name": "eth1", "bridge": "br-evil"})
				if err != nil {
					return nil, err
				}
				return machine.Apply(folder, wanted, false)
			})
			within(t, "its state", secret, func() (any, error) { return liblxc.Runtime{}.State(folder, "evil") })
			if now, err := os.ReadFile(victim); err != nil || string(now) != secret+"\n" {
				t.Errorf("root's file is %q now: %v", now, err)
			}
			if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("its mode is %v: %v", info.Mode(), err)
			}
		})
	}
}

// within has a task end soon, whatever it comes to, and tell no secret.
func within(t *testing.T, what, secret string, task func() (any, error)) {
	t.Helper()
	ended := make(chan string, 1)
	go func() {
		result, err := task()
		ended <- fmt.Sprintf("%+v %v", result, err)
	}()
	select {
	case told := <-ended:
		if strings.Contains(told, secret) {
			t.Errorf("%s tells what only root can read: %s", what, told)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}
