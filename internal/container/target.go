package container

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"strings"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

// Wanted is what a task says of one container.
type Wanted struct {
	Container  string
	Interfaces []*Interface
	// Exact removes the interfaces that are not listed, but for those on the bridge KeepBridge.
	Exact      bool
	KeepBridge string
	// TakeOver moves what OpenStack-Ansible's roles have set up over.
	TakeOver bool
	// Left are interfaces that belong to others, such as ports of Open vSwitch bridges.
	Left []*Interface
	Path string
}

// target is one interface on its way from what it is to what is wanted.
type target struct {
	container *Container
	// want is what is declared, with the defaults that follow from names.
	want *Interface
	// final is what the interface becomes as a whole.
	final *Interface
	// have and live are nil where the interface is not configured, or not there in a running container.
	have *Configured
	live *LiveInterface
	// assumed says that the type was not declared.
	assumed bool
	// named and addressed say that the host end's name and the MAC address were declared.
	named, addressed bool
	// takeOver says that what others have set up moves over, and moves that the addressing does, too.
	takeOver, moves bool
}

func (t *target) at(problems *schema.Problems) schema.Place { return schema.At(t.want.Path, problems) }

// describe is what steps and messages show.
func (t *target) describe() string {
	return fmt.Sprintf("interface %s of container %s", t.want.Name, t.container.Name)
}

// newTarget finds what is there of a declared interface.
func newTarget(c *Container, declared *Interface) *target {
	want := *declared
	t := &target{container: c, want: &want, have: c.findConfigured(want.Name), live: c.findLive(want.Name)}
	if t.have == nil && t.live == nil && !want.Absent() {
		t.findRenamed()
	}
	if t.live != nil && t.live.Type == nil && t.have != nil && t.have.kind() == Phys {
		t.live.Type = point(Phys)
	}
	if want.Absent() {
		t.final = &want
		return t
	}
	if t.want.Type == nil {
		t.assumed = true
		t.want.Type = point(Veth)
		if t.have != nil && t.have.Supported() {
			t.want.Type = t.have.Type
		}
	}
	return t
}

// findRenamed looks for an interface that is declared under a new name, by its other name or its MAC address.
func (t *target) findRenamed() {
	same := func(i *Interface) bool {
		return t.want.HostName != nil && deref(i.HostName) == *t.want.HostName || t.want.MAC != nil &&
			deref(i.MAC) == *t.want.MAC
	}
	for _, one := range t.container.configured {
		if one.Supported() && same(&one.Interface) {
			t.have = one
			t.live = t.container.findLive(one.Name)
			return
		}
	}
	for _, live := range t.container.live {
		if live.Type != nil && same(&live.Interface) {
			t.live = live
			return
		}
	}
}

// complete computes what the interface becomes, once the defaults are known.
func (t *target) complete() {
	if t.want.Absent() {
		return
	}
	final := unsetInterface
	if t.live != nil && t.live.kind() == t.want.kind() && t.have == nil {
		optionRows().Overlay(&final, &t.live.Interface)
		final.LinkUp = unsetInterface.LinkUp // whoever took it down did not declare it so
	}
	if t.have != nil && t.have.kind() == t.want.kind() {
		optionRows().Overlay(&final, &t.have.Interface)
	}
	optionRows().Overlay(&final, t.want)
	final.Name, final.Path = t.want.Name, t.want.Path
	t.final = &final
}

// names hands out names and addresses that nobody else has.
type names struct {
	// owners are by host end, macs and addresses by "bridge address".
	owners, macs, addresses map[string]string
	// holders are the names of the containers that have the addresses.
	holders map[string]string
	// made are names and addresses that this task made up, by whom they are for.
	made map[string]string
}

// namesInUse gathers what the other containers of the folder are configured with.
func (m *Machine) namesInUse(folder string, besides map[string]bool) (*names, error) {
	all := &names{owners: map[string]string{}, macs: map[string]string{}, addresses: map[string]string{},
		holders: map[string]string{}, made: map[string]string{}}
	containers, err := m.Runtime.Containers(folder)
	if err != nil {
		return nil, err
	}
	reader := newCache()
	for _, name := range containers {
		if besides[name] {
			continue
		}
		// A container whose configuration nobody can read does not start either, so it takes nothing.
		config, err := lxc.ReadConfig(configFile(folder, name), reader)
		if err != nil {
			continue
		}
		other := &Container{Folder: folder, Name: name}
		if other.record, err = readRecord(config, configFile(folder, name)); err != nil {
			other.record = Record{}
		}
		copied := other.isCopy()
		for _, one := range configured(config, other.record) {
			claimed := one.Interface
			if copied {
				// What a copy has of its original it only has until it is settled.
				hostName, mac := other.inherited(one)
				claimed.Addresses = nil
				if hostName {
					claimed.HostName = nil
				}
				if mac {
					claimed.MAC = nil
				}
			}
			all.note(&claimed, "container "+name)
			for _, prefix := range deref(claimed.Addresses) {
				all.holders[deref(one.Bridge)+" "+prefix.Addr().String()] = name
			}
		}
	}
	return all, nil
}

func (n *names) note(i *Interface, owner string) {
	if i.HostName != nil && *i.HostName != "" {
		n.owners[*i.HostName] = owner
	}
	if i.MAC != nil {
		n.macs[*i.MAC] = owner
	}
	for _, prefix := range deref(i.Addresses) {
		n.addresses[deref(i.Bridge)+" "+prefix.Addr().String()] = owner
	}
}

// reserve keeps a name and an address that were made up here from being made up again.
func (n *names) reserve(hostName, mac, owner string) {
	n.made[hostName], n.made[mac] = owner, owner
}

// longestName is IFNAMSIZ less the closing zero (linux/if.h).
const longestName = 15

// complete fills in the names that follow from others.
func (n *names) complete(t *target, onHost func(name string) bool) {
	if t.want.Absent() {
		return
	}
	if t.want.kind() == Veth && t.want.HostName == nil {
		t.want.HostName = point(n.hostName(t, onHost))
	}
	if (t.want.kind() == Veth || t.want.kind() == Macvlan) && t.want.MAC == nil {
		t.want.MAC = point(n.mac(t))
	}
}

func (n *names) hostName(t *target, onHost func(name string) bool) string {
	usual := usualHostName(t.container.Name, t.want.Name)
	if t.have != nil && t.have.kind() == Veth && deref(t.have.HostName) != "" {
		name := *t.have.HostName
		_, owned := n.owners[name]
		// Another's too, as in a copy of a container that had no record: it stays with whom it fits, or who runs with it.
		if !owned || name == usual || t.live != nil && deref(t.live.HostName) == name {
			return name
		}
	}
	free := func(name string) bool {
		_, owned := n.owners[name]
		mine := t.live != nil && deref(t.live.HostName) == name
		return !owned && n.made[name] == "" && (mine || !onHost(name))
	}
	name := usual
	for attempt := 0; !free(name); attempt++ {
		name = uniqueHostName(t.container.Name, t.want.Name, attempt)
	}
	return name
}

// usualHostName is OpenStack-Ansible's lxc_container_network_veth_pair, cut as its templates cut it.
func usualHostName(container, name string) string {
	const last = 8
	prefix := container[max(0, len(container)-last):]
	prefix = strings.NewReplacer("-", "", "_", "").Replace(prefix)
	full := prefix + "_" + name
	return full[max(0, len(full)-longestName):]
}

// uniqueHostName keeps the interface's name readable as far as there is room.
func uniqueHostName(container, name string, attempt int) string {
	hash := digest(container, name, attempt)
	const least = 6
	tail := "_" + name
	if len(tail) > longestName-least {
		tail = ""
	}
	return "v" + hex.EncodeToString(hash)[:longestName-1-len(tail)] + tail
}

func (n *names) mac(t *target) string {
	if t.have != nil && t.have.MAC != nil &&
		(n.macs[*t.have.MAC] == "" || t.live != nil && deref(t.live.MAC) == *t.have.MAC) {
		return *t.have.MAC
	}
	if t.live != nil && t.live.MAC != nil {
		return *t.live.MAC
	}
	for attempt := 0; ; attempt++ {
		// 00:16:3e is what LXC and OpenStack-Ansible use.
		mac := net.HardwareAddr(append([]byte{0x00, 0x16, 0x3e},
			digest(t.container.Name, t.want.Name, attempt)[:3]...)).String()
		if _, taken := n.macs[mac]; !taken && n.made[mac] == "" {
			return mac
		}
	}
}

func digest(container, name string, attempt int) []byte {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", container, name, attempt))
	return hash[:]
}

// hostMAC is what LXC gives the host's end: a bridge takes on the lowest address of its ports, and a container's must
// not become the bridge's (setup_private_host_hw_addr in lxc/network.c).
func hostMAC(mac string) string { return "fe" + mac[2:] }
