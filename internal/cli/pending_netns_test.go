//go:build netns

package cli_test

import "testing"

// TestPendingFirst: a change that may not stay is told before anything else.
func TestPendingFirst(t *testing.T) {
	t.Parallel()
	said := apart(t, `export SSH_CONNECTION="10.0.0.5 40000 10.0.0.1 22"
$hostnet apply --confirm 20; $hostnet diff; $hostnet show; ! $hostnet apply; $hostnet confirm; $hostnet diff`)
	const line = "a change by hostnet apply (from 10.0.0.5) undoes itself in 1"
	contains(t, said, "3 steps made, not final", line, " s: hostnet confirm\n", "the host is as declared", line, "LINK", line, "kept: ", "the host is as declared")
}

// TestFoundWithoutSbin: a task brings the program to where ordinary users find it, and leaves what somebody else has there.
func TestFoundWithoutSbin(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`mkdir -p /etc/init.d
task bridge '{"name": "br-b"}'; PATH=/usr/local/bin:/usr/bin:/bin hostnet version; readlink -f /usr/local/bin/hostnet
rm /usr/local/bin/hostnet; echo mine >/usr/local/bin/hostnet; task bridge '{"name": "br-b", "mtu": 1400}'; cat /usr/local/bin/hostnet`)
	contains(t, said, "/usr/local/sbin/hostnet\n", "mine\n")
}
