package dhcp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

// Kernel is what the client asks of the container's namespace.
type Kernel interface {
	kernel.Links
	kernel.Addresses
	kernel.Routes
	Close()
}

// client is one client at work.
type client struct {
	job    Job
	kernel Kernel
	record *record
	socket *probe.Client
	// mutex keeps the end apart from a lease that just comes.
	mutex sync.Mutex
	lease *probe.Lease
	until time.Time
	name  string
	// leased makes what waits for a lease.
	leased func(Job)
}

// Run gets and keeps a lease until the container or the interface is gone, or it is told to end.
// leased is called after every new lease, from outside of the container's network.
func Run(arguments []string, open func(namespace string) (Kernel, error), leased func(Job)) error {
	job, err := parseJob(arguments)
	if err != nil {
		return err
	}
	c := &client{job: job, leased: leased}
	if c.record, err = openRecord(job); err != nil {
		return err
	}
	defer c.record.remove()
	if err := c.record.write(State{Job: job, PID: os.Getpid()}); err != nil {
		return err
	}
	if err := c.watch(); err != nil {
		return err
	}
	if c.kernel, err = open(strconv.Itoa(job.Init)); err != nil {
		return err
	}
	defer c.kernel.Close()
	if err := c.enter(); err != nil {
		return err
	}
	defer c.socket.Close()
	return c.keep()
}

// watch ends the process with the container, whose interfaces would live on as long as this process is in their
// namespace, and when it is told to.
func (c *client) watch() error {
	init, err := unix.PidfdOpen(c.job.Init, 0)
	if err != nil {
		return fmt.Errorf("container %s does not run: %w", c.job.Container, err)
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
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-told
		c.mutex.Lock()
		c.drop(true)
		c.record.remove()
		os.Exit(0)
	}()
	return nil
}

// enter goes into the container's network, with this thread alone, and opens a socket there.
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
	link, err := c.link()
	if err != nil {
		return err
	}
	hardware, err := net.ParseMAC(link.Address)
	if err != nil {
		return err
	}
	c.name = link.Name
	c.socket, err = probe.NewClient(c.job.Index, hardware, c.job.Container)
	return err
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

// Times between attempts, as RFC 2131 has them roughly: half of the lease is left when it is renewed.
const (
	asking   = 10 * time.Second
	between  = 2 * time.Second
	soonest  = 5 * time.Second
	fraction = 2
)

func (c *client) keep() error {
	for {
		link, err := c.link()
		if err != nil {
			return err
		}
		c.name = link.Name
		lease, err := c.next()
		c.mutex.Lock()
		switch {
		case err == nil:
			err = c.take(lease)
		case c.lease != nil && time.Now().After(c.until):
			c.drop(false)
		}
		c.mutex.Unlock()
		if err != nil {
			fmt.Fprintf(os.Stderr, "container %s, %s: %v\n", c.job.Container, c.name, err)
			if c.lease == nil {
				_ = c.record.write(State{Job: c.job, PID: os.Getpid(), Trouble: err.Error()})
			}
			time.Sleep(between)
			continue
		}
		time.Sleep(max(soonest, lease.Remaining()/fraction))
	}
}

// next is a first lease, or the one that there is, lengthened.
func (c *client) next() (*probe.Lease, error) {
	if c.lease == nil {
		return c.socket.Acquire(asking)
	}
	return c.socket.Renew(c.lease)
}
