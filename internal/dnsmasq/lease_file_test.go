package dnsmasq

import (
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
)

func TestLeaseFile(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"1795817854 00:16:3e:aa:00:03 10.0.3.50 tmp1 01:00:16:3e:aa:00:03": "10.0.3.50 tmp1 (00:16:3e:aa:00:03) until " +
			"2026-11-27 22:17:34 UTC",
		"0 00:16:3e:aa:00:03 10.0.3.50 * *": "10.0.3.50 00:16:3e:aa:00:03 for ever",
		"0 06-00:16:3e:aa:00:03 10.0.3.50 * *": "10.0.3.50 a client whose MAC address is not known " +
			"for ever",
		"0 7 fd05::10 db 00:03:00:01:00:16:3e:11:11:11":             "fd05::10 db (00:16:3e:11:11:11) for ever",
		"0 T7 fd05::10 * 00:01:00:01:2a:2b:2c:2d:00:16:3e:11:11:12": "fd05::10 00:16:3e:11:11:12 for ever",
		"duid 00:01:00:01:2a:2b:2c:2d:00:16:3e:11:11:12":            "",
		"x 00:16:3e:aa:00:03 10.0.3.50 * *":                         "",
		"":                                                          "",
	} {
		one, is := parseHolder(line)
		if is != (want != "") || is && one.address.String()+" "+one.title() != want {
			t.Errorf("%q: %v, %s %s", line, is, one.address, one.title())
		}
	}
}

// FuzzLeaseFile: what others wrote is a lease or none; it is told of in one line that a terminal can show.
func FuzzLeaseFile(f *testing.F) {
	for _, seed := range []string{
		"1795817854 00:16:3e:aa:00:03 10.0.3.50 tmp1 01:00:16:3e:aa:00:03", "0 7 fd05::10 db 00:03:00:01:00:16:3e:11:11:11",
		"duid 00:01",
		"-1 a b c d", "99999999999999999999 a 10.0.3.1 * *",
	} {
		f.Add(seed, "printer")
	}
	f.Fuzz(func(t *testing.T, line, id string) {
		one, is := parseHolder(line)
		if !is {
			return
		}
		if !one.address.IsValid() || strings.ContainsAny(one.title(), "\n\r") {
			t.Errorf("%q is %+v, %s", line, one, one.title())
		}
		var problems schema.Problems
		if parsed, ok := clientID().Parse(id, schema.At("", &problems)); ok {
			lease := StaticLease{ClientID: parsed}
			lease.has(one)
			if strings.ContainsAny(lease.line(), "\n\r \t\"#") {
				t.Errorf("%q is written as %q", id, lease.line())
			}
		}
	})
}
