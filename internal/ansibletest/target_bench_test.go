//go:build bench

package ansibletest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/testhost"
)

// target is a Debian in a folder, with a real SSH server in a network namespace.
type target struct {
	namespace *netnstest.Namespace
	keys      string
}

// SSH is how the controller, in the same namespace, logs in.
func (g target) SSH() testhost.SSH {
	return testhost.SSH{Address: "127.0.0.1", Port: 22, KeyFile: filepath.Join(g.keys, "key")}
}

// serve runs the server in the folder $1 with the keys in $2; what tasks leave there ends with it. Like that of a host,
// it sees no process of another network namespace.
const serve = `root=$1; mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
mount -t tmpfs run "$root/run" && mount -t tmpfs home "$root/root" && mkdir "$root/run/sshd" && cp "$2"/* "$root/run/sshd/" &&
exec chroot "$root" /usr/sbin/sshd -D -e -o HostKey=/run/sshd/host -o AuthorizedKeysFile=/run/sshd/key.pub -o StrictModes=no -o UsePAM=no -o PidFile=none`

func newTarget(t *testing.T) target {
	t.Helper()
	debian, err := edition{name: "target", release: testhost.Bookworm,
		packages: "openssh-server,python3"}.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := target{netnstest.New(t), t.TempDir()}
	for _, name := range []string{"key", "host"} {
		if output, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
			filepath.Join(g.keys, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	server := exec.Command("ip", "netns", "exec", g.namespace.Name, "unshare", "--mount", "--propagation", "slave",
		"--pid", "--fork", "--kill-child", "sh", "-c", serve, "serve", debian.folder, g.keys)
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// With it goes the connection that Ansible keeps open.
		stop := fmt.Sprintf("for pid in $(ip netns pids %s); do test $pid = %d || kill $pid; done", g.namespace.Name,
			os.Getpid())
		_ = exec.Command("sh", "-c", stop).Run()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the SSH server: %s", said.String())
		}
	})
	for deadline := time.Now().Add(10 * time.Second); !g.answers(t); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the SSH server does not start")
		}
	}
	return g
}

func (g target) answers(t *testing.T) (open bool) {
	g.namespace.Do(t, func() {
		connection, err := net.Dial("tcp", "127.0.0.1:22")
		if err == nil {
			open = connection.Close() == nil
		}
	})
	return open
}
