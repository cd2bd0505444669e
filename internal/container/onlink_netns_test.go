//go:build netns

package container

import (
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestOnLink: routers that are in no network of the interface, live and after a restart.
func TestOnLink(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-h", "10.3.0.1/24", "fd00:3::1/64")
	c := lxctest.New(t, folder, "public")
	for _, one := range []struct {
		name  string
		with  args
		wants []string
	}{
		{"beside /32", args{"addresses": []any{"203.0.113.40/32"}, "gateway": "10.3.0.1"},
			[]string{"default via 10.3.0.1 dev eth1", "10.3.0.1 dev eth1", "scope link"}},
		{"another one", args{"addresses": []any{"203.0.113.40/32"}, "gateway": "10.3.0.2"},
			[]string{"default via 10.3.0.2 dev eth1", "10.3.0.2 dev eth1", "!10.3.0.1 "}},
		{"by routes", args{"addresses": []any{"203.0.113.40/32"}, "gateway": "none", "routes": []any{
			args{"to": "10.3.0.1/32"}, args{"to": "default", "via": "10.3.0.1", "metric": 100}}},
			[]string{"default via 10.3.0.1 dev eth1 proto static metric 100", "10.3.0.1 dev eth1"}},
		{"by a route on the link", args{"addresses": []any{"203.0.113.40/32"}, "routes": []any{
			args{"to": "default", "via": "10.3.0.1", "metric": 100, "onlink": true}}},
			[]string{"default via 10.3.0.1 dev eth1 proto static metric 100 onlink"}},
		{"declared so", args{"addresses": []any{"203.0.113.40/29"}, "routes": []any{}, "gateway": "10.3.0.1", "onlink": true},
			[]string{"default via 10.3.0.1 dev eth1", "10.3.0.1 dev eth1"}},
		{"in its network again", args{"addresses": []any{"10.3.0.40/24"}, "gateway": "10.3.0.1", "onlink": false},
			[]string{"default via 10.3.0.1 dev eth1", "10.3.0.0/24 dev eth1"}},
		{"IPv6", args{"addresses": []any{"2001:db8::40/128"}, "gateway": "none", "gateway6": "fd00:3::1"},
			[]string{"default via fd00:3::1 dev eth1", "fd00:3::1 dev eth1"}},
		{"none", args{"addresses": []any{}, "gateway6": "none"}, []string{"!default via", "!fd00:3::1"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			arguments := args{"container": c.Name, "name": "eth1", "bridge": "br-h"}
			for key, value := range one.with {
				arguments[key] = value
			}
			apply(t, folder, arguments)
			sees(t, c, "ip r; ip -6 r", one.wants...)
			c.Restart(t)
			sees(t, c, "ip r; ip -6 r", one.wants...)
			silent(t, folder, arguments)
		})
	}
	wantProblem(t, folder, args{"container": c.Name, "name": "eth1", "addresses": []any{"10.3.0.40/24"},
		"gateway": "192.0.2.1"}, "say onlink: true")
}
