package dnsmasq

import (
	"errors"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// installLimit bounds the package manager, which may wait for another run of itself.
const installLimit = 10 * time.Minute

// packageManagers install dnsmasq without starting a service of it. Debian's package dnsmasq would start one that
// takes port 53 of every address; dnsmasq-base is the program alone.
var packageManagers = []struct {
	program, name string
	arguments     []string
}{
	{"apt-get", "dnsmasq-base", []string{"-o", "DPkg::Lock::Timeout=300", "install", "--yes", "--no-install-recommends", "dnsmasq-base"}},
	{"dnf", "dnsmasq", []string{"--assumeyes", "install", "dnsmasq"}},
	{"zypper", "dnsmasq", []string{"--non-interactive", "install", "dnsmasq"}},
	{"apk", "dnsmasq", []string{"add", "dnsmasq"}},
}

func packageName(s *system.System) string {
	for _, manager := range packageManagers {
		if s.Find(manager.program) != "" {
			return manager.name
		}
	}
	return "dnsmasq"
}

func installStep(s *system.System) plan.Step {
	return plan.Step{
		Phase: plan.Prepare, Action: "install", Object: "package " + packageName(s),
		Run: func() error { return install(s) },
	}
}

func install(s *system.System) error {
	for _, manager := range packageManagers {
		program := s.Find(manager.program)
		if program == "" {
			continue
		}
		_, err := s.Run(installLimit, nil, program, manager.arguments...)
		if err != nil && manager.program == "apt-get" {
			// The list of packages may be missing or out of date.
			if _, updateErr := s.Run(installLimit, nil, program, "update"); updateErr == nil {
				_, err = s.Run(installLimit, nil, program, manager.arguments...)
			}
		}
		return err
	}
	return errors.New("this host has no package manager that is known here: install dnsmasq yourself")
}
