//go:build vm

package vmtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/testhost"
)

// sideBySide chooses the neighbours of TestSideBySide: all, or names with commas. It takes half an hour: `make nightly`
// sets it.
const sideBySide = "HOSTNET_SIDE_BY_SIDE"

// TestSideBySide has containers on a host of Debian 13 beside each of the programs that set up firewalls and links of
// their own, in both orders of starting and over a boot: the container reaches the outside, the outside its forward,
// and nothing of theirs is touched, nor changed when we go.
func TestSideBySide(t *testing.T) {
	chosen := os.Getenv(sideBySide)
	if chosen == "" {
		t.Skip("half an hour, for the night: set " + sideBySide + " to all, or to names of neighbours")
	}
	wire := testhost.NewSegment("wan")
	lab := &lxcLab{host: testhost.ForTest(t, testhost.Machine{
		Name: "side", Release: testhost.Trixie, Memory: 2000, NICs: []testhost.NIC{{Segment: wire}, {Segment: wire}},
		Packages: []string{"docker.io", "ufw", "firewalld", "fail2ban", "libvirt-daemon-system", "incus", "network-manager",
			"systemd-resolved", "iptables"},
	})}
	install(t, lab.host)
	lab.host.MustRun(t, alone)
	lab.out = "ip netns exec outside "
	lab.prepareNeighbours(t)
	for _, one := range neighbours {
		if chosen == "all" || slices.Contains(strings.Split(chosen, ","), one.name) {
			t.Run(one.name, func(t *testing.T) { lab.testBeside(t, one, true) })
		}
	}
}

// alone stops what Debian starts by itself, and puts an outside into a namespace, behind the second card.
const alone = `systemctl disable -q --now docker docker.socket containerd fail2ban firewalld libvirtd libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket \
  libvirt-guests incus.socket incus-user.socket incus-startup NetworkManager NetworkManager-wait-online ufw systemd-resolved 2>/dev/null
ip link delete docker0; nft flush ruleset; iptables-legacy -P FORWARD ACCEPT
rm -f /etc/resolv.conf; echo 'nameserver 192.0.2.254' >/etc/resolv.conf
mkdir -p /srv/www; echo outside >/srv/www/index.html
cat >/etc/systemd/system/outside.service <<'END'
[Unit]
DefaultDependencies=no
Before=network-pre.target NetworkManager.service systemd-networkd.service
Wants=network-pre.target
After=systemd-udev-settle.service
Wants=systemd-udev-settle.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip netns add outside && ip link set eth1 netns outside && ip -n outside link set eth1 up && ip -n outside address add 192.0.2.254/24 dev eth1'
ExecStart=/bin/sh -c 'test -e /etc/theirs-uplink || { ip link set eth0 up; ip address replace 192.0.2.1/24 dev eth0; ip route replace default via 192.0.2.254; }'
[Install]
WantedBy=multi-user.target
END
cat >/etc/systemd/system/www.service <<'END'
[Unit]
After=outside.service
[Service]
ExecStart=ip netns exec outside busybox httpd -f -vv -p 80 -h /srv/www
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload; systemctl enable -q --now outside www`

// prepareNeighbours makes a container that serves a page, and the command that shows what is not ours.
func (l *lxcLab) prepareNeighbours(t *testing.T) {
	t.Helper()
	l.host.MustRun(t, `lxc-create -n side -t busybox >/dev/null; cd /var/lib/lxc/side
mkdir -p rootfs/www; echo inside >rootfs/www/index.html
sed -i 's:^/bin/udhcpc.*:httpd -p 80 -h /www\n& -x hostname\:side:' rootfs/etc/init.d/rcS
sed -i '/lxc.net.0.hwaddr/d' config; echo 'lxc.net.0.hwaddr = 00:16:3e:00:00:77' >>config; echo 'lxc.start.auto = 1' >>config
cat >/usr/local/sbin/theirs <<'END'
nft -s list ruleset | awk '/^table [a-z0-9]+ hostnet_/ {ours=1} !ours {print} /^}/ {ours=0}'
for each in iptables ip6tables; do $each-legacy-save 2>/dev/null | grep -E '^-A|DROP' | sed 's/ *\[[0-9:]*\]//'; done
find "$@" -type f -exec sha256sum {} + 2>/dev/null | sort -k 2
ls -l /etc/resolv.conf | sed 's/.*resolv.conf//'
END
chmod 755 /usr/local/sbin/theirs; systemctl enable -q lxc; true`)
}

// testBeside has a neighbour start first, then ours, with a boot of both.
func (l *lxcLab) testBeside(t *testing.T, one neighbour, reboots bool) {
	const ours = "nft list tables | grep hostnet; ip link show lxcbr0 2>/dev/null; systemctl is-active hostnet-watch; true"
	before, clean := "", l.host.MustRun(t, ours)
	defer l.stopNeighbour(t, one)
	boot := func(t *testing.T) {
		t.Helper()
		if err := l.host.Reboot(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.host.MustRun(t, one.wake+"\ntrue")
		l.works(t, "after a boot")
		untouched(t, "after a boot", one, before, l.theirs(t, one))
	}
	for _, order := range []struct {
		name  string
		boots bool
		run   func(*testing.T)
	}{
		{"theirs first", false, func(t *testing.T) {
			l.startNeighbour(t, one)
			before = l.theirs(t, one)
			l.declareBeside(t)
			l.works(t, "once ours is there")
		}},
		{"ours first", reboots, func(t *testing.T) {
			l.stopNeighbour(t, one)
			l.declareBeside(t)
			l.works(t, "before they start")
			l.startNeighbour(t, one)
			l.works(t, "once theirs is there")
		}},
	} {
		t.Run(order.name, func(t *testing.T) {
			begin := time.Now()
			order.run(t)
			untouched(t, "beside ours", one, before, l.theirs(t, one))
			if order.boots {
				boot(t)
			}
			// A boot may have started others.
			l.host.MustRun(t, "for each in $(lxc-ls -1 --running); do lxc-stop -k -n $each; done")
			l.must(t, "lxc_bridge", map[string]any{"state": "absent"})
			if was, now := without(before, one.traces), without(l.theirs(t, one), one.traces); now != was {
				t.Errorf("theirs is not as it was, once ours is gone:\n%s", difference(was, now))
			}
			if left := l.host.MustRun(t, ours); left != clean {
				t.Errorf("left of ours: %s", left)
			}
			t.Logf("%.0f s", time.Since(begin).Seconds())
		})
	}
}

func (l *lxcLab) startNeighbour(t *testing.T, one neighbour) {
	t.Helper()
	if one.uplink {
		l.host.MustRun(t, "touch /etc/theirs-uplink")
	}
	l.host.MustRun(t, one.start)
}

func (l *lxcLab) stopNeighbour(t *testing.T, one neighbour) {
	t.Helper()
	l.host.MustRun(t, one.stop+"\nnft flush ruleset; true")
	if one.uplink {
		l.host.MustRun(t, "rm -f /etc/theirs-uplink; ip link set eth0 up; ip address replace 192.0.2.1/24 dev eth0; ip "+
			"route replace default via 192.0.2.254")
	}
}

// declareBeside declares a bridge with a forward to the container, and starts that.
func (l *lxcLab) declareBeside(t *testing.T) {
	t.Helper()
	l.must(t, "lxc_bridge", lxcbr0With(map[string]any{
		"static_leases": []any{map[string]any{"mac": "00:16:3e:00:00:77", "address": "10.0.3.77"}},
		"port_forwards": []any{map[string]any{"port": 8080, "to": "10.0.3.77", "to_port": 80}},
	}))
	l.host.MustRun(t, "lxc-start -n side")
}

// works tries both ways, for as long as it takes that a container has its lease and the watcher has looked.
func (l *lxcLab) works(t *testing.T, when string) {
	t.Helper()
	for what, try := range map[string]struct{ command, want string }{
		"the container reaches the outside": {"lxc-attach -n side -- sh -c '" + get("192.0.2.254", "80") + "'", "outside"},
		"the outside reaches the forward":   {l.out + "sh -c '" + get("192.0.2.1", "8080") + "'", "inside"},
		"the container's name server answers": {
			"lxc-attach -n side -- nslookup -type=a side.lxc.example 10.0.3.1 | grep -o 10.0.3.77", "10.0.3.77"},
	} {
		host := l.host
		if l.outside != nil && strings.Contains(try.command, "8080") {
			host = l.outside
		}
		got := host.MustRun(t,
			fmt.Sprintf(
				`for i in $(seq 30); do got=$(%s 2>&1 | tail -n 1); [ "$got" = %s ] && break; sleep 1; done; echo "$got"`,
				try.command, try.want))
		if strings.TrimSpace(got) != try.want {
			t.Errorf("%s: %s: no: %q\n%s", when, what, got,
				l.host.MustRun(t, "hostnet status; journalctl -u hostnet-watch -n 10 --no-pager; lxc-info -n side; true"))
		}
	}
}

// theirs is what is not ours, once it has come to rest.
func (l *lxcLab) theirs(t *testing.T, one neighbour) string {
	t.Helper()
	return l.host.MustRun(t,
		fmt.Sprintf(
			`last=; for i in $(seq 20); do now=$(sh /usr/local/sbin/theirs %s); [ "$now" = "$last" ] && break; last=$now; sleep 1; done; echo "$now"`, one.files))
}

// untouched compares what is theirs but for what names our bridge: what lets its packets through, as they document it.
func untouched(t *testing.T, when string, one neighbour, before, now string) {
	t.Helper()
	if before, now = without(before, "lxcbr0", one.traces), without(now, "lxcbr0", one.traces); now != before {
		t.Errorf("%s: something of theirs is touched:\n%s", when, difference(before, now))
	}
}

// without leaves out the lines with one of these texts in them, and the chains that are named so.
func without(text string, texts ...string) string {
	named := func(line string) bool {
		return slices.ContainsFunc(texts, func(part string) bool { return part != "" && strings.Contains(line, part) })
	}
	var kept []string
	end := ""
	for _, line := range strings.Split(text, "\n") {
		switch {
		case end != "":
			if line == end {
				end = ""
			}
		case strings.TrimSpace(line) == "": // follows each chain
		case !named(line):
			kept = append(kept, line)
		case strings.HasSuffix(line, "{"):
			end = line[:len(line)-len(strings.TrimLeft(line, "\t"))] + "}"
		}
	}
	return strings.Join(kept, "\n")
}

// difference is the lines that only one of two texts has.
func difference(before, now string) string {
	was, is := strings.Split(before, "\n"), strings.Split(now, "\n")
	var out strings.Builder
	for _, line := range was {
		if !slices.Contains(is, line) {
			fmt.Fprintln(&out, "-", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			fmt.Fprintln(&out, "+", line)
		}
	}
	return out.String()
}
