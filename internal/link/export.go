package link

import "hostnet.linux/internal/schema"

// ObservableOptions are the options of a kind that the kernel reports, but for the ports.
func ObservableOptions(kind string) schema.Table[Link] { return tableOf(kind) }

// ManagedPorts is the list of a link's ports as a playbook would write it, with the options that pattern sets. Ports
// that pattern does not list show by name if it releases them.
func ManagedPorts(l, pattern *Link) []any {
	list := []any{}
	for i := range *l.Ports {
		port := &(*l.Ports)[i]
		wanted := pattern.portNamed(port.Name)
		if wanted == nil {
			if pattern.Kind != Bridge || deref(pattern.ExclusivePorts) {
				list = append(list, port.Name)
			}
			continue
		}
		out := schema.Object{}
		for _, option := range portTable(pattern.Kind) {
			if option.IsSet(wanted) {
				out.Set(option.Name, option.Export(port))
			}
		}
		if len(out) == 1 {
			list = append(list, port.Name)
		} else {
			list = append(list, out)
		}
	}
	return list
}

// Export is an observed link as a playbook would write it: feeding it back changes nothing.
func Export(l *Link) schema.Object {
	kind := l.Kind
	if !KnownKind(kind) {
		kind = Hardware
	}
	if l.followsActivePort() {
		without := *l
		without.MAC = nil
		l = &without
	}
	return Options(kind).Export(l)
}
