package container

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

// What wait_for can name; each takes those before it as well.
const (
	waitForNone    = "none"
	waitForCarrier = "carrier"
	waitForAddress = "address"
	waitForGateway = "gateway"
)

// start starts the container; where it does not, LXC and the hooks say why.
func (m *Machine) start(folder, name string) error {
	if err := m.Runtime.Start(folder, name); err != nil {
		return fmt.Errorf("%w%s", err, m.words(folder, name))
	}
	return nil
}

// words are what the hooks and LXC itself say of a container's start.
func (m *Machine) words(folder, name string) string {
	text := ""
	if said := reportOf(configFile(folder, name)).problems(); len(said) > 0 {
		text += "; the hooks say: " + strings.Join(said, " | ")
	}
	if said := m.Runtime.Log(folder, name); len(said) > 0 {
		text += "; LXC says: " + strings.Join(said, " | ")
	}
	return text
}

// await waits until a running container has what is waited for.
func (m *Machine) await(folder, name, what string, limit time.Duration) error {
	if limit == 0 || what == waitForNone {
		return nil
	}
	const pause = 200 * time.Millisecond
	deadline := time.Now().Add(limit)
	for {
		silent, err := m.silent(folder, name, what)
		if err != nil {
			return fmt.Errorf("%w%s", err, m.words(folder, name))
		}
		if silent == "" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("container %s runs, but after %s %s%s", name, limit, silent, m.words(folder, name))
		}
		time.Sleep(pause)
	}
}

// silent says what the container lacks of what is waited for, or "".
func (m *Machine) silent(folder, name, what string) (string, error) {
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
		return "", fmt.Errorf("container %s has stopped", name)
	}
	for _, one := range c.configured {
		live := c.findLive(one.Name)
		if !one.Supported() || one.isDown() || live == nil && len(deref(one.Addresses)) == 0 && !runsClient(&one.Interface) {
			continue
		}
		if live == nil {
			return fmt.Sprintf("it has no %s", one.Name), nil
		}
		if what == waitForCarrier {
			if !live.Carrier {
				return fmt.Sprintf("%s has no carrier%s", one.Name, live.whyDead()), nil
			}
			continue
		}
		if said, err := c.mute(h, one, live); err != nil || said != "" {
			return said, err
		}
		if what != waitForGateway {
			continue
		}
		if said, err := c.unreached(one, live); err != nil || said != "" {
			return said, err
		}
	}
	return "", nil
}

// whyDead is what the host's end of a veth has to do with the missing carrier.
func (l *LiveInterface) whyDead() string {
	if l.kind() == Veth && !l.HostUp {
		return fmt.Sprintf(": %s, its end on the host, is down", deref(l.HostName))
	}
	return ""
}

// mute says which of the interface's addresses is not there or does not answer, or "".
func (c *Container) mute(h *host, one *Configured, live *LiveInterface) (string, error) {
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
	return "", nil
}

// unreached says which router of the interface's default routes does not answer the container, or that a declared one
// has no route, or "".
func (c *Container) unreached(one *Configured, live *LiveInterface) (string, error) {
	if !live.Carrier {
		return fmt.Sprintf("%s has no carrier%s", live.Name, live.whyDead()), nil
	}
	routers := map[netip.Addr]bool{}
	for i := range c.routes {
		for _, hop := range c.routes[i].NextHops {
			if c.routes[i].To.Bits() == 0 && c.routes[i].Table == unix.RT_TABLE_MAIN && hop.Link == live.Name &&
				hop.Via.IsValid() {
				routers[hop.Via] = true
			}
		}
	}
	for _, declared := range []*netip.Addr{one.Gateway, one.Gateway6} {
		if declared != nil && declared.IsValid() && !routers[*declared] {
			return fmt.Sprintf("%s has no default route by its gateway %s", live.Name, declared), nil
		}
	}
	hardware, err := net.ParseMAC(deref(live.MAC))
	if err != nil {
		return "", fmt.Errorf("%s of container %s: %w", live.Name, c.Name, err)
	}
	for _, router := range slices.SortedFunc(maps.Keys(routers), netip.Addr.Compare) {
		ask := probe.Answers
		if router.Is6() {
			ask = probe.AnswersIPv6
		}
		answers := false
		err := inNamespace(c.namespace(), func() (err error) {
			answers, err = ask(live.Index, hardware, router, usualAnswer)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("container %s: cannot ask for %s: %w", c.Name, router, err)
		}
		if !answers {
			return fmt.Sprintf("the gateway %s does not answer on %s", router, live.Name), nil
		}
	}
	return "", nil
}

// inNamespace runs f in the network of a process. The thread ends with it unless it comes back.
func inNamespace(pid string, f func() error) error {
	theirs, err := kernel.OpenNamespace("/proc/" + pid + "/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		own, err := kernel.OpenNamespace(hostNamespace)
		if err == nil {
			defer func() { _ = own.Close() }()
			err = unix.Setns(int(theirs.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = f()
			if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			}
		}
		done <- err
	}()
	return <-done
}

// usualAnswer is how long a neighbour may take.
const usualAnswer = 300 * time.Millisecond

// answers asks for an address where the container's neighbours would. What is not on a bridge of this host, and IPv6,
// is looked for inside: it counts when nobody else has it.
func (c *Container) answers(h *host, live *LiveInterface, prefix netip.Prefix) (bool, error) {
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
	return probe.Answers(from.Index, hardware, prefix.Addr(), usualAnswer)
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
