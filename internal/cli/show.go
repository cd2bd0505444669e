package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

func show(t *terminal) error {
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return err
	}
	defer done()
	t.tellPending(site)
	seen, err := site.Host.Observe()
	if err != nil {
		return err
	}
	if t.json {
		return t.printJSON(seen.Export())
	}
	t.table(seen)
	fmt.Fprintln(t.output)
	t.trees(seen)
	return nil
}

// table is a line for each link.
func (t *terminal) table(seen *host.Observed) {
	writer := tabwriter.NewWriter(t.output, 0, 0, 2, ' ', 0)
	fmt.Fprintln(writer, "LINK\tKIND\tSTATE\tMTU\tPART OF\tADDRESSES")
	addresses := seen.Addresses.Declared()
	for _, one := range seen.Links.Links {
		var texts []string
		for _, address := range addresses[one.Name] {
			texts = append(texts, address.Prefix.String())
		}
		fmt.Fprintf(writer, "%s\t%s\t%s\t%s\t%s\t%s\n", one.Name, kindOf(one), stateOf(one), number(one.MTU),
			one.Observed.Controller, strings.Join(texts, " "))
	}
	_ = writer.Flush()
}

func kindOf(one *link.Link) string {
	if one.Kind == link.Hardware {
		return "nic"
	}
	return one.Kind
}

func stateOf(one *link.Link) string {
	switch {
	case one.Up == nil || !*one.Up:
		return "down"
	case !one.Observed.Carrier:
		return "no carrier"
	}
	return "up"
}

func number[N uint32 | int](n *N) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// trees shows what stands on what, from the upper links down.
func (t *terminal) trees(seen *host.Observed) {
	below := map[string][]string{}
	under := map[string]bool{}
	for _, one := range seen.Links.Links {
		if controller := one.Observed.Controller; controller != "" {
			below[controller] = append(below[controller], one.Name)
			under[one.Name] = true
		}
		if one.Parent != nil && *one.Parent != "" {
			below[one.Name] = append(below[one.Name], *one.Parent)
			under[*one.Parent] = true
		}
	}
	for _, one := range seen.Links.Links {
		if len(below[one.Name]) > 0 && !under[one.Name] {
			t.tree(one.Name, below, "", nil)
		}
	}
}

func (t *terminal) tree(name string, below map[string][]string, indent string, above []string) {
	fmt.Fprintln(t.output, t.paint("1", name))
	if slices.Contains(above, name) {
		return
	}
	list := below[name]
	slices.Sort(list)
	for i, one := range list {
		branch, more := "├─ ", "│  "
		if i == len(list)-1 {
			branch, more = "└─ ", "   "
		}
		fmt.Fprint(t.output, indent+branch)
		t.tree(one, below, indent+more, append(above, name))
	}
}
