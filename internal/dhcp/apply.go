package dhcp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// metric is behind that of every route that somebody declared. A further interface's is one more.
const metric = 1024

// take makes the interface as the lease says, and then drops what an earlier one said.
func (c *client) take(fresh *lease) error {
	wire := c.events.now()
	c.mutex.Lock()
	before := c.lease
	err := c.install(fresh, before)
	c.mutex.Unlock()
	if err != nil {
		return err
	}
	if before == nil || before.address != fresh.address || !slices.Equal(before.routes, fresh.routes) {
		c.callLeased()
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.state.Address, c.state.Server, c.state.Until, c.state.Trouble = fresh.address, fresh.server, fresh.expires, ""
	c.state.NTP, c.state.GivenName, c.state.DNS4, c.state.Search4 = fresh.ntp, fresh.hostName, nil, nil
	c.state.Bridge, c.state.Networks = wire.bridge, wire.networks
	if c.job.DNS {
		c.state.DNS4, c.state.Search4 = fresh.dns, fresh.search
	}
	return c.publish()
}

// publish writes the state, and with it the name servers.
func (c *client) publish() error {
	// The resolver is made of what all clients of the container have written down.
	c.state.Resolving = true
	if err := c.record.write(c.state); err != nil {
		return err
	}
	said := ""
	if err := resolve(c.job.Init, c.job.Container); err != nil {
		said = err.Error()
	}
	if said != "" && said != c.state.Resolver {
		fmt.Fprintln(os.Stderr, said)
	}
	c.state.Resolver, c.state.Resolving = said, false
	return c.record.write(c.state)
}

func (c *client) install(fresh, before *lease) error {
	address := c.address(fresh)
	err := c.kernel.AddAddress(address)
	if errors.Is(err, unix.EEXIST) {
		err = c.kernel.ChangeAddress(address)
	}
	if err != nil {
		return err
	}
	c.setMTU(fresh.mtu)
	for _, one := range c.routes(fresh) {
		if err := c.kernel.ReplaceRoute(one); err != nil {
			return err
		}
	}
	c.lease, c.wanted = fresh, fresh.address.Addr()
	if c.job.HostName && fresh.hostName != "" {
		setHostName(c.job.Init, fresh.hostName)
	}
	if before == nil {
		return nil
	}
	for _, one := range c.routes(before) {
		if !slices.ContainsFunc(c.routes(fresh), func(r kernel.Route) bool { return r.To == one.To }) {
			_ = c.kernel.DeleteRoute(one)
		}
	}
	if before.address != fresh.address {
		_ = c.kernel.DeleteAddress(c.address(before), true)
	}
	return nil
}

// setMTU takes a server's MTU, and goes back to the link's own without one.
func (c *client) setMTU(given uint32) {
	const least = 68 // RFC 2132, 5.1
	if !c.job.MTU || given < least && c.mtu == 0 {
		return
	}
	link, err := c.link()
	if err != nil {
		return
	}
	if c.mtu == 0 {
		c.mtu = link.MTU
	}
	if given < least {
		given, c.mtu = c.mtu, 0
	}
	if err := c.kernel.ChangeLink(c.name, kernel.LinkRequest{MTU: &given}); err != nil {
		fmt.Fprintf(os.Stderr, "container %s, %s: cannot set the server's MTU %d: %v\n", c.job.Container, c.name, given, err)
	}
}

// callLeased leaves this thread, which is in the container's network.
func (c *client) callLeased() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.leased(c.job)
	}()
	<-done
}

// drop takes the lease's address away, and with it the routes and name servers; release tells the server.
func (c *client) drop(release bool) {
	if c.lease == nil {
		return
	}
	if release {
		c.release()
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, one := range c.routes(c.lease) {
		_ = c.kernel.DeleteRoute(one)
	}
	_ = c.kernel.DeleteAddress(c.address(c.lease), true)
	c.setMTU(0)
	c.lease = nil
	c.state.Address, c.state.Server, c.state.Until = netip.Prefix{}, netip.Addr{}, time.Time{}
	c.state.NTP, c.state.GivenName, c.state.DNS4, c.state.Search4 = nil, "", nil, nil
	_ = c.publish()
}

// address has an end: so everybody sees that it is nobody's declaration.
func (c *client) address(lease *lease) kernel.Address {
	seconds := uint32(max(time.Until(lease.expires)/time.Second, 1))
	return kernel.Address{Link: c.name, Prefix: lease.address, Label: c.name, ValidLifetime: seconds,
		PreferredLifetime: seconds}
}

func (c *client) routes(lease *lease) []kernel.Route {
	if !c.job.Routes {
		return nil
	}
	routes := make([]kernel.Route, len(lease.routes))
	for i, one := range lease.routes {
		scope := uint8(unix.RT_SCOPE_UNIVERSE)
		if !one.via.IsValid() {
			scope = unix.RT_SCOPE_LINK
		}
		routes[i] = kernel.Route{
			To: one.to, Table: unix.RT_TABLE_MAIN, Metric: c.job.RouteMetric(), Protocol: unix.RTPROT_DHCP, Scope: scope,
			Type:     unix.RTN_UNICAST,
			NextHops: []kernel.NextHop{{Via: one.via, Link: c.name, Weight: 1}},
		}
	}
	return routes
}

// setHostName gives the container the name that the server knows it by.
func setHostName(init int, name string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread ends with the goroutine.
		runtime.LockOSThread()
		namespace, err := unix.Open(fmt.Sprintf("/proc/%d/ns/uts", init), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return
		}
		defer func() { _ = unix.Close(namespace) }()
		if unix.Unshare(unix.CLONE_FS) == nil && unix.Setns(namespace, unix.CLONE_NEWUTS) == nil && isDomain(name) {
			_ = unix.Sethostname([]byte(name))
		}
	}()
	<-done
}
