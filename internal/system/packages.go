package system

import (
	"errors"
	"strings"
	"time"
)

// installLimit bounds a package manager, which may wait for another run of itself.
const installLimit = 10 * time.Minute

// packageManager is the commands of one family of distributions; the names of packages are appended to both.
type packageManager struct {
	program            string
	install, query     []string
	refresh            []string // fetches the list of packages where install does not
	installedWithEntry string   // what query prints of an installed package, "" if its exit code tells
}

var packageManagers = []packageManager{
	{
		program: "apt-get",
		install: []string{"apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold", "install",
			"--yes", "--no-install-recommends"},
		query: []string{"dpkg-query", "--show", "--showformat=${db:Status-Status}"}, installedWithEntry: "installed",
		refresh: []string{"apt-get", "update"},
	},
	{program: "dnf", install: []string{"dnf", "--assumeyes", "install"}, query: []string{"rpm", "--query"}},
	{program: "zypper", install: []string{"zypper", "--non-interactive", "install"}, query: []string{"rpm", "--query"}},
	{program: "apk", install: []string{"apk", "add"}, query: []string{"apk", "info", "--installed"}},
}

func (s *System) packageManager() (packageManager, bool) {
	for _, manager := range packageManagers {
		if s.Find(manager.program) != "" {
			return manager, true
		}
	}
	return packageManager{}, false
}

// IsDebian tells whether packages have the names of Debian's.
func (s *System) IsDebian() bool {
	manager, _ := s.packageManager()
	return manager.program == "apt-get"
}

// Installed tells whether a package is there.
func (s *System) Installed(name string) (bool, error) {
	manager, known := s.packageManager()
	if !known {
		return false, errNoPackageManager
	}
	said, err := s.Run(installLimit, nil, s.Find(manager.query[0]),
		append(manager.query[1:len(manager.query):len(manager.query)], name)...)
	// A package that is not known at all is an error for them.
	return err == nil && (manager.installedWithEntry == "" || strings.TrimSpace(said) == manager.installedWithEntry), nil
}

var errNoPackageManager = errors.New(
	"this host has no package manager that is known here (apt-get, dnf, zypper, apk): install the packages yourself")

// Install installs packages, and starts none of the services that they would only recommend.
func (s *System) Install(names ...string) error {
	manager, known := s.packageManager()
	if !known {
		return errNoPackageManager
	}
	install := func() error {
		_, err := s.Run(installLimit, nil, s.Find(manager.program),
			append(manager.install[1:len(manager.install):len(manager.install)], names...)...)
		return err
	}
	err := install()
	if err == nil || manager.refresh == nil {
		return err
	}
	// The list of packages may be missing or out of date.
	if _, refreshErr := s.Run(installLimit, nil, s.Find(manager.refresh[0]), manager.refresh[1:]...); refreshErr == nil {
		err = install()
	}
	return err
}
