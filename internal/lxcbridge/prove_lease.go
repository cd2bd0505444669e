package lxcbridge

import (
	"errors"
	"slices"
	"time"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

const (
	remindings  = 3
	remindLimit = time.Second
	// Whoever has an address of the pool without a lease is asked for it. A container's kernel, which is this one, answers
	// before the bridge does, since it is asked first; a virtual machine, or what is behind a network card, takes longer.
	patienceWithPorts = 20 * time.Millisecond
	patienceWithout   = 5 * time.Millisecond
)

// patience is how long to wait for an answer of whoever is on the bridge.
func (b *Bridge) patience(k Kernel) (time.Duration, error) {
	links, err := k.CurrentLinks()
	if err != nil {
		return 0, err
	}
	at := slices.IndexFunc(links, func(link kernel.Link) bool { return link.Name == b.Name })
	if at >= 0 && !slices.ContainsFunc(links, func(l kernel.Link) bool { return l.Controller == links[at].Index }) {
		return patienceWithout, nil
	}
	return patienceWithPorts, nil
}

// lease gets a lease as any client does: offered, asked for, given. dnsmasq offers an address to a client that it does
// not know only after three seconds, in which it waits for an answer to a ping; so it is told before that the client had
// the address already.
func (b *Bridge) lease(client *probe.Client, patience time.Duration) (*probe.Lease, error) {
	known := b.remind(client, patience)
	lease, err := client.Acquire(leaseLimit)
	if err != nil && known != nil {
		err = errors.Join(err, client.Release(known))
	}
	return lease, err
}

// remind has the server know the client by an address that nobody has, and is nil where it wants none of it.
func (b *Bridge) remind(client *probe.Client, patience time.Duration) *probe.Lease {
	pool := b.DNSMasq.Pool()
	address := pool.Last
	for n := 0; n < remindings && pool.Contains(address); n++ {
		if taken, err := client.Taken(address, b.Address.Addr(), patience); err == nil && !taken {
			if lease, err := client.Remind(address, remindLimit); err == nil {
				return lease
			}
		}
		address = address.Prev()
	}
	return nil
}
