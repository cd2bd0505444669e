package services

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
)

// renewing is how long containers may take for their next leases: dnsmasq looks for three seconds whether anybody has
// an address before it offers it.
const renewing = 12 * time.Second

// leased are the DHCP clients of containers that have leases on links that the plan may alter.
func (s *Site) leased(todo *Plan) ([]dhcp.State, error) {
	links := todo.Links()
	if len(links) == 0 {
		return nil, nil
	}
	clients, err := dhcp.OnBridges()
	clients = slices.DeleteFunc(clients, func(c dhcp.State) bool { return !links[c.Bridge] })
	if err != nil || len(clients) == 0 {
		return nil, err
	}
	addresses, err := s.Host.Kernel.Addresses()
	// One whose bridge was renumbered before, and that nobody serves since, is not waited for.
	return slices.DeleteFunc(clients, func(c dhcp.State) bool { return !c.Knows(dhcp.Networks(addresses, c.Bridge)) }), err
}

// awaitLeases waits until clients have leases for the networks that their bridges have now: a task that renumbers a
// bridge ends when its containers can be reached again. One that gets none goes on asking, and is told of.
func (s *Site) awaitLeases(clients []dhcp.State, todo *Plan) error {
	if len(clients) == 0 {
		return nil
	}
	addresses, err := s.Host.Kernel.CurrentAddresses()
	if err != nil {
		return err
	}
	for deadline, pause := time.Now().Add(renewing), 50*time.Millisecond; ; time.Sleep(pause) {
		clients = slices.DeleteFunc(clients, func(c dhcp.State) bool { return !lacksLease(c, addresses) })
		if len(clients) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for _, client := range clients {
		now, _ := dhcp.Find(client.Init, client.Index)
		four, six := dhcp.Networks(addresses, client.Bridge)
		todo.Found = append(todo.Found, fmt.Sprintf("container %s has no lease of %s's new networks (%s) after %s: %s; its "+
			"client goes on asking: does a DHCP server serve them?", client.Container, client.Bridge,
			cmp.Or(strings.TrimSpace(four+" "+six), "none"), renewing, cmp.Or(now.Trouble, "no server has answered")))
	}
	return nil
}

// lacksLease tells whether a client that is still there has no lease for its bridge's networks.
func lacksLease(client dhcp.State, addresses []kernel.Address) bool {
	now, runs := dhcp.Find(client.Init, client.Index)
	return runs && !now.Knows(dhcp.Networks(addresses, client.Bridge))
}
