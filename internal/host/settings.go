package host

import (
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// Settings are the options of every module beside its objects.
type Settings struct {
	Netns   *string
	Confirm *Confirm
	Probes  *Probes
	Persist *string
	Manager *string
	Purge   *bool
	Replace *bool
	Watch   *string
	Return  *string
	// Facts is about what a module that only reads returns.
	Facts *bool
}

// Confirm says how a change has to be confirmed.
type Confirm struct {
	Mode    *string
	Timeout *uint16
	// Host and Port are where the controller finds this host after the change, if not where it found it before.
	Host *string
	Port *uint16
}

// Probes are checks that must pass after a change.
type Probes struct {
	Gateway, Controller *bool
	TCP                 *[]netip.AddrPort
	DNS                 *[]DNSProbe
	Force               *bool
}

// DNSProbe is a name that a server must resolve.
type DNSProbe struct {
	Server *netip.Addr
	Name   *string
}

var namespaceTable = sync.OnceValue(func() schema.Table[Settings] {
	return schema.Table[Settings]{
		schema.Field("netns", link.NamespaceForm(), func(s *Settings) **string { return &s.Netns },
			"The network namespace to work in: a name under /run/netns, a path, or the number of a process in it. Left out, "+
				"the host's."),
	}
})

var confirmTable = sync.OnceValue(func() schema.Table[Confirm] {
	return schema.Table[Confirm]{
		schema.Field("mode", schema.Switch("auto", "on", "off"), func(c *Confirm) **string { return &c.Mode },
			"Whether a change waits for the controller to reach the host again. V(auto) does so for changes to a link, an "+
				"address or a route on the path of the "+
				"SSH connection that the task came over.").Assume("auto"),
		schema.Field("timeout", schema.Int[uint16](5, 3600), func(c *Confirm) **uint16 { return &c.Timeout },
			"After how many seconds without a confirmation the change undoes itself.").Assume(60),
		schema.Field("host", schema.String(), func(c *Confirm) **string { return &c.Host },
			"The address or name at which the controller finds the host after the change, for a change of the management "+
				"address itself. Left out, where "+
				"it found it before. Tasks that follow need it as C(ansible_host)."),
		schema.Field("port", schema.Int[uint16](1, 65535), func(c *Confirm) **uint16 { return &c.Port },
			"The port of SSH there. Left out, the one from before."),
	}
})

var dnsProbeTable = sync.OnceValue(func() schema.Table[DNSProbe] {
	return schema.Table[DNSProbe]{
		schema.Field("server", schema.Address(), func(p *DNSProbe) **netip.Addr { return &p.Server },
			"The address of the DNS server.").Require(),
		schema.Field("name", schema.String(), func(p *DNSProbe) **string { return &p.Name },
			"The name to resolve.").Require(),
	}
})

var probesTable = sync.OnceValue(func() schema.Table[Probes] {
	return schema.Table[Probes]{
		schema.Field("gateway", schema.Bool(), func(p *Probes) **bool { return &p.Gateway },
			"Ping the gateway of each default route, IPv4 and IPv6."),
		schema.Field("controller", schema.Bool(), func(p *Probes) **bool { return &p.Controller },
			"Ping the address that the SSH connection came from."),
		schema.Field("tcp", schema.List(endpoint()), func(p *Probes) **[]netip.AddrPort { return &p.TCP },
			"Open TCP connections to these, each an address and a port: C(192.0.2.1:443), C([2001:db8::1]:443)."),
		schema.Field("dns", schema.List(schema.Dict(dnsProbeTable(), "")), func(p *Probes) **[]DNSProbe { return &p.DNS },
			"Resolve these names."),
		schema.Field("force", schema.Bool(), func(p *Probes) **bool { return &p.Force },
			"Hold a check against the change even if it did not pass before.").Assume(false),
	}
})

func endpoint() schema.Form[netip.AddrPort] {
	return schema.Text(netip.ParseAddrPort, netip.AddrPort.String)
}

// TaskOptions is how a change of the host is kept safe and kept on.
func TaskOptions() schema.Table[Settings] {
	return schema.Table[Settings]{
		schema.Field("confirm", schema.Dict(confirmTable(), "mode"), func(s *Settings) **Confirm { return &s.Confirm },
			"The change undoes itself unless the controller reaches the host again, over a new connection, and confirms it. A "+
				"mode alone may be given instead."),
		schema.Field("probes", schema.Dict(probesTable(), ""), func(s *Settings) **Probes { return &s.Probes },
			"Checks from the host that must pass after the change, or it is undone. Those that did not pass before are not "+
				"held against it."),
		schema.Field("persist", persistence(), func(s *Settings) **string { return &s.Persist },
			"Whether to keep what is declared in /etc/hostnet, and to apply it at boot. With V(networkd), "+
				"systemd-networkd does that, "+
				"from files in /etc/systemd/network that say the same, for all that is kept on this host; what it has no setting "+
				"for is an error. Left out, "+
				"what is kept already decides. Namespaces other than the host's are not kept.").Assume(PersistBoot),
		schema.Field("manager", schema.Choice("warn", "takeover", "release"),
			func(s *Settings) **string { return &s.Manager },
			"What to do when systemd-networkd, NetworkManager, ifupdown or netplan sets up one of the links as well. "+
				"V(takeover) takes the links, and their "+
				"ports, out of its hands, until they are declared absent; V(release) gives them back.").Assume("warn"),
		schema.Field("replace", schema.Bool(), func(s *Settings) **bool { return &s.Replace },
			"Whether the task's objects are declared exactly so, and what earlier tasks declared of them is forgotten. "+
				"Otherwise an option that is left "+
				"out stays as it was declared before, and an option that is null is not managed any more.").Assume(false),
		schema.Field("watch", watchForm(), func(s *Settings) **string { return &s.Watch },
			"Whether hostnet-watch.service puts back on this host what is declared and was taken away: V(repair) rules, such "+
				"as after a restart of nftables "+
				"or Docker, and what waited for a link that was missing; V(enforce) everything; V(false) nothing. Left out, it "+
				"stays as it is on this host, "+
				"or is V(repair) where something declared needs it."),
		schema.Field("return", schema.Choice(ReturnDeclared, ReturnChanged, ReturnFull),
			func(s *Settings) **string { return &s.Return },
			"What is returned of the links that the task declares, as they are afterwards: the options that the task gives "+
				"(V(declared)), these of links "+
				"that have changed alone (V(changed)), or every option there is (V(full)).").Assume(ReturnDeclared),
	}
}

func liftedSettings() schema.Table[Declaration] {
	return schema.Lift(slices.Concat(namespaceTable(), TaskOptions()),
		func(d *Declaration) *Settings { return &d.Settings })
}

// Namespace is the network namespace that the task works in, "" for the host's.
func (d *Declaration) Namespace() string {
	if d.Settings.Netns == nil {
		return ""
	}
	return *d.Settings.Netns
}

// Mode is auto, on or off.
func (s *Settings) Mode() string {
	if s.Confirm == nil || s.Confirm.Mode == nil {
		return "auto"
	}
	return *s.Confirm.Mode
}

// Timeout is in seconds.
func (s *Settings) Timeout() int {
	if s.Confirm == nil || s.Confirm.Timeout == nil {
		return 60
	}
	return int(*s.Confirm.Timeout)
}

// How what is declared is kept.
const (
	PersistNot      = "false"
	PersistBoot     = "true"
	PersistNetworkd = "networkd"
)

// persistence is a Choice whose first two are YAML's booleans.
func persistence() schema.Form[string] {
	form := schema.Choice(PersistBoot, PersistNot, PersistNetworkd)
	text, truth := form.Parse, schema.Bool().Parse
	form.Parse = func(raw any, at schema.Place) (string, bool) {
		if raw == PersistNetworkd {
			return PersistNetworkd, true
		}
		var none schema.Problems
		if on, ok := truth(raw, schema.At("", &none)); ok {
			raw = strconv.FormatBool(on)
		}
		return text(raw, at)
	}
	return form
}

// What a task returns of its links.
const (
	ReturnDeclared = "declared"
	ReturnChanged  = "changed"
	ReturnFull     = "full"
)

// Returned is what the task returns of its links.
func (s *Settings) Returned() string {
	if s.Return == nil {
		return ReturnDeclared
	}
	return *s.Return
}

// PersistsAtBoot tells whether the task asks for our own service to make the host at boot.
func (s *Settings) PersistsAtBoot() bool { return s.Persist != nil && *s.Persist == PersistBoot }

// TakesOver tells whether the links are taken out of the hands of other programs, Gives whether they are given back.
func (s *Settings) TakesOver() bool { return s.Manager != nil && *s.Manager == "takeover" }

// Releases is the opposite of Takes.
func (s *Settings) Releases() bool { return s.Manager != nil && *s.Manager == "release" }

// Purges tells whether what is not declared any more goes.
func (s *Settings) Purges() bool { return s.Purge != nil && *s.Purge }

// Replaces tells whether what was declared before of the task's objects is forgotten.
func (s *Settings) Replaces() bool { return s.Replace != nil && *s.Replace }

// watchForm is a Choice one of whose names is YAML's boolean.
func watchForm() schema.Form[string] {
	form := schema.Choice("repair", "enforce", "false")
	text, truth := form.Parse, schema.Bool().Parse
	form.Parse = func(raw any, at schema.Place) (string, bool) {
		var none schema.Problems
		if on, ok := truth(raw, schema.At("", &none)); ok && !on {
			raw = "false"
		}
		return text(raw, at)
	}
	return form
}

// TaskOptionNames are the names of these options, which are no part of an object.
func TaskOptionNames() []string {
	names := []string{"purge"}
	for _, option := range slices.Concat(namespaceTable(), TaskOptions()) {
		names = append(names, option.Name)
	}
	return names
}
