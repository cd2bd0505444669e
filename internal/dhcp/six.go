package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/nclient6"
	"github.com/insomniacslk/dhcp/iana"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// lease6 is an IPv6 address that a server gave. The way to its network comes by router advertisements.
type lease6 struct {
	address                netip.Prefix
	server                 dhcpv6.DUID
	valid, preferred       time.Duration
	renew, rebind, expires time.Time
}

// loop6 is the client for IPv6.
type loop6 struct {
	*client
	sender *nclient6.Client
	id     dhcpv6.DUID
	lease  *lease6
}

// keep6 gets and keeps the IPv6 lease, on a thread in the container's network.
func (c *client) keep6() error {
	l := &loop6{client: c}
	for failures := 0; ; {
		link, err := c.link()
		if err != nil {
			return err
		}
		c.rename(link.Name)
		switch c.events.six.take() {
		case ended:
			l.drop(true)
			return nil
		case moved:
			l.drop(false)
			l.close()
			if !c.job.V4 { // whose loop does it otherwise
				c.leaveRouters(link)
			}
		case doubted:
			l.confirm()
		}
		limit, cancel := c.events.six.during()
		wait, err := l.advance(limit, link)
		interrupted := limit.Err() != nil
		cancel()
		if err != nil && !interrupted {
			c.complain(err)
			failures++
			wait = max(wait, min(time.Duration(failures)*between, mostSpaced))
		}
		if err == nil {
			failures = 0
		}
		select {
		case <-time.After(wait):
		case <-c.events.six.wake:
		}
	}
}

func (l *loop6) close() {
	if l.sender != nil {
		_ = l.sender.Close()
		l.sender = nil
	}
}

func (l *loop6) open(link kernel.Link) error {
	if l.sender != nil {
		return nil
	}
	hardware, err := net.ParseMAC(link.Address)
	if err != nil {
		return err
	}
	l.id = &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: hardware}
	conn, err := nclient6.NewIPv6UDPConn(link.Name, dhcpv6.DefaultClientPort)
	if err != nil {
		return fmt.Errorf("no link-local address for DHCPv6: %w", err)
	}
	l.sender, err = nclient6.NewWithConn(conn, hardware, nclient6.WithTimeout(firstPatience), nclient6.WithRetry(attempts))
	return err
}

// advance does what is due, and says for how long nothing is.
func (l *loop6) advance(limit context.Context, link kernel.Link) (time.Duration, error) {
	if err := l.open(link); err != nil {
		// Its link-local address is looked for twice for a second.
		return 0, err
	}
	now := time.Now()
	switch {
	case l.lease == nil:
		answer, err := l.sender.RapidSolicit(limit, l.common(nil)...)
		if err != nil {
			return 0, fmt.Errorf("no DHCPv6 lease: %w", err)
		}
		if err := l.take(answer); err != nil {
			return 0, err
		}
	case now.After(l.lease.expires):
		l.drop(false)
		return 0, nil
	case now.After(l.lease.rebind):
		if err := l.extend(limit, dhcpv6.MessageTypeRebind); err != nil {
			return max(time.Until(l.lease.expires)/2, soonest), err
		}
	case now.After(l.lease.renew):
		if err := l.extend(limit, dhcpv6.MessageTypeRenew); err != nil {
			return max(time.Until(l.lease.rebind)/2, soonest), err
		}
	}
	return max(time.Until(l.lease.renew), soonest), nil
}

func (l *loop6) iaid() [4]byte {
	index := uint32(l.job.Index)
	return [4]byte{byte(index >> 24), byte(index >> 16), byte(index >> 8), byte(index)}
}

// common is what every message says; address is the one that it is about.
func (l *loop6) common(address *lease6) []dhcpv6.Modifier {
	all := []dhcpv6.Modifier{
		dhcpv6.WithClientID(l.id), dhcpv6.WithIAID(l.iaid()),
		dhcpv6.WithRequestedOptions(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList),
		dhcpv6.WithFQDN(0, l.job.Container),
	}
	if address != nil {
		all = append(all, dhcpv6.WithIANA(dhcpv6.OptIAAddress{IPv6Addr: address.address.Addr().AsSlice()}),
			dhcpv6.WithIAID(l.iaid()))
	}
	return all
}

func (l *loop6) message(kind dhcpv6.MessageType) (*dhcpv6.Message, error) {
	id, err := dhcpv6.GenerateTransactionID()
	if err != nil {
		return nil, err
	}
	message := &dhcpv6.Message{MessageType: kind, TransactionID: id}
	for _, modify := range l.common(l.lease) {
		modify(message)
	}
	if kind != dhcpv6.MessageTypeRebind && kind != dhcpv6.MessageTypeConfirm {
		message.AddOption(dhcpv6.OptServerID(l.lease.server))
	}
	return message, nil
}

func (l *loop6) extend(limit context.Context, kind dhcpv6.MessageType) error {
	request, err := l.message(kind)
	if err != nil {
		return err
	}
	answer, err := l.sender.SendAndRead(limit, nclient6.AllDHCPRelayAgentsAndServers, request,
		nclient6.IsMessageType(dhcpv6.MessageTypeReply))
	if err != nil {
		return fmt.Errorf("the DHCPv6 lease of %s was not renewed: %w", l.lease.address.Addr(), err)
	}
	return l.take(answer)
}

// confirm asks whether the address is still one of this wire (RFC 8415, 18.2.3). If nobody answers it stays, unless the
// bridge has other networks.
func (l *loop6) confirm() {
	if l.lease == nil || l.sender == nil {
		return
	}
	limit, cancel := context.WithTimeout(context.Background(), confirming)
	defer cancel()
	networks := l.events.now().networks6
	request, err := l.message(dhcpv6.MessageTypeConfirm)
	if err != nil {
		return
	}
	answer, err := l.sender.SendAndRead(limit, nclient6.AllDHCPRelayAgentsAndServers, request,
		nclient6.IsMessageType(dhcpv6.MessageTypeReply))
	refused := err == nil && answer.Options.Status() != nil &&
		answer.Options.Status().StatusCode == iana.StatusNotOnLink
	if refused || err != nil && networks != l.state.Networks6 {
		l.drop(false)
	}
	if err == nil && !refused {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.state.Networks6 = networks
		_ = l.publish()
	}
}

func read6(answer *dhcpv6.Message) (*lease6, error) {
	if status := answer.Options.Status(); status != nil && status.StatusCode != iana.StatusSuccess {
		return nil, fmt.Errorf("the DHCPv6 server refuses: %s", status.StatusMessage)
	}
	granted := answer.Options.OneIANA()
	if granted == nil {
		return nil, errors.New("the DHCPv6 server gave no address")
	}
	one := granted.Options.OneAddress()
	if one == nil || one.ValidLifetime == 0 {
		return nil, errors.New("the DHCPv6 server gave no address")
	}
	address, ok := netip.AddrFromSlice(one.IPv6Addr)
	if !ok {
		return nil, errors.New("the DHCPv6 server gave no address")
	}
	fresh := &lease6{
		address: netip.PrefixFrom(address, address.BitLen()), server: answer.Options.ServerID(),
		valid: min(one.ValidLifetime, forever), preferred: min(one.PreferredLifetime, forever),
	}
	// RFC 8415, 21.4: 0 leaves it to the client.
	renew, rebind := granted.T1, granted.T2
	if renew <= 0 {
		renew = fresh.preferred / 2
	}
	if rebind < renew {
		rebind = max(fresh.preferred/5*4, renew)
	}
	now := time.Now()
	fresh.renew, fresh.rebind, fresh.expires = now.Add(min(renew, forever)), now.Add(min(rebind, forever)),
		now.Add(fresh.valid)
	return fresh, nil
}

func (l *loop6) take(answer *dhcpv6.Message) error {
	fresh, err := read6(answer)
	if err != nil {
		return err
	}
	wire := l.events.now()
	before := l.lease
	address := l.address6(fresh)
	err = l.kernel.AddAddress(address)
	if errors.Is(err, unix.EEXIST) {
		err = l.kernel.ChangeAddress(address)
	}
	if err != nil {
		return err
	}
	l.lease = fresh
	if before == nil || before.address != fresh.address {
		if l.isDuplicate(fresh) {
			return l.decline(fresh)
		}
		l.callLeased()
	}
	if before != nil && before.address != fresh.address {
		_ = l.kernel.DeleteAddress(l.address6(before), false)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.state.Address6, l.state.Until6, l.state.Trouble = fresh.address, fresh.expires, ""
	l.state.DNS6, l.state.Search6 = nil, nil
	l.state.Bridge, l.state.Networks6 = wire.bridge, wire.networks6
	if l.job.DNS {
		l.state.DNS6 = addresses(answer.Options.DNS())
		if labels := answer.Options.DomainSearchList(); labels != nil {
			for _, name := range labels.Labels {
				if isDomain(name) {
					l.state.Search6 = append(l.state.Search6, name)
				}
			}
		}
	}
	return l.publish()
}

// address6 makes no route to its network: with an end, the kernel would leave it behind (check_cleanup_prefix_route in
// net/ipv6/addrconf.c).
func (l *loop6) address6(lease *lease6) kernel.Address {
	return kernel.Address{
		Link: l.name, Prefix: lease.address, ValidLifetime: uint32(lease.valid / time.Second),
		PreferredLifetime: uint32(lease.preferred / time.Second), Flags: unix.IFA_F_NOPREFIXROUTE,
	}
}

// isDuplicate waits until the kernel has found out whether anybody else has the address (RFC 4862, 5.4). An address
// with a lifetime, as a lease's, goes with that (addrconf_dad_stop in net/ipv6/addrconf.c).
func (l *loop6) isDuplicate(fresh *lease6) bool {
	const longest, pause = 4 * time.Second, 50 * time.Millisecond
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); time.Sleep(pause) {
		all, err := l.kernel.Addresses()
		if err != nil {
			return false
		}
		at := slices.IndexFunc(all, func(a kernel.Address) bool { return a.Link == l.name && a.Prefix == fresh.address })
		if at < 0 || all[at].Flags&unix.IFA_F_DADFAILED != 0 {
			return true
		}
		if all[at].Flags&unix.IFA_F_TENTATIVE == 0 {
			return false
		}
	}
	return false
}

func (l *loop6) decline(fresh *lease6) error {
	l.send(dhcpv6.MessageTypeDecline)
	_ = l.kernel.DeleteAddress(l.address6(fresh), false)
	l.lease = nil
	return fmt.Errorf("%s was given, but another has it", fresh.address.Addr())
}

// send tells the server something; its answer changes nothing.
func (l *loop6) send(kind dhcpv6.MessageType) {
	message, err := l.message(kind)
	if err != nil || l.sender == nil {
		return
	}
	limit, cancel := context.WithTimeout(context.Background(), firstPatience)
	defer cancel()
	_, _ = l.sender.SendAndRead(limit, nclient6.AllDHCPRelayAgentsAndServers, message,
		nclient6.IsMessageType(dhcpv6.MessageTypeReply))
}

// drop takes the lease's address and name servers away; release tells the server.
func (l *loop6) drop(release bool) {
	if l.lease == nil {
		return
	}
	if release {
		l.send(dhcpv6.MessageTypeRelease)
	}
	_ = l.kernel.DeleteAddress(l.address6(l.lease), false)
	l.lease = nil
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.state.Address6, l.state.Until6, l.state.DNS6, l.state.Search6 = netip.Prefix{}, time.Time{}, nil, nil
	_ = l.publish()
}
