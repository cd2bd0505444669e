package dhcp

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/system"
)

// metric is behind that of every route that somebody declared.
const metric = 1024

// take makes the interface as the lease says, and then drops what an earlier one said.
func (c *client) take(lease *probe.Lease) error {
	before := c.lease
	address := c.address(lease)
	err := c.kernel.AddAddress(address)
	if errors.Is(err, unix.EEXIST) {
		err = c.kernel.ChangeAddress(address)
	}
	if err != nil {
		return err
	}
	for _, route := range c.routes(lease) {
		if err := c.kernel.ReplaceRoute(route); err != nil {
			return err
		}
	}
	c.lease, c.until = lease, time.Now().Add(lease.Remaining())
	if before != nil && before.Address != lease.Address {
		_ = c.kernel.DeleteAddress(c.address(before), true)
	}
	state := State{Job: c.job, PID: os.Getpid(), Address: lease.Address, Server: lease.Server, Until: c.until}
	if c.job.DNS && len(lease.DNS) > 0 {
		// What the container's root has put there costs it its name servers, and nobody the address.
		if err := c.resolve(lease); err != nil {
			fmt.Fprintln(os.Stderr, err)
			state.Trouble = err.Error()
		}
	}
	if before == nil || before.Address != lease.Address {
		c.callLeased()
	}
	return c.record.write(state)
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

// drop takes the lease's address away, and with it the routes; release tells the server.
func (c *client) drop(release bool) {
	if c.lease == nil {
		return
	}
	if link, err := c.link(); err == nil {
		c.name = link.Name
	}
	if release {
		_ = c.socket.Release(c.lease)
	}
	for _, route := range c.routes(c.lease) {
		_ = c.kernel.DeleteRoute(route)
	}
	_ = c.kernel.DeleteAddress(c.address(c.lease), true)
	c.lease = nil
}

// address has an end: so everybody sees that it is nobody's declaration.
func (c *client) address(lease *probe.Lease) kernel.Address {
	seconds := uint32(lease.Remaining() / time.Second)
	return kernel.Address{Link: c.name, Prefix: lease.Address, Label: c.name, ValidLifetime: seconds, PreferredLifetime: seconds}
}

func (c *client) routes(lease *probe.Lease) []kernel.Route {
	if !c.job.Routes {
		return nil
	}
	given := lease.Routes
	if len(given) == 0 && lease.Router.IsValid() {
		given = []probe.Route{{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: lease.Router}}
	}
	routes := make([]kernel.Route, len(given))
	for i, one := range given {
		scope := uint8(unix.RT_SCOPE_UNIVERSE)
		if !one.Via.IsValid() {
			scope = unix.RT_SCOPE_LINK
		}
		routes[i] = kernel.Route{
			To: one.To, Table: unix.RT_TABLE_MAIN, Metric: metric, Protocol: unix.RTPROT_DHCP, Scope: scope, Type: unix.RTN_UNICAST,
			NextHops: []kernel.NextHop{{Via: one.Via, Link: c.name, Weight: 1}},
		}
	}
	return routes
}

// resolve replaces the container's /etc/resolv.conf. Its root may have put anything there: a link belongs to a program in
// the container and leads where that likes, so it stays, and so does all else that is not the container's own file.
func (c *client) resolve(lease *probe.Lease) error {
	root, err := containerRoot(c.job.Init)
	if err != nil {
		return fmt.Errorf("cannot look into container %s: %w", c.job.Container, err)
	}
	tree, err := system.OpenTree(fmt.Sprintf("/proc/%d/root", c.job.Init), root)
	if err != nil {
		return fmt.Errorf("cannot look into container %s: %w", c.job.Container, err)
	}
	defer tree.Close()
	err = tree.Replace("etc/resolv.conf", []byte(c.resolver(lease)))
	if errors.Is(err, fs.ErrNotExist) {
		// It has no /etc: nobody would read ours.
		return nil
	}
	if err != nil {
		return fmt.Errorf("the name servers are not written into container %s: %w", c.job.Container, err)
	}
	return nil
}

// containerRoot is who the root of a process's user namespace is on the host (user_namespaces(7)).
func containerRoot(pid int) (int, error) {
	text, err := system.Read(fmt.Sprintf("/proc/%d/uid_map", pid), 1<<20)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var inside, outside, count int
		if _, err := fmt.Sscan(line, &inside, &outside, &count); err == nil && inside == 0 && count > 0 {
			return outside, nil
		}
	}
	return 0, errors.New("it has no root")
}

func (c *client) resolver(lease *probe.Lease) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# From the DHCP server %s by %s.\n", lease.Server, c.name)
	if isDomain(lease.Domain) {
		fmt.Fprintf(&text, "search %s\n", lease.Domain)
	}
	for _, server := range lease.DNS {
		fmt.Fprintf(&text, "nameserver %s\n", server)
	}
	return text.String()
}

// isDomain keeps what a server says from being more than a name.
func isDomain(name string) bool {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}
	return name != "" && strings.IndexFunc(name, other) < 0
}
