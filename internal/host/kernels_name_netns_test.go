//go:build netns

package host

import "testing"

// TestRoutesInTheKernelsName: NetworkManager makes the routes to its addresses' networks itself, so the kernel does not
// bring them back when the addresses come back.
func TestRoutesInTheKernelsName(t *testing.T) {
	t.Parallel()
	h := newRandomHost(t)
	h.IP(t, "link", "set", "eth0", "up")
	h.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0", "noprefixroute")
	h.IP(t, "route", "add", "192.0.2.0/24", "dev", "eth0", "proto", "kernel", "scope", "link", "src", "192.0.2.7",
		"metric", "100")
	h.IP(t, "route", "add", "default", "via", "192.0.2.1", "dev", "eth0", "proto", "static", "metric", "100")
	before := h.Snapshot(t)
	seen, err := h.Observe()
	if err != nil {
		t.Fatal(err)
	}
	_, err = carryOut(t, h.Host, map[string]any{"bridges": []any{map[string]any{
		"name": "br0", "ports": []any{"eth0"}, "addresses": []any{"192.0.2.7/24"},
		"routes": []any{map[string]any{"to": "default", "via": "192.0.2.1"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := h.Restore(seen, map[string]bool{"br0": true, "eth0": true}); err != nil || len(left) > 0 {
		t.Fatal(err, left)
	}
	h.same(t, before, "after the way back")
}
