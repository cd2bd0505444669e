package lxcbridge

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/schema"
)

// Kernel is what a proof asks of a kernel, here and in the namespace that it throws away afterwards.
type Kernel interface {
	CreateLink(kernel.LinkRequest) error
	ChangeLink(name string, request kernel.LinkRequest) error
	DeleteLink(name string) error
	Links() ([]kernel.Link, error)
	CurrentLinks() ([]kernel.Link, error)
	NamespaceID(namespace string) (int, error)
	AddAddress(kernel.Address) error
	Routes() ([]kernel.Route, error)
	RoutesWithin(kernel.RouteScope) ([]kernel.Route, error)
	AddRoute(kernel.Route) error
}

// Open asks the kernel about the network namespace of the calling thread.
type Open func() (k Kernel, done func(), err error)

// Checks is what a proof found. What was not asked for is nil.
type Checks struct {
	Lease         *probe.Lease
	Released      bool
	Resolved      []netip.Addr
	Gateway       netip.Addr // the host's own default gateway
	GatewayWasMet bool
	took          time.Duration
}

// Export is the checks as the module returns them.
func (c *Checks) Export() schema.Object {
	out := schema.Object{}
	if c.Lease != nil {
		out.Set("lease", c.Lease.Address.String())
		out.Set("released", c.Released)
		out.Set("checksum", c.Lease.Sound)
	}
	if c.Resolved != nil {
		out.Set("resolved", fmt.Sprint(c.Resolved))
	}
	if c.Gateway.IsValid() {
		out.Set("gateway", c.Gateway.String())
		out.Set("gateway_reached", c.GatewayWasMet)
	}
	out.Set("seconds", c.took.Seconds())
	return out
}

const (
	probeName   = "hostnet-probe"
	inside      = "eth0"
	leaseLimit  = 20 * time.Second
	threadLimit = 10 * time.Second
)

// Prove acts as a container on the bridge would: it gets a lease, asks for its own name, pings the host's gateway and
// gives the lease back, all from a network namespace that is gone afterwards.
func (b *Bridge) Prove(k Kernel, open Open) (*Checks, error) {
	began := time.Now()
	checks := &Checks{}
	gateway, err := b.outside(k)
	if err != nil {
		return nil, err
	}
	patience, err := b.patience(k)
	if err != nil {
		return nil, err
	}
	namespace, err := newNamespace()
	if err != nil {
		return nil, err
	}
	defer namespace.end()
	outer := fmt.Sprintf("hn%d", os.Getpid())
	hardware := b.probeHardware()
	address := hardware.String()
	err = k.CreateLink(kernel.LinkRequest{Name: outer, Kind: "veth",
		Peer: &kernel.Peer{Name: inside, Namespace: namespace.path, Address: &address}})
	if err != nil {
		return nil, fmt.Errorf("cannot attach a throw-away namespace to %s: %w", b.Name, err)
	}
	defer func() { _ = k.DeleteLink(outer) }()
	up := true
	if err := k.ChangeLink(outer, kernel.LinkRequest{Controller: &b.Name, Up: &up}); err != nil {
		return nil, fmt.Errorf("cannot attach a throw-away namespace to %s: %w", b.Name, err)
	}
	err = namespace.run(func() error { return b.proveInside(open, checks, patience, hardware, gateway) })
	checks.took = time.Since(began).Round(time.Millisecond)
	if err != nil {
		return checks, fmt.Errorf("containers on %s would not work: %w", b.Name, err)
	}
	return checks, nil
}

// probeHardware is the same for each proof on a bridge, so that they use one lease.
func (b *Bridge) probeHardware() net.HardwareAddr {
	sum := sha256.Sum256([]byte(b.Name))
	const local = 2 // a locally administered address
	return net.HardwareAddr{local, sum[0], sum[1], sum[2], sum[3], sum[4]}
}

func (b *Bridge) proveInside(open Open, checks *Checks, patience time.Duration, hardware net.HardwareAddr,
	gateway netip.Addr) (err error) {
	k, done, err := open()
	if err != nil {
		return err
	}
	defer done()
	up := true
	for _, link := range []string{"lo", inside} {
		if err := k.ChangeLink(link, kernel.LinkRequest{Up: &up}); err != nil {
			return fmt.Errorf("cannot set %s up: %w", link, err)
		}
	}
	if !b.DNSMasq.WantsDHCP() {
		return nil
	}
	client, err := newClient(k, hardware)
	if err != nil {
		return err
	}
	defer func() { go client.Close() }() // which takes the kernel as long as the end of the namespace
	if checks.Lease, err = b.lease(client, patience); err != nil {
		return err
	}
	defer func() {
		releaseErr := client.Release(checks.Lease)
		checks.Released = releaseErr == nil
		err = errors.Join(err, releaseErr)
	}()
	if err := configure(k, checks.Lease); err != nil {
		return err
	}
	if b.DNSMasq.WantsDNS() {
		if checks.Resolved, err = probe.Resolve(b.Address.Addr(), probeName, false); err != nil {
			return err
		}
		if len(checks.Resolved) != 1 || checks.Resolved[0] != checks.Lease.Address.Addr() {
			return fmt.Errorf("the name of a client with the lease %s is answered with %v", checks.Lease.Address.Addr(),
				checks.Resolved)
		}
	}
	if checks.Gateway = gateway; gateway.IsValid() {
		if err := probe.Ping(gateway); err != nil {
			return fmt.Errorf(
				"the host reaches its gateway %s and a container does not: %w (does another firewall drop forwarded packets?)",
				gateway, err)
		}
		checks.GatewayWasMet = true
	}
	return nil
}

func newClient(k Kernel, hardware net.HardwareAddr) (*probe.Client, error) {
	links, err := k.Links()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Name == inside {
			return probe.NewClient(link.Index, hardware, probeName)
		}
	}
	return nil, fmt.Errorf("the throw-away namespace has no %s", inside)
}

func configure(k Kernel, lease *probe.Lease) error {
	const forever = 1<<32 - 1
	err := k.AddAddress(kernel.Address{Link: inside, Prefix: lease.Address, ValidLifetime: forever,
		PreferredLifetime: forever})
	if err != nil || !lease.Router.IsValid() {
		return err
	}
	return k.AddRoute(kernel.Route{
		To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Table: tableMain, Type: typeUnicast, Protocol: unix.RTPROT_STATIC,
		NextHops: []kernel.NextHop{{Via: lease.Router, Link: inside, Weight: 1}},
	})
}

// outside is the host's default gateway, where containers are to reach it and the host itself does. A gateway that
// answers no pings tells nothing.
func (b *Bridge) outside(k Kernel) (netip.Addr, error) {
	if !b.translates() || b.NAT.OutInterface != nil {
		return netip.Addr{}, nil
	}
	everywhere := kernel.Destination{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Table: tableMain}
	routes, err := k.RoutesWithin(kernel.RouteScope{Destinations: []kernel.Destination{everywhere}})
	if err != nil {
		return netip.Addr{}, err
	}
	for _, route := range routes {
		if route.Table != tableMain || route.To.Bits() != 0 || !route.To.Addr().Is4() || len(route.NextHops) != 1 {
			continue
		}
		if gateway := route.NextHops[0].Via; gateway.Is4() && route.NextHops[0].Link != b.Name && probe.Ping(gateway) == nil {
			return gateway, nil
		}
	}
	return netip.Addr{}, nil
}

// namespace is a network namespace that lives as long as its thread.
type namespace struct {
	path string
	jobs chan func()
}

func newNamespace() (*namespace, error) {
	n := &namespace{jobs: make(chan func())}
	ready := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread, and the namespace with it, ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		n.path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
		ready <- err
		if err != nil {
			return
		}
		for job := range n.jobs {
			job()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("cannot make a network namespace: %w", err)
	}
	return n, nil
}

// run runs f in the namespace.
func (n *namespace) run(f func() error) error {
	result := make(chan error, 1)
	select {
	case n.jobs <- func() { result <- f() }:
		return <-result
	case <-time.After(threadLimit):
		return errors.New("the thread of the throw-away namespace does not answer")
	}
}

func (n *namespace) end() { close(n.jobs) }
