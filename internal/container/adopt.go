package container

import (
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/schema"
)

// adopt leaves the addressing of an interface to systemd-networkd inside, where that has set it up just as it is
// declared: so it is in containers that OpenStack-Ansible's roles have deployed. The container's configuration then
// says nothing of it.
func (t *target) adopt() {
	// One with DHCP has its client running inside.
	t.moves = t.takeOver && !t.want.Absent() && !deref(t.want.DHCP)
	if t.moves || !t.want.openstack || t.have == nil || t.live == nil || hasAddressing(&t.have.Interface) {
		return
	}
	inside, ok := t.container.networkdInside(t.want.Name)
	if !ok || !t.isAsWanted(inside) {
		return
	}
	for _, row := range addressingRows() {
		row.Assign(t.want, &Interface{})
	}
}

// addressingRows are what systemd-networkd inside sets.
func addressingRows() schema.Table[Interface] {
	return append(schema.Table[Interface]{addressesRow(), gatewayRow(), gateway6Row(), onLinkRow(), routesRow()},
		clientRows()...)
}

func hasAddressing(i *Interface) bool {
	return len(deref(i.Addresses)) > 0 || deref(i.Gateway).IsValid() || deref(i.Gateway6).IsValid() ||
		len(deref(i.Routes)) > 0 ||
		deref(i.DHCP) || deref(i.DHCP6)
}

// isAsWanted compares with the running container.
func (t *target) isAsWanted(inside networkdFile) bool {
	if deref(t.want.DHCP) {
		leased := slices.ContainsFunc(t.live.DynamicAddresses, func(prefix netip.Prefix) bool { return prefix.Addr().Is4() })
		// In a container that has just started it may still be asking.
		if !inside.dhcp || !leased && t.container.findNetworkd() == 0 {
			return false
		}
	}
	routes := slices.Concat(deref(t.live.Routes), t.live.routesOfTables(deref(t.want.Routes)))
	has := func(list []Route, one Route) bool {
		return slices.ContainsFunc(list, func(other Route) bool { return compareRoutes(one, other) == 0 })
	}
	for _, route := range routes {
		if !has(deref(t.want.Routes), route) {
			return false
		}
	}
	for _, route := range deref(t.want.Routes) {
		if !has(routes, route) {
			return false
		}
	}
	return slices.Equal(deref(t.want.Addresses), deref(t.live.Addresses)) &&
		deref(t.want.Gateway) == deref(t.live.Gateway) &&
		deref(t.want.Gateway6) == deref(t.live.Gateway6)
}

// networkdFile is what systemd-networkd inside a container is told of a link.
type networkdFile struct{ dhcp bool }

// networkdFolder is where the roles put its files.
const networkdFolder = "etc/systemd/network"

// largestUnit bounds what is read of a file that is the container's.
const largestUnit = 64 << 10

// networkdInside looks for the file of a link. Nothing in the container leads out of it.
func (c *Container) networkdInside(name string) (networkdFile, bool) {
	root, err := c.root()
	if err != nil {
		return networkdFile{}, false
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), networkdFolder)
	if err != nil {
		return networkdFile{}, false
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".network") || !entry.Type().IsRegular() {
			continue
		}
		// A pipe in the place of the file must not hold us.
		file, err := root.OpenFile(path.Join(networkdFolder, entry.Name()), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(file, largestUnit))
		file.Close()
		if found, ok := parseNetworkd(string(content), name); ok && err == nil {
			return found, true
		}
	}
	return networkdFile{}, false
}

func parseNetworkd(text, name string) (networkdFile, bool) {
	var found networkdFile
	section, matches := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch section + key {
		case "[Match]Name":
			matches = slices.Contains(strings.Fields(value), name)
		case "[Network]DHCP":
			found.dhcp = value == "yes" || value == "true" || value == "ipv4"
		}
	}
	return found, matches
}
