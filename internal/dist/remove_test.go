package dist

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/system"
)

// ours is what tasks leave on a host, each with its text, in the form of the packages that write it.
var ours = map[string]string{
	"/etc/hostnet/bridges/br0.yml":                                           "name: br0\n",
	"/var/lib/hostnet/generations/1.json":                                    "{}",
	"/usr/local/sbin/hostnet":                                                "program",
	"/usr/local/lib/hostnet/hostnet-lxc":                                     "program",
	"/etc/systemd/system/hostnet.service":                                    "[Unit]",
	"/etc/systemd/system/hostnet-dnsmasq@.service":                           "[Unit]",
	"/etc/systemd/system/multi-user.target.wants/hostnet-dnsmasq@b0.service": "",
	"/etc/systemd/network/0-hostnet-10-br0.netdev":                           "[NetDev]",
	"/etc/systemd/network/0-hostnet.unmanaged-eth0.network":                  "[Match]",
	"/etc/systemd/networkd.conf.d/hostnet.conf":                              "[Network]",
	"/etc/NetworkManager/conf.d/zz-hostnet-eth0.conf":                        "[keyfile]",
	"/etc/sysctl.d/99-zz-hostnet.conf":                                       "net.ipv4.ip_forward = 1\n",
	"/etc/dnsmasq.d/lxcbr0.conf": "# Written by the Ansible collection " +
		"hostnet.linux. Changes made here are overwritten.\n",
	"/etc/systemd/system/hostnet-watch.service":                         "[Unit]",
	"/etc/systemd/system/multi-user.target.wants/hostnet-watch.service": "",
	"/var/lib/node_exporter/textfile/hostnet.prom":                      "hostnet_drift 0\n",
	"/usr/local/bin/hostnet":                                            "program",
	"/usr/local/share/man/man8/hostnet.8":                               "page",
	"/usr/local/share/bash-completion/completions/hostnet":              "words",
	"/usr/local/share/zsh/site-functions/_hostnet":                      "words",
	"/usr/local/share/fish/vendor_completions.d/hostnet.fish":           "words",
	"/etc/init.d/hostnet":                                               "#!/bin/sh\n",
	"/root/.cache/hostnet/0123.hostnet/hostnet":                         "program",
	"/home/operator/.cache/hostnet/0123.hostnet/hostnet":                "program",
}

// others are files of others' that stay, with what of ours is in them, and what has to be left.
var others = map[string][2]string{
	"/etc/network/interfaces": {
		"auto lo\n#hostnet(eth0)# auto eth0 eth1\n#hostnet: the next line is what is left of the one above\nauto " +
			"eth1\n#hostnet(eth0)# iface eth0 inet dhcp\n",
		"auto lo\nauto eth0 eth1\niface eth0 inet dhcp\n",
	},
	"/etc/dnsmasq.d/mine.conf": {"server=192.0.2.1\n", "server=192.0.2.1\n"},
	"/var/lib/lxc/web/config": {
		"lxc.net.0.type = veth\n# hostnet.linux: {\"eth0\": {}}\nlxc.hook.start-host = /usr/local/lib/hostnet/hostnet-lxc " +
			"hook start-host\nlxc.hook.pre-start = /opt/mine\n",
		"lxc.net.0.type = veth\nlxc.hook.pre-start = /opt/mine\n",
	},
	"/home/operator/.cache/other": {"x", "x"},
}

// TestRemove runs the script of the role hostnet_remove in a folder.
func TestRemove(t *testing.T) {
	root := t.TempDir()
	for path, text := range ours {
		put(t, root, path, text)
	}
	for path, texts := range others {
		put(t, root, path, texts[0])
	}
	if said, err := remove(t, root, "no"); err == nil || !strings.Contains(said, "/var/lib/lxc/web/config") ||
		!strings.Contains(said, "hostnet_remove_containers") {
		t.Errorf("a container that needs the hooks: %v: %s", err, said)
	}
	put(t, root, "/var/lib/hostnet/journal.json", "{}")
	if said, err := remove(t, root, "yes"); err == nil || !strings.Contains(said, "hostnet confirm") {
		t.Errorf("a change that waits: %v: %s", err, said)
	}
	for path := range ours {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("a refusal has removed %s", path)
		}
	}
	if err := os.Remove(filepath.Join(root, "/var/lib/hostnet/journal.json")); err != nil {
		t.Fatal(err)
	}
	if said, err := remove(t, root, "yes"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for path, texts := range others {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != texts[1] {
			t.Errorf("%s is %q, want %q: %v", path, got, texts[1], err)
		}
	}
	left, err := exec.CommandContext(t.Context(), "find", root, "-name", "*hostnet*").Output()
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v\n%s", err, left)
	}
	if said, err := remove(t, root, "no"); err != nil || strings.Contains(said, "removed ") {
		t.Errorf("a second run: %v: %s", err, said)
	}
}

// TestRemoveGivesLXCNetBack: the setting that a takeover has changed is as it was, and what the operator wrote since
// stays.
func TestRemoveGivesLXCNetBack(t *testing.T) {
	const off = "USE_LXC_BRIDGE=\"false\"\n"
	for name, one := range map[string]struct{ before, now, want string }{
		"with the setting": {"A=1\nUSE_LXC_BRIDGE=\"true\"\nLXC_BRIDGE=\"lxcbr0\"\n",
			"A=1\n" + off + "LXC_BRIDGE=\"lxcbr0\"\n", "A=1\nUSE_LXC_BRIDGE=\"true\"\nLXC_BRIDGE=\"lxcbr0\"\n"},
		"written otherwise": {"export USE_LXC_BRIDGE='true' # a&b|c\\d\n", off,
			"export USE_LXC_BRIDGE='true' # a&b|c\\d\n"},
		"without the setting": {"LXC_ADDR=\"10.0.3.1\"\n", "LXC_ADDR=\"10.0.3.1\"\n" + off, "LXC_ADDR=\"10.0.3.1\"\n"},
		"no such file":        {"", off, ""},
		"edited since":        {"", off + "LXC_ADDR=\"10.9.9.1\"\n", "LXC_ADDR=\"10.9.9.1\"\n"},
		"off before":          {off, off, off},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			before := system.Text("/etc/default/lxc-net", one.before)
			if one.before == "" {
				before = system.NoFile("/etc/default/lxc-net")
			}
			memory, err := json.Marshal([]dnsmasq.RivalState{
				{Interface: "lxcbr0", Unit: system.Unit{Name: "lxc-net.service"}, Files: []system.File{before}}})
			if err != nil {
				t.Fatal(err)
			}
			put(t, root, "/var/lib/hostnet/dnsmasq/lxcbr0.json", string(memory)+"\n")
			put(t, root, "/etc/default/lxc-net", one.now)
			if said, err := remove(t, root, "no"); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			got, err := os.ReadFile(filepath.Join(root, "/etc/default/lxc-net"))
			if string(got) != one.want || (err != nil) != (one.want == "") {
				t.Errorf("%q, want %q: %v", got, one.want, err)
			}
			if said, err := remove(t, root, "no"); err != nil || said != "" {
				t.Errorf("a second run: %v: %s", err, said)
			}
		})
	}
}

func remove(t *testing.T, root, containers string) (string, error) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "sh", "../../roles/hostnet_remove/files/remove.sh", containers,
		root).CombinedOutput()
	return string(said), err
}

func put(t *testing.T, root, path, text string) {
	t.Helper()
	path = filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
