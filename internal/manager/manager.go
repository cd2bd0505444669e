// Package manager knows the other programs that set up links of a host, tells which of them has which link, and takes
// links out of their hands in a way that can be taken back. It reads and writes their files alone: what a program makes
// of its files at its next start is what counts.
package manager

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/system"
)

// The programs, as messages call them.
const (
	networkd       = "systemd-networkd"
	networkManager = "NetworkManager"
	ifupdown       = "ifupdown"
)

// Link is what the programs tell links apart by. Index is 0 for a link that is not there yet.
type Link struct {
	Name, Kind, MAC string
	Index           int
}

// Claim is a link that a program sets up as well, and the file that makes it do so.
type Claim struct {
	Link, Manager, File string
}

// Describe names the program. netplan has another one do its work, in files that it makes.
func (c Claim) Describe() string {
	if strings.Contains(filepath.Base(c.File), "netplan") {
		return "netplan, which uses " + c.Manager
	}
	return c.Manager
}

// Claims finds the programs that set up the links, or will from the next boot on.
func Claims(s *system.System, links []Link) ([]Claim, error) {
	var claims []Claim
	for _, find := range []func(*system.System, []Link) ([]Claim, error){
		networkdClaims, networkManagerClaims, ifupdownClaims} {
		found, err := find(s, links)
		if err != nil {
			return nil, err
		}
		claims = append(claims, found...)
	}
	return claims, nil
}

// IsActive tells whether systemd has the service running. It keeps such a link for its journal, which takes no program
// to ask.
func IsActive(s *system.System, service string) bool {
	return linkExists(s, "/run/systemd/units/invocation:"+service)
}

// isUsed tells whether a service runs or starts with the host.
func isUsed(s *system.System, service string) bool {
	if IsActive(s, service) {
		return true
	}
	const units = "/etc/systemd/system"
	entries, err := os.ReadDir(s.Path(units))
	return err == nil && slices.ContainsFunc(entries, func(one os.DirEntry) bool {
		return strings.HasSuffix(one.Name(), ".wants") && linkExists(s, filepath.Join(units, one.Name(), service))
	})
}

// files lists the files with an ending in the folders by their names, in the order in which systemd and its like read
// them: a file hides those of its name in later folders.
func files(s *system.System, folders []string, ending string) ([]system.File, error) {
	found := map[string]string{}
	for _, folder := range slices.Backward(folders) {
		paths, err := filepath.Glob(s.Path(filepath.Join(folder, "*"+ending)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			found[filepath.Base(path)] = filepath.Join(folder, filepath.Base(path))
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []system.File
	for _, name := range names {
		file, err := s.File(found[name])
		if system.IsNotPlain(err) {
			// No program takes it for a file of its own either.
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, file)
	}
	return out, nil
}
