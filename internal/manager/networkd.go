package manager

import (
	"path"
	"slices"
	"strings"

	"hostnet.linux/internal/system"
)

// Networkd is the service of systemd-networkd.
const Networkd = "systemd-networkd.service"

// networkdFolders are searched in this order (systemd.network(5)).
var networkdFolders = []string{"/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network",
	"/usr/lib/systemd/network"}

// networkdFile sorts before the files of others: the first one that matches a link is the only one that counts.
func networkdFile(link string) string {
	return "/etc/systemd/network/0-hostnet.unmanaged-" + link + ".network"
}

func unmanagedByNetworkd(link string) system.File {
	return system.Text(networkdFile(link), mark+"[Match]\nName="+link+"\n\n[Link]\nUnmanaged=yes\n")
}

// ours begins the names of all files of ours there.
const ours = "0-hostnet"

// networkdConfig keeps networkd from removing routes and rules that it did not make: of rules it takes all for its own.
const networkdConfig = "/etc/systemd/networkd.conf.d/hostnet.conf"

var foreignAreKept = system.Text(networkdConfig,
	mark+"[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n")

func networkdClaims(s *system.System, links []Link) ([]Claim, error) {
	if !isUsed(s, Networkd) {
		return nil, nil
	}
	networks, err := files(s, networkdFolders, ".network")
	if err != nil {
		return nil, err
	}
	var claims []Claim
	for _, link := range links {
		for _, file := range networks {
			entries, err := withDropIns(s, file)
			if err != nil {
				return nil, err
			}
			if !matches(entries, link) {
				continue
			}
			if unmanaged, _ := truth(last(entries, "Link", "Unmanaged")); !unmanaged &&
				!strings.HasPrefix(path.Base(file.Path), ours) {
				claims = append(claims, Claim{link.Name, networkd, file.Path})
			}
			break
		}
	}
	return claims, nil
}

// withDropIns are the entries of a file and of the folder FILE.d.
func withDropIns(s *system.System, file system.File) ([]entry, error) {
	entries := parseKeyfile(string(file.Content))
	var folders []string
	for _, folder := range networkdFolders {
		folders = append(folders, path.Join(folder, path.Base(file.Path)+".d"))
	}
	more, err := files(s, folders, ".conf")
	if err != nil {
		return nil, err
	}
	for _, one := range more {
		entries = append(entries, parseKeyfile(string(one.Content))...)
	}
	return entries, nil
}

// matches tells whether a .network file is about the link. Keys that cannot be judged from here count as fulfilled: a
// warning too many is better than one too few. A file without any matches nothing.
func matches(entries []entry, link Link) bool {
	any := false
	for _, one := range entries {
		if one.section != "Match" || one.value == "" {
			continue
		}
		any = true
		fits := true
		switch one.key {
		case "Name":
			fits = matchesOne(one.value, link.Name)
		case "Kind":
			fits = matchesOne(one.value, link.Kind)
		case "Type":
			fits = matchesOne(one.value, networkdType(link.Kind))
		case "MACAddress", "PermanentMACAddress":
			fits = slices.ContainsFunc(strings.Fields(one.value), func(mac string) bool {
				return strings.EqualFold(strings.ReplaceAll(mac, "-", ":"), link.MAC)
			})
		}
		if !fits {
			return false
		}
	}
	return any
}

// matchesOne compares with a list of shell patterns, which a first "!" inverts.
func matchesOne(patterns, name string) bool {
	rest, inverted := strings.CutPrefix(patterns, "!")
	found := slices.ContainsFunc(strings.Fields(rest), func(pattern string) bool {
		fits, err := path.Match(pattern, name)
		return err == nil && fits
	})
	return found != inverted
}

// networkdType is what udev calls the kind, "ether" where the kernel has no name of its own.
func networkdType(kind string) string {
	switch kind {
	case "", "veth", "dummy":
		return "ether"
	}
	return kind
}

// dropsForeign tells whether networkd, once it starts, removes rules that it did not make.
func dropsForeign(s *system.System) (bool, error) {
	if !isUsed(s, Networkd) {
		return false, nil
	}
	main, err := s.File("/etc/systemd/networkd.conf")
	if err != nil {
		return false, err
	}
	entries := parseKeyfile(string(main.Content))
	more, err := files(s, []string{"/etc/systemd/networkd.conf.d", "/run/systemd/networkd.conf.d",
		"/usr/lib/systemd/networkd.conf.d"}, ".conf")
	if err != nil {
		return false, err
	}
	for _, one := range more {
		entries = append(entries, parseKeyfile(string(one.Content))...)
	}
	kept, ok := truth(last(entries, "Network", "ManageForeignRoutingPolicyRules"))
	return !ok || kept, nil
}
