package task

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"hostnet.linux/internal/control"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

// check is one probe of a task.
type check struct {
	name string
	try  func() error
}

// settling is how long a change may take until traffic flows: spanning trees and LACP take seconds.
const settling = 15 * time.Second

// checksOf are the probes that the settings ask for, on the host as it is now.
func checksOf(wanted *host.Probes, routes []kernel.Route) []check {
	if wanted == nil {
		return nil
	}
	var out []check
	ping := func(what string, target netip.Addr) {
		out = append(out, check{fmt.Sprintf("%s %s does not answer a ping", what, target),
			func() error { return probe.Ping(target) }})
	}
	if isTrue(wanted.Gateway) {
		for _, gateway := range gateways(routes) {
			ping("the gateway", gateway)
		}
	}
	if connection, ok := control.Find(); ok && isTrue(wanted.Controller) {
		ping("the controller", connection.Controller)
	}
	for _, target := range listOf(wanted.TCP) {
		out = append(out, check{fmt.Sprintf("no TCP connection to %s", target), func() error { return dial(target) }})
	}
	for _, one := range listOf(wanted.DNS) {
		out = append(out, check{fmt.Sprintf("the DNS server %s does not resolve %s", *one.Server, *one.Name), func() error {
			addresses, err := probe.Resolve(*one.Server, *one.Name, false)
			if err == nil && len(addresses) == 0 {
				addresses, err = probe.Resolve(*one.Server, *one.Name, true)
			}
			if err == nil && len(addresses) == 0 {
				err = errors.New("it has no address")
			}
			return err
		}})
	}
	return out
}

func gateways(routes []kernel.Route) []netip.Addr {
	var out []netip.Addr
	for _, route := range routes {
		if route.To.Bits() != 0 {
			continue
		}
		for _, hop := range route.NextHops {
			if hop.Via.IsValid() && !hop.Via.IsLinkLocalUnicast() {
				out = append(out, hop.Via)
			}
		}
	}
	return out
}

func dial(target netip.AddrPort) error {
	conn, err := net.DialTimeout("tcp", target.String(), 3*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

func isTrue(value *bool) bool { return value != nil && *value }

func listOf[V any](values *[]V) []V {
	if values == nil {
		return nil
	}
	return *values
}

// passing leaves out what does not pass now: it proves nothing about the change.
func passing(checks []check) []check {
	var out []check
	for _, one := range checks {
		if one.try() == nil {
			out = append(out, one)
		}
	}
	return out
}

// passAll tries until everything passes or has had its time.
func passAll(checks []check) error {
	var failures []error
	deadline := time.Now().Add(settling)
	for _, one := range checks {
		err := one.try()
		for err != nil && time.Now().Before(deadline) {
			time.Sleep(200 * time.Millisecond)
			err = one.try()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("probes: %s: %w", one.name, err))
		}
	}
	return errors.Join(failures...)
}
