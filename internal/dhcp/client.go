package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/system"
)

// Kernel is what the client asks of a namespace.
type Kernel interface {
	kernel.Links
	kernel.Addresses
	kernel.Routes
	Close()
}

// client is one client at work.
type client struct {
	job Job
	// kernel is the container's network, host the one that the other end of the wire is in.
	kernel, host Kernel
	record       *record
	// leased makes what waits for a lease.
	leased func(Job)
	events *events

	// mutex guards what both IP versions write.
	mutex sync.Mutex
	state State
	name  string
	// mtu is the link's own, while a server's is in force.
	mtu uint32

	hardware net.HardwareAddr
	socket   *socket
	lease    *lease
	// wanted is an earlier address, which is asked for again.
	wanted   netip.Addr
	failures int
}

// Run gets and keeps leases until the container or the interface is gone, or it is told to end. leased is called after
// every new lease, from outside of the container's network.
func Run(arguments []string, open func(namespace string) (Kernel, error), leased func(Job)) error {
	job, err := parseJob(arguments)
	if err != nil {
		return err
	}
	c := &client{job: job, leased: leased, state: State{Job: job, PID: os.Getpid()}}
	if c.state.Host, err = system.OwnNetworkNamespace(); err != nil {
		return err
	}
	if c.record, err = openRecord(job); err != nil {
		return err
	}
	defer c.record.remove()
	if err := c.record.write(c.state); err != nil {
		return err
	}
	if c.events, err = c.watch(); err != nil {
		return err
	}
	if c.host, err = open(""); err != nil {
		return err
	}
	if err := c.events.listen(); err != nil {
		return err
	}
	if c.kernel, err = open(strconv.Itoa(job.Init)); err != nil {
		return err
	}
	defer c.kernel.Close()
	if err := c.enter(); err != nil {
		return err
	}
	if err := c.events.listen(); err != nil {
		return err
	}
	c.look()
	go c.follow()
	return c.work()
}

// work runs the loops of the IP versions that are asked for.
func (c *client) work() error {
	if !c.job.V6 {
		return c.keep()
	}
	six := make(chan error, 1)
	go func() {
		if err := c.enter(); err != nil {
			six <- err
			return
		}
		six <- c.keep6()
	}()
	if !c.job.V4 {
		return <-six
	}
	return errors.Join(c.keep(), <-six)
}

// watch ends the process with the container, whose interfaces would live on as long as this process is in their
// namespace, and tells the loops when it is told to end.
func (c *client) watch() (*events, error) {
	init, err := unix.PidfdOpen(c.job.Init, 0)
	if err != nil {
		return nil, fmt.Errorf("container %s does not run: %w", c.job.Container, err)
	}
	go func() {
		for {
			ended := []unix.PollFd{{Fd: int32(init), Events: unix.POLLIN}}
			if n, err := unix.Poll(ended, -1); n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				c.record.remove()
				os.Exit(0)
			}
		}
	}()
	all := newEvents()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-told
		all.tellAll(ended)
		// A server that does not take a message back must not hold this up.
		time.Sleep(ending / 2)
		c.record.remove()
		os.Exit(0)
	}()
	return all, nil
}

// enter goes into the container's network, with this thread alone.
func (c *client) enter() error {
	runtime.LockOSThread()
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.job.Init))
	if err != nil {
		return err
	}
	defer func() { _ = namespace.Close() }()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("cannot enter the network of container %s: %w", c.job.Container, err)
	}
	return nil
}

// link is the interface, which may have got another name meanwhile.
func (c *client) link() (kernel.Link, error) {
	links, err := c.kernel.Links()
	if err != nil {
		return kernel.Link{}, err
	}
	for _, link := range links {
		if link.Index == c.job.Index {
			return link, nil
		}
	}
	return kernel.Link{}, fmt.Errorf("container %s has no interface %d any more", c.job.Container, c.job.Index)
}

// keep gets and keeps the IPv4 lease.
func (c *client) keep() error {
	for {
		link, err := c.link()
		if err != nil {
			return err
		}
		c.rename(link.Name)
		switch c.events.take() {
		case ended:
			c.drop(true)
			return nil
		case moved:
			// A new address is another client's: the old one's lease is given back.
			c.drop(c.hardware.String() != link.Address)
			c.close()
			c.leaveRouters(link)
		case doubted:
			c.confirm()
		}
		if err := c.open(link); err != nil {
			return err
		}
		wait := c.advance()
		select {
		case <-time.After(wait):
		case <-c.events.wake:
		}
	}
}

func (c *client) leaveRouters(link kernel.Link) {
	if err := LeaveRouters(c.kernel, link); err != nil {
		fmt.Fprintf(os.Stderr, "container %s, %s: %v\n", c.job.Container, c.name, err)
	}
}

func (c *client) rename(name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.name = name
}

// Times between attempts.
const (
	between    = 2 * time.Second
	mostSpaced = 30 * time.Second
	soonest    = time.Second
)

// advance does what is due, and says for how long nothing is.
func (c *client) advance() time.Duration {
	context, cancel := c.events.during()
	defer cancel()
	now := time.Now()
	var err error
	until := time.Time{}
	switch {
	case c.lease == nil:
		err = c.acquire(context)
	case now.After(c.lease.expires):
		c.drop(false)
		return 0
	case now.After(c.lease.rebind):
		until, err = c.lease.expires, c.extend(context, false)
	case now.After(c.lease.renew):
		until, err = c.lease.rebind, c.extend(context, true)
	}
	var refused *refusal
	switch {
	case errors.As(err, &refused) && c.lease != nil:
		c.drop(false)
		return 0
	case err == nil && c.lease != nil:
		c.failures = 0
		return max(time.Until(c.lease.renew), soonest)
	case err != nil && context.Err() == nil:
		c.complain(err)
	}
	if !until.IsZero() {
		return max(time.Until(until)/2, soonest)
	}
	c.failures++
	return min(time.Duration(c.failures)*between, mostSpaced)
}

// complain notes why there is no lease.
func (c *client) complain(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	fmt.Fprintf(os.Stderr, "container %s, %s: %v\n", c.job.Container, c.name, err)
	c.state.Trouble = err.Error()
	_ = c.record.write(c.state)
}

// confirm asks whether the lease still holds on this wire, as a client does that finds its link up again (RFC 2131,
// 3.2). If nobody answers it goes on with the lease, unless the bridge has other networks.
func (c *client) confirm() {
	if c.lease == nil || c.socket == nil {
		return
	}
	limit, cancel := context.WithTimeout(context.Background(), confirming)
	defer cancel()
	err := c.reboot(limit)
	var no *refusal
	if errors.As(err, &no) || err != nil && c.events.now().networks != c.state.Networks {
		c.drop(false)
	}
}

// confirming is how long a server may take to confirm.
const confirming = 4 * time.Second
