package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
)

// When a bridge goes, the ends of its containers stay, without a controller, and nobody puts them into a bridge that is
// made under its name again: LXC has done its part at the start. So the follower hears of links, and does.

// bridges are those of the host by their names, as they were at the last look.
type bridges struct {
	machine *Machine
	// socket tells of changes; -1 if it cannot be opened.
	socket int
	known  map[string]int
}

func (m *Machine) watchBridges() *bridges {
	b := &bridges{machine: m}
	var err error
	if b.socket, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK,
		unix.NETLINK_ROUTE); err == nil {
		err = unix.Bind(b.socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot hear of bridges:", err)
	}
	b.remade()
	return b
}

func (b *bridges) close() { _ = unix.Close(b.socket) }

// remade are the bridges that have come since the last look, also in the place of others.
func (b *bridges) remade() map[string]bool {
	if b.known != nil && !b.heard() {
		return nil
	}
	handle, err := b.machine.Open("")
	if err != nil {
		return nil
	}
	defer handle.Close()
	links, err := handle.Links()
	if err != nil {
		return nil
	}
	now, fresh := map[string]int{}, map[string]bool{}
	for _, link := range links {
		if link.Kind == "bridge" {
			now[link.Name] = link.Index
			fresh[link.Name] = b.known[link.Name] != link.Index
		}
	}
	b.known = now
	maps.DeleteFunc(fresh, func(_ string, is bool) bool { return !is })
	return fresh
}

// heard reads the messages, and tells whether one was about a bridge, or may have been.
func (b *bridges) heard() bool {
	const length = unix.SizeofNlAttr + len("bridge\x00")
	kind := binary.NativeEndian.AppendUint16(nil, uint16(length))
	kind = append(binary.NativeEndian.AppendUint16(kind, unix.IFLA_INFO_KIND), "bridge\x00"...)
	heard, buffer := false, make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(b.socket, buffer, 0)
		switch {
		case err == nil:
			heard = heard || bytes.Contains(buffer[:n], kind)
		case errors.Is(err, unix.ENOBUFS):
			heard = true
		case !errors.Is(err, unix.EINTR):
			return heard
		}
	}
}

// rejoinAll looks after all that run, and takes its time for it.
func (m *Machine) rejoinAll(watches map[followed]*watch, remade map[string]bool, busy *atomic.Int32) {
	if len(remade) == 0 {
		return
	}
	all := slices.Collect(maps.Keys(watches))
	busy.Add(1)
	go func() {
		defer busy.Add(-1)
		for _, one := range all {
			if err := m.rejoin(one, remade); err != nil {
				said := reportOf(one.Config)
				said.add(one.Name, FollowCommand, err)
				said.save()
			}
		}
	}()
}

// rejoin puts the host ends of a running container back into their bridges. Those that are ports of another one stay:
// somebody has put them there.
func (m *Machine) rejoin(f followed, remade map[string]bool) error {
	config, err := lxc.ReadConfig(f.Config, lxc.Disk{})
	if err != nil || !slices.ContainsFunc(config.Nets(), func(net *lxc.Net) bool { return remade[net.Get("link")] }) {
		return nil // it has been deleted, or has nothing to do with them
	}
	lock, err := lockWiring(f.Config, FollowCommand)
	if err != nil {
		return err
	}
	defer lock.Release()
	if startOf(f.Init) != f.Started {
		return nil
	}
	h, err := m.openHost()
	if err != nil {
		return err
	}
	defer h.kernel.Close()
	c, err := m.loadFile(h, f.Name, f.Config, lxc.State{Defined: true, InitPID: f.Init}, newCache())
	if err != nil {
		return err
	}
	defer closeAll([]*Container{c})
	p := newPlanner(m, h, c.Folder, []*Container{c})
	for _, one := range c.configured {
		live := c.findLive(one.Name)
		if one.kind() != Veth || live == nil || live.kind() != Veth || deref(live.Bridge) != "" ||
			!remade[deref(one.Bridge)] {
			continue
		}
		want := &Interface{Name: one.Name, Type: one.Type, HostName: live.HostName, Bridge: one.Bridge, VLAN: one.VLAN,
			Trunk: one.Trunk}
		seen := *live
		seen.Up, seen.HostUp = true, true // whoever took it down did not mean its bridge
		t := &target{container: c, want: want, final: want, have: one, live: &seen}
		p.changeLive(t)
		if live.HostUp {
			p.replug(t)
		}
	}
	for _, problem := range p.runEach() {
		return problem
	}
	return nil
}

// replug lets the carrier go while the end has no bridge yet: the container forgets its neighbours, whose addresses
// were those of the bridge before (neigh_carrier_down in net/core/neighbour.c), and DHCP clients see that the wire may
// be another.
func (p *planner) replug(t *target) {
	down, up := false, true
	p.add(plan.Step{
		Phase: plan.Down, Action: "down", Object: t.describe(),
		Run: func() error {
			if err := p.host.kernel.ChangeLink(t.hostEnd(), kernel.LinkRequest{Up: &down}); err != nil {
				return err
			}
			return t.awaitUnplugged()
		},
	})
	p.add(plan.Step{
		Phase: plan.Up, Action: "up", Object: t.describe(),
		Run: func() error { return p.host.kernel.ChangeLink(t.hostEnd(), kernel.LinkRequest{Up: &up}) },
	})
}

// awaitUnplugged waits until the kernel has told the container: it does so a little later, and not at all if the
// carrier is back by then (net/core/link_watch.c).
func (t *target) awaitUnplugged() error {
	const patience, pause = 2 * time.Second, 5 * time.Millisecond
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		link, err := linkOf(t.container.kernel, t.want.Name)
		if err != nil || link == nil || link.Flags&unix.IFF_RUNNING == 0 {
			return err
		}
	}
	return nil
}
