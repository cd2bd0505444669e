package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"hostnet.linux/internal/openstack"
)

const (
	openstackName = "openstack"
	openstackText = "the networks of an OpenStack-Ansible cloud, on its controller; exit code 2 if they are refused"
)

const openstackHelp = `hostnet openstack: the networks of an OpenStack-Ansible cloud, read on its controller; nothing is changed there

  hostnet openstack check DIRECTORY      what is wrong, and what an upgrade would alter
  hostnet openstack plan DIRECTORY       every host and container with its networks
  hostnet openstack show DIRECTORY       the same as a table
  hostnet openstack allocate DIRECTORY   the new names and addresses; --write records them

DIRECTORY holds openstack_user_config.yml, mostly /etc/openstack_deploy.
Exit codes: 0 all is well, 1 check found a difference from the memory or the command failed, 2 the configuration or
the command line is refused.

`

// installedEnvironment is where an installed OpenStack-Ansible has its groups of components.
const installedEnvironment = "/opt/openstack-ansible/inventory/env.d"

type openstackCommand struct {
	source    openstack.Source
	json      bool
	write     bool
	inventory bool
	forget    []string
}

func runOpenStack(arguments []string, output, complaints io.Writer) int {
	fail := func(code int, err error) int {
		fmt.Fprintln(complaints, "hostnet:", err)
		return code
	}
	var c openstackCommand
	verb, err := c.parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(output, openstackHelp)
		return 0
	}
	if err != nil {
		return fail(2, fmt.Errorf("%w: see hostnet openstack --help", err))
	}
	if verb == "allocate" && c.write {
		plan, backup, err := openstack.Allocate(c.source, c.forget)
		if err != nil {
			return fail(1, err)
		}
		return c.allocated(plan, backup, output, complaints)
	}
	plan, err := openstack.Make(c.source)
	if err != nil {
		return fail(1, err)
	}
	return c.tell(verb, plan, output, complaints)
}

// parse takes flags before and after the words.
func (c *openstackCommand) parse(arguments []string) (string, error) {
	flags := flag.NewFlagSet("hostnet openstack", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&c.json, "json", false, "")
	flags.BoolVar(&c.write, "write", false, "")
	flags.BoolVar(&c.inventory, "inventory", false, "")
	flags.StringVar(&c.source.Memory, "memory", "", "")
	flags.StringVar(&c.source.Environment, "environment", "", "")
	flags.Func("forget", "", func(name string) error { c.forget = append(c.forget, name); return nil })
	var words []string
	for len(arguments) > 0 {
		if err := flags.Parse(arguments); err != nil {
			return "", err
		}
		arguments = flags.Args()
		if len(arguments) > 0 {
			words, arguments = append(words, arguments[0]), arguments[1:]
		}
	}
	switch {
	case len(words) == 0:
		return "", flag.ErrHelp
	case !slices.Contains([]string{"check", "plan", "show", "allocate"}, words[0]):
		return "", fmt.Errorf("openstack takes check, plan, show or allocate, not %q", words[0])
	case len(words) != 2:
		return "", fmt.Errorf("openstack %s takes one directory, such as /etc/openstack_deploy", words[0])
	case (c.write || len(c.forget) > 0) && words[0] != "allocate":
		return "", fmt.Errorf("openstack %s takes neither --write nor --forget: that is allocate's", words[0])
	case len(c.forget) > 0 && !c.write:
		return "", errors.New("--forget takes --write")
	}
	c.source.Directory = words[1]
	if info, err := os.Stat(installedEnvironment); c.source.Environment == "" && err == nil && info.IsDir() {
		c.source.Environment = installedEnvironment
	}
	return words[0], nil
}

func (c *openstackCommand) tell(verb string, plan *openstack.Plan, output, complaints io.Writer) int {
	refused := len(plan.Problems) > 0
	if c.json || c.inventory {
		answer := any(plan)
		if c.inventory {
			answer = plan.Inventory()
		}
		encoder := json.NewEncoder(output)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(answer); err != nil {
			fmt.Fprintln(complaints, "hostnet:", err)
			return 1
		}
	} else {
		tellFaults(plan, complaints)
		switch {
		case refused:
		case verb == "show" || verb == "plan":
			showNetworks(plan, output)
		default:
			for _, line := range plan.Changes() {
				fmt.Fprintln(output, line)
			}
		}
	}
	switch {
	case refused:
		return 2
	case verb == "check" && plan.Remembers() && len(plan.Changes()) > 0:
		return 1
	}
	return 0
}

func tellFaults(plan *openstack.Plan, complaints io.Writer) {
	for _, warning := range plan.Warnings {
		fmt.Fprintln(complaints, "warning:", warning)
	}
	for _, problem := range plan.Problems {
		fmt.Fprintln(complaints, problem)
	}
}

func (c *openstackCommand) allocated(plan *openstack.Plan, backup string, output, complaints io.Writer) int {
	if len(plan.Problems) > 0 {
		return c.tell("allocate", plan, output, complaints)
	}
	if c.json {
		return c.tell("allocate", plan, output, complaints)
	}
	tellFaults(plan, complaints)
	for _, line := range plan.Changes() {
		fmt.Fprintln(output, line)
	}
	if len(plan.Changes()) > 0 || len(c.forget) > 0 {
		fmt.Fprintln(output, "recorded in", c.source.MemoryPath())
	}
	if backup != "" {
		fmt.Fprintln(output, "as it was before:", backup)
	}
	return 0
}

func showNetworks(plan *openstack.Plan, output io.Writer) {
	show := func(name string, vars map[string]any) {
		fmt.Fprintf(output, "%s (%v)\n", name, orDash(vars["component"]))
		networks, _ := vars["container_networks"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(networks)) {
			entry, _ := networks[key].(map[string]any)
			fmt.Fprintf(output, "  %-24s %-8v %-15v %v", strings.TrimSuffix(key, "_address"), orDash(entry["interface"]),
				orDash(entry["bridge"]), orDash(entry["address"]))
			if entry["mtu"] != nil {
				fmt.Fprintf(output, " mtu %v", entry["mtu"])
			}
			fmt.Fprintln(output)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(plan.Hosts)) {
		show(host, plan.Hosts[host])
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Containers)) {
		show(name, plan.Containers[name])
	}
}

func orDash(v any) any {
	if v == nil {
		return "-"
	}
	return v
}
