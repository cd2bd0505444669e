package container

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

// await waits until every address of a running container answers.
func (m *Machine) await(folder, name string, limit time.Duration) error {
	if limit == 0 {
		return nil
	}
	const pause = 200 * time.Millisecond
	deadline := time.Now().Add(limit)
	for {
		silent, err := m.silent(folder, name)
		if err != nil || silent == "" {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("container %s runs, but after %s %s", name, limit, silent)
		}
		time.Sleep(pause)
	}
}

// silent says which of the container's addresses is not there or does not answer yet, or "".
func (m *Machine) silent(folder, name string) (string, error) {
	h, err := m.openHost()
	if err != nil {
		return "", err
	}
	defer h.kernel.Close()
	c, err := m.load(h, folder, name, newCache())
	if err != nil {
		return "", err
	}
	defer closeAll([]*Container{c})
	if !c.running() {
		return "", fmt.Errorf("container %s has stopped (lxc-start -n %s -P %s -F shows why)", name, name, folder)
	}
	for _, one := range c.configured {
		live := c.findLive(one.Name)
		if !one.Supported() || live == nil && len(deref(one.Addresses)) == 0 && !runsClient(&one.Interface) {
			continue
		}
		if live == nil {
			return fmt.Sprintf("it has no %s", one.Name), nil
		}
		addresses := deref(one.Addresses)
		if runsClient(&one.Interface) {
			if live.lease == nil || !live.lease.Complete() {
				return fmt.Sprintf("%s has no lease: does a DHCP server serve its bridge?", one.Name), nil
			}
			for _, leased := range []netip.Prefix{live.lease.Address, live.lease.Address6} {
				if leased.IsValid() {
					addresses = append(addresses[:len(addresses):len(addresses)], leased)
				}
			}
		}
		for _, prefix := range addresses {
			answers, err := c.answers(h, live, prefix)
			if err != nil {
				return "", err
			}
			if !answers {
				return fmt.Sprintf("%s of %s does not answer", prefix.Addr(), one.Name), nil
			}
		}
	}
	return "", nil
}

// answers asks for an address where the container's neighbours would. What is not on a bridge of this host, and IPv6,
// is looked for inside: it counts when nobody else has it.
func (c *Container) answers(h *host, live *Live, prefix netip.Prefix) (bool, error) {
	if !c.has(live.Name, prefix) {
		return false, nil
	}
	if live.kind() != Veth || prefix.Addr().Is6() || !live.HostUp {
		return live.Carrier, nil
	}
	from := h.byIndex[live.HostIndex]
	bridge := h.byName[deref(live.Bridge)]
	if bridge != nil && bridge.Flags&unix.IFF_UP != 0 && number8(bridge.Data.Get(unix.IFLA_BR_VLAN_FILTERING)) == 0 {
		from = bridge
	}
	hardware, err := net.ParseMAC(from.Address)
	if err != nil {
		return false, err
	}
	const usual = 300 * time.Millisecond
	return probe.Answers(from.Index, hardware, prefix.Addr(), usual)
}

func (c *Container) has(link string, prefix netip.Prefix) bool {
	return containsAddress(c.addresses.Addresses, link, prefix)
}

func containsAddress(all []kernel.Address, link string, prefix netip.Prefix) bool {
	for _, address := range all {
		if address.Link == link && address.Prefix == prefix && address.Flags&unix.IFA_F_TENTATIVE == 0 {
			return true
		}
	}
	return false
}
