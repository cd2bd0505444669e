package networkd

import (
	"fmt"
	"net/netip"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
)

// route writes a route that is declared by itself into the file of the link that it leaves by.
func (w *writer) route(one host.Written) {
	link := textOf(one.Options.Get("dev"))
	via := textOf(one.Options.Get("via"))
	hops, _ := one.Options.Get("nexthops").([]any)
	if len(hops) > 0 {
		first := objectOf(hops[0], "via")
		link, via = textOf(first.Get("dev")), textOf(first.Get("via"))
	}
	if kind := textOf(one.Options.Get("type")); via == "" && link == "" && kind != "" && kind != "unicast" &&
		kind != "local" {
		link = loopback
	}
	if gateway, err := netip.ParseAddr(via); err == nil && link == "" {
		for _, subnet := range w.subnets {
			if subnet.prefix.Contains(gateway) {
				link = subnet.link
			}
		}
	}
	if link == "" || link != loopback && w.networks[link] == nil {
		schema.At(one.Path,
			w.problems).Problem("systemd-networkd keeps routes with their links: declare the link, and give dev here")
		return
	}
	w.routeOn(link, one.Options, one.Path)
}

func (w *writer) routeOn(link string, one schema.Object, path string) {
	section := w.network(link).add("Route")
	to, via := textOf(one.Get("to")), textOf(one.Get("via"))
	if to == "default" {
		to = "0.0.0.0/0"
		if textOf(one.Get("family")) == "inet6" || one.Get("family") == nil && strings.Contains(via+firstHop(one), ":") {
			to = "::/0"
		}
	}
	section.set("Destination", to)
	w.writeDirectives(section, one, routeWords(), path)
	hops, _ := one.Get("nexthops").([]any)
	for i, element := range hops {
		hop := objectOf(element, "via")
		text := textOf(hop.Get("via"))
		if text == "" || hop.Get("onlink") == true {
			schema.At(path, w.problems).Key("nexthops").Index(i).Problem(
				"systemd-networkd takes a gateway, a link and a weight for each: use `persist: true`")
			continue
		}
		if dev := textOf(hop.Get("dev")); dev != "" {
			text += "@" + dev
		}
		if weight := hop.Get("weight"); weight != nil {
			text += fmt.Sprintf(" %v", weight)
		}
		section.set("MultiPathRoute", text)
	}
}

func firstHop(one schema.Object) string {
	if hops, _ := one.Get("nexthops").([]any); len(hops) > 0 {
		return textOf(objectOf(hops[0], "via").Get("via"))
	}
	return ""
}

// rule writes a routing policy rule; rules belong to no link.
func (w *writer) rule(one host.Written) {
	options := schema.Object{}
	for _, option := range one.Options {
		isAny := (option.Key == "from" || option.Key == "to") && option.Value == "all"
		if isAny || option.Key == "fwmask" {
			continue
		}
		if mask := one.Options.Get("fwmask"); option.Key == "fwmark" && mask != nil {
			option.Value = fmt.Sprintf("%v/%v", option.Value, mask)
		}
		options = append(options, option)
	}
	w.writeDirectives(w.network(loopback).add("RoutingPolicyRule"), options, ruleWords(), one.Path)
}
