package dnsmasq

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/schema"
)

// FuzzQuoted: a value that is written into dnsmasq's configuration is what dnsmasq makes of it, which it tells by DNS.
func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{"plain", `a "b" c`, `back\slash`, `\n`, "a # b", "#a", " a", "a\tb", `"`, `\"`, `\\`,
		"server=/x/192.0.2.1"} {
		f.Add(seed)
	}
	program, err := exec.LookPath("dnsmasq")
	if err != nil {
		f.Skip("dnsmasq is not installed")
	}
	f.Fuzz(func(t *testing.T, value string) {
		// Commas part values. Nothing but text has a way through DNS and the resolver alike.
		if value == "" || len(value) > 200 ||
			strings.ContainsFunc(value, func(r rune) bool { return r == ',' || r != '\t' && (r < ' ' || r > '~') }) {
			return
		}
		folder := t.TempDir()
		path := filepath.Join(folder, "dnsmasq.conf")
		port := freePort(t)
		text := fmt.Sprintf(
			"port=%d\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\npid-file=\ntxt-record=x.test,%s\n", port,
			quoted(value))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		command := exec.Command(program, "--keep-in-foreground", "--user=", "--conf-file="+path)
		said := &strings.Builder{}
		command.Stderr = said
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = command.Process.Kill(); _ = command.Wait() }()
		resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", fmt.Sprintf("127.0.0.1:%d", port))
		}}
		var got []string
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if got, err = resolver.LookupTXT(t.Context(), "x.test."); err == nil {
				break
			}
		}
		if !slices.Equal(got, []string{value}) {
			t.Errorf("%q is told as %q, %v: %s", value, got, err, said)
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	return socket.LocalAddr().(*net.UDPAddr).Port
}

// TestServerHoldsNoLine: a zone of an address may be any text, and is none that ends a line here.
func TestServerHoldsNoLine(t *testing.T) {
	t.Parallel()
	for text, sound := range map[string]bool{
		"fe80::1%eth0\nserver=/bank.example/192.0.2.66": false, "2001:db8::1%x": false, "fe80::1%a b": false,
		"/x.test/fe80::1%e\n#53": false,
		"fe80::1%eth0":           true, "fe80::1%br-a#5353": true, "/x.test/2001:db8::1": true,
	} {
		var problems schema.Problems
		if _, ok := serverForm().Parse(text, schema.At("", &problems)); ok != sound {
			t.Errorf("%q: %t, %v", text, ok, problems)
		}
	}
}
