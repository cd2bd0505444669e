package networkd

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// The options of the network module that take OpenStack-Ansible's variables as they are.
const (
	DevicesKey  = "networkd_devices"
	NetworksKey = "networkd_networks"
)

// keyOf is the option of the network module that holds the links of a kind.
func keyOf(kind string) string {
	for _, group := range host.LinkGroups() {
		if group.Kind == kind {
			return group.Key
		}
	}
	return ""
}

// readKeys are the options of the network module that the two lists become.
func readKeys() []string {
	keys := []string{"rules"}
	for _, group := range host.LinkGroups() {
		keys = append(keys, group.Key)
	}
	return keys
}

// kindNames are the kinds that a .netdev file can make.
func kindNames() []string {
	var names []string
	for _, group := range host.LinkGroups() {
		if group.Kind != link.Hardware {
			names = append(names, group.Kind)
		}
	}
	slices.Sort(names)
	return names
}

// firstMetric is what OSA's role systemd_networkd gives to the first static route of a link, and one more to each next.
const firstMetric = 21

// Reading is OSA's openstack_hosts_systemd_networkd_devices and ..._networks as the network module's options.
type Reading struct {
	// Arguments are the lists of objects.
	Arguments map[string]any
	Warnings  []string
	// Interfaces are the links that the entries of networkd_networks are about.
	Interfaces []string
	places     map[string]string
	objects    []*object
	byName     map[string]*object
	rules      []any
}

// object is a link that is being read, with the place of each of its options.
type object struct {
	name, kind string
	options    map[string]any
	places     map[string]string
	at         string
}

func (o *object) set(option string, value any, at schema.Place) {
	if _, twice := o.options[option]; twice {
		at.Problem("%s of %s is said at %s as well: leave one", option, o.name, o.places[option])
		return
	}
	o.options[option], o.places[option] = value, at.Path()
}

// add puts an element into a list of the object.
func (o *object) add(option string, value any, at schema.Place) {
	list, _ := o.options[option].([]any)
	o.places[fmt.Sprintf("%s[%d]", option, len(list))] = at.Path()
	o.options[option] = append(list, value)
}

// ReadOSA turns the two lists into objects of the network module. What it cannot say is noted among the problems.
// before holds lists that the objects are put behind.
func ReadOSA(devices, networks any, before map[string]any, problems *schema.Problems) *Reading {
	r := &Reading{Arguments: map[string]any{}, places: map[string]string{}, byName: map[string]*object{}}
	for _, key := range readKeys() {
		if list, _ := before[key].([]any); len(list) > 0 {
			r.Arguments[key] = slices.Clone(list)
		}
	}
	r.rules, _ = r.Arguments["rules"].([]any)
	for i, fields := range dictionaries(devices, schema.At(DevicesKey, problems)) {
		if fields != nil {
			r.device(fields, schema.At(DevicesKey, problems).Index(i))
		}
	}
	all := dictionaries(networks, schema.At(NetworksKey, problems))
	for i, fields := range all {
		if fields != nil {
			r.network(fields, schema.At(NetworksKey, problems).Index(i))
		}
	}
	r.collect(problems)
	return r
}

// dictionaries are the elements of a list of dictionaries; one that is none is nil.
func dictionaries(raw any, at schema.Place) []map[string]any {
	list, isList := raw.([]any)
	if !isList && raw != nil {
		at.Problem("must be a list of dictionaries, not %T: has it been templated?", raw)
	}
	all := make([]map[string]any, len(list))
	for i, element := range list {
		fields, isDict := element.(map[string]any)
		if !isDict {
			at.Index(i).Problem("must be a dictionary")
			continue
		}
		all[i] = fields
	}
	return all
}

// collect makes the module's lists of the objects, and remembers where each part stood.
func (r *Reading) collect(problems *schema.Problems) {
	for _, one := range r.objects {
		switch {
		case (one.kind == "vlan" || one.kind == "macvlan") && one.options["parent"] == nil:
			r.warn(schema.At(one.at, problems),
				"no entry of %s has %s: %s: systemd-networkd would not make it, and it is left out",
				NetworksKey, one.kind, one.name)
			continue
		case one.kind == "" && len(one.options) == 1:
			continue // it is named as a port or below a VLAN, and nothing is said of itself
		}
		group := keyOf(one.kind)
		list, _ := r.Arguments[group].([]any)
		path := fmt.Sprintf("%s[%d]", group, len(list))
		r.places[path] = one.at
		for option, at := range one.places {
			r.places[path+"."+option] = at
		}
		r.Arguments[group] = append(list, one.options)
	}
	if len(r.rules) > 0 {
		r.Arguments["rules"] = r.rules
	}
}

// Place is where the user said what has this place among the module's options, or "".
func (r *Reading) Place(path string) string {
	for {
		if at, known := r.places[path]; known {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return ""
		}
		path = path[:cut]
	}
}

// Label has problems name the places of the user's variables.
func (r *Reading) Label(problems schema.Problems) schema.Problems {
	out := slices.Clone(problems)
	for i := range out {
		if at := r.Place(out[i].Path); at != "" {
			out[i].Path = at
		}
	}
	return out
}

func (r *Reading) warn(at schema.Place, format string, arguments ...any) {
	r.Warnings = append(r.Warnings, at.Path()+": "+fmt.Sprintf(format, arguments...))
}

func (r *Reading) new(name, kind string, at schema.Place) *object {
	one := &object{name: name, kind: kind, at: at.Path(), options: map[string]any{"name": name},
		places: map[string]string{}}
	r.objects, r.byName[name] = append(r.objects, one), one
	return one
}

// sectionNames are those of a .netdev file, by kind.
var sectionNames = map[string]string{
	"bond": "Bond", "bridge": "Bridge", "vlan": "VLAN", "vxlan": "VXLAN", "veth": "Peer", "macvlan": "MACVLAN",
	"vrf": "VRF",
}

// device reads one .netdev.
func (r *Reading) device(fields map[string]any, at schema.Place) {
	head, _ := fields["NetDev"].(map[string]any)
	name, kind := textIn(orEmpty(head["Name"])), textIn(orEmpty(head["Kind"]))
	if name == "" {
		at.Key("NetDev").Problem("needs Name")
		return
	}
	if !slices.Contains(kindNames(), kind) {
		at.Key("NetDev").Key("Kind").Problem("must be one of %s, not %q", strings.Join(kindNames(), ", "), kind)
		return
	}
	if other := r.byName[name]; other != nil {
		at.Key("NetDev").Key("Name").Problem("%s is the name of %s, too", name, other.at)
		return
	}
	one := r.new(name, kind, at)
	netdev := dictionary{
		"name": as("NetDev", "Name"), "kind": as("NetDev", "Kind"), "mac_address": as("NetDev", "MACAddress"),
		"mtu":         as("NetDev", "MTUBytes"),
		"description": as("NetDev", "Description"),
	}
	words := maps.Clone(netdevs()[kind])
	if kind == "veth" {
		words["peer_mac_address"] = as("Peer", "MACAddress")
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		section, isDict := fields[key].(map[string]any)
		switch {
		case key == "filename" || fields[key] == nil:
		case key != "NetDev" && key != sectionNames[kind]:
			at.Key(key).Problem("unknown section of a %s: it takes NetDev%s", kind, comma(sectionNames[kind]))
		case !isDict:
			at.Key(key).Problem("must be a dictionary of keys")
		case key == "NetDev":
			options, keys := netdev.read(key, section, at.Key(key))
			for _, option := range []string{"mac_address", "mtu"} {
				if value := options[option]; value != nil && value != "none" {
					one.set(option, value, at.Key(key).Key(keys[option]))
				}
			}
		default:
			options, keys := words.read(key, section, at.Key(key))
			delete(options, "peer_mac_address")
			for _, option := range slices.Sorted(maps.Keys(options)) {
				one.set(option, listed(option, options[option]), at.Key(key).Key(keys[option]))
			}
			if text, _ := options["miimon"].(string); len(text) >= len("10000") {
				r.warn(at.Key(key).Key(keys["miimon"]),
					"%v is %s ms to systemd-networkd, for which a number alone is in seconds: write %[1]vms",
					section[keys["miimon"]], text)
			}
		}
	}
}

// listed splits the options that are lists.
func listed(option string, value any) any {
	text, isText := value.(string)
	if !isText || option != "arp_ip_target" && option != "source_macs" {
		return value
	}
	var list []any
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' }) {
		list = append(list, word)
	}
	return list
}

func comma(word string) string {
	if word == "" {
		return ""
	}
	return " and " + word
}

func orEmpty(value any) any {
	if value == nil {
		return ""
	}
	return value
}

// prefixOf joins an address with its netmask or the length of its prefix.
func prefixOf(address string, netmask any) (string, error) {
	if strings.Contains(address, "/") {
		if _, err := netip.ParsePrefix(address); err != nil {
			return "", fmt.Errorf("must be an address such as 172.29.236.11/22, not %q", address)
		}
		return address, nil
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return "", fmt.Errorf("must be an address, not %q", address)
	}
	if netmask == nil {
		return "", fmt.Errorf("%s needs a netmask, or the length of its prefix behind it", address)
	}
	text := strings.TrimPrefix(textIn(netmask), "/")
	if mask, err := netip.ParseAddr(text); err == nil {
		bits, size := net.IPMask(mask.AsSlice()).Size()
		if size != parsed.BitLen() {
			return "", fmt.Errorf("%s is no netmask of %s", text, address)
		}
		return fmt.Sprintf("%s/%d", address, bits), nil
	}
	joined := address + "/" + text
	if _, err := netip.ParsePrefix(joined); err != nil {
		return "", fmt.Errorf("%s is no netmask of %s", text, address)
	}
	return joined, nil
}
