//go:build netns

package cli_test

import (
	"path/filepath"
	"testing"
)

// TestPendingFirst: a change that may not stay is told before anything else.
func TestPendingFirst(t *testing.T) {
	t.Parallel()
	said := apart(t, `export SSH_CONNECTION="10.0.0.5 40000 10.0.0.1 22"
$hostnet apply --confirm 20; $hostnet diff; $hostnet show; ! $hostnet apply; $hostnet confirm; $hostnet diff`)
	const line = "a change by hostnet apply (from 10.0.0.5) undoes itself in 1"
	contains(t, said, "3 steps made, not final", line, " s: hostnet confirm\n", "the host is as declared", line, "LINK",
		line, "kept: ", "the host is as declared")
}

// TestFoundWithoutSbin: a task brings the program to where ordinary users find it, and leaves what somebody else has
// there.
func TestFoundWithoutSbin(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`mkdir -p /etc/init.d
task bridge '{"name": "br-b"}'; PATH=/usr/local/bin:/usr/bin:/bin hostnet version; readlink -f /usr/local/bin/hostnet
rm /usr/local/bin/hostnet; echo mine >/usr/local/bin/hostnet; task bridge '{"name": "br-b", "mtu": 1400}'; cat /usr/local/bin/hostnet`)
	contains(t, said, "/usr/local/sbin/hostnet\n", "mine\n")
}

// TestCompanions: the man page and the completions come with the program, and go with it.
func TestCompanions(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("../../roles/hostnet_remove/files/remove.sh")
	if err != nil {
		t.Fatal(err)
	}
	said := apart(t, host+`mkdir -p /etc/init.d
task bridge '{"name": "br-b"}'; cd /usr/local/share; find . -type f | sort; bash -c '. bash-completion/completions/hostnet; complete -p hostnet'
sh `+script+
		` no >/run/said; find . -type f; ip -br link show br-b; ls /etc/hostnet /usr/local/sbin/hostnet 2>&1 || true`)
	contains(t, said,
		"./bash-completion/completions/hostnet\n./fish/vendor_completions.d/hostnet.fish\n./man/man8/hostnet.8\n./zsh/site-functions/_hostnet\n",
		"complete -F _hostnet hostnet\nbr-b ", "No such file", "No such file")
}
