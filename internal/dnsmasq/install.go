package dnsmasq

import (
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// packageName is the package to install. Debian's package dnsmasq would start a service that takes port 53 of every
// address; dnsmasq-base is the program alone.
func packageName(s *system.System) string {
	if s.IsDebian() {
		return "dnsmasq-base"
	}
	return "dnsmasq"
}

func installStep(s *system.System) plan.Step {
	return plan.Step{
		Phase: plan.Prepare, Action: "install", Object: "package " + packageName(s),
		Run: func() error { return s.Install(packageName(s)) },
	}
}
