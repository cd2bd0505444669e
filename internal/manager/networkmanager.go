package manager

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/system"
)

const networkManagerService = "NetworkManager.service"

// networkManagerFile sorts last: it adds to what others say.
func networkManagerFile(link string) string {
	return "/etc/NetworkManager/conf.d/zz-hostnet-" + link + ".conf"
}

func unmanagedByNetworkManager(link string) system.File {
	return system.Text(networkManagerFile(link), mark+"[keyfile]\nunmanaged-devices+=interface-name:="+link+"\n")
}

// profileFolders hold what NetworkManager would make of links (NetworkManager.conf(5), nm-settings-keyfile(5)).
var profileFolders = []string{"/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections",
	"/usr/lib/NetworkManager/system-connections"}

func networkManagerClaims(s *system.System, links []Link) ([]Claim, error) {
	if !isUsed(s, networkManagerService) {
		return nil, nil
	}
	profiles, err := files(s, profileFolders, "")
	if err != nil {
		return nil, err
	}
	var claims []Claim
	for _, link := range links {
		own, err := s.File(networkManagerFile(link.Name))
		if err != nil {
			return nil, err
		}
		file := profileOf(profiles, link)
		if link.Index > 0 {
			// What NetworkManager itself notes of each device.
			path := fmt.Sprintf("/run/NetworkManager/devices/%d", link.Index)
			device, err := s.File(path)
			if err != nil {
				return nil, err
			}
			managed, known := truth(last(parseKeyfile(string(device.Content)), "device", "managed"))
			switch {
			case known && !managed:
				file = ""
			case managed && file == "" && link.Kind == "":
				// Links that others have made are watched, and left alone where no profile is about them.
				file = path
			}
		}
		if file != "" && !own.Present {
			claims = append(claims, Claim{link.Name, networkManager, file})
		}
	}
	return claims, nil
}

// profileOf is the file of the profile that is about the link, "" if there is none. What was written for the link
// counts more than what NetworkManager has made up for the card, which it keeps under /run.
func profileOf(profiles []system.File, link Link) string {
	found, best := "", 0
	for _, profile := range profiles {
		entries := parseKeyfile(string(profile.Content))
		mac := last(entries, "ethernet", "mac-address")
		rank := 0
		watched, _ := truth(last(entries, ".nmmeta", "external"))
		generated, _ := truth(last(entries, ".nmmeta", "nm-generated"))
		switch {
		case watched || generated && link.Kind != "":
		case last(entries, "connection", "interface-name") == link.Name && !strings.HasPrefix(profile.Path, "/run/"):
			rank = 3
		case last(entries, "connection", "interface-name") == link.Name:
			rank = 2
		case mac != "" && strings.EqualFold(mac, link.MAC):
			rank = 1
		}
		if rank > best {
			found, best = profile.Path, rank
		}
	}
	return found
}
