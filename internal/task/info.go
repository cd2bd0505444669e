package task

import (
	"context"
	"slices"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/schema"
)

// Info reads the host and changes nothing.
func Info(_ context.Context, call ansible.Call) ansible.Result {
	settings, err := host.ParseInfo(call.Arguments)
	if err != nil {
		return ansible.Fail(err)
	}
	handle, err := linux.Open(settings.Namespace())
	if err != nil {
		return ansible.Fail(err)
	}
	defer handle.Close()
	reader := &host.Host{Kernel: handle}
	seen, err := reader.Observe()
	if err != nil {
		return ansible.Fail(err)
	}
	network := seen.Export()
	if !settings.Full() {
		network = reader.ExportDeclared(seen)
	}
	wired, warnings, err := Topology(settings.Namespace())
	if err != nil {
		return ansible.Fail(err)
	}
	if settings.Routing() {
		if err := wired.ReadRouting(); err != nil {
			return ansible.Fail(err)
		}
	}
	var heard any
	if settings.LLDP() {
		if heard, err = neighbours(settings, wired); err != nil {
			return ansible.Fail(err)
		}
	}
	values := schema.Object{{Key: "network", Value: network}, {Key: "topology", Value: wired},
		{Key: "cards", Value: cards(handle, seen)}}
	if heard != nil {
		values.Set("neighbours", heard)
	}
	if facts := settings.Settings.Facts; facts != nil && *facts {
		values.Set("ansible_facts", schema.Object{{Key: "hostnet", Value: slices.Clone(values)}})
	}
	return ansible.Result{Warnings: warnings, Values: values}
}
