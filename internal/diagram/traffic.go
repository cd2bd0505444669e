package diagram

import "strings"

// Kinds of traffic, which the colours tell apart.
const (
	Management = "management"
	Storage    = "storage"
	Tunnel     = "tunnel"
	Provider   = "provider"
	External   = "external"
	LXC        = "lxc"
	other      = "other"
)

// Traffics are all kinds of traffic, in the order of the legend.
var Traffics = []string{Management, Storage, Tunnel, Provider, External, LXC}

// titles are what the legend calls them.
var titles = map[string]string{
	Management: "management", Storage: "storage", Tunnel: "tunnel (VXLAN)", Provider: "provider (VLAN)",
	External: "external", LXC: "containers' own (NAT)", other: "other",
}

// words in names of links, as OpenStack-Ansible and most operators choose them.
var words = []struct{ word, traffic string }{
	{"mgmt", Management}, {"management", Management}, {"oob", Management}, {"admin", Management},
	{"storage", Storage}, {"swift", Storage}, {"ceph", Storage}, {"iscsi", Storage}, {"stor", Storage}, {"repl", Storage},
	{"vxlan", Tunnel}, {"tunnel", Tunnel}, {"geneve", Tunnel}, {"overlay", Tunnel}, {"vxl", Tunnel},
	{"provider", Provider}, {"lbaas", Provider}, {"octavia", Provider},
	{"external", External}, {"public", External}, {"br-ex", External}, {"wan", External}, {"-ext", External},
	{"lxcbr", LXC}, {"lxc-net", LXC}, {"docker", LXC}, {"virbr", LXC},
}

// trafficOf is what the name and kind of a link tell, or "".
func (o Options) trafficOf(name, kind string) string {
	if chosen, found := o.Traffic[name]; found {
		return chosen
	}
	low := strings.ToLower(name)
	for _, one := range words {
		if strings.Contains(low, one.word) {
			return one.traffic
		}
	}
	switch {
	case kind == "vxlan":
		return Tunnel
	case kind == "bridge" && (strings.HasSuffix(low, "vlan") || strings.HasSuffix(low, "flat")):
		return Provider
	}
	return ""
}
