package services

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// hairpinPort is a port of a bridge that is in hairpin mode because of a translation's forwards to a container behind
// it.
type hairpinPort struct {
	Translation string     `json:"nat"`
	Bridge      string     `json:"bridge"`
	Port        string     `json:"port"`
	Index       int        `json:"ifindex"`
	Container   netip.Addr `json:"to"`
}

func (p hairpinPort) isSamePort(other hairpinPort) bool { return p.Port == other.Port }

// hairpinsPath is where these ports are noted, so that their mode goes with the last forward: a port in that mode that
// is not noted is somebody else's. Ports do not outlive the boot, and neither does the note.
func (s *Site) hairpinsPath() string {
	network := ""
	if s.Namespace != "" {
		network = strings.ReplaceAll(strings.Trim(s.Namespace, "/"), "/", "-") + "."
	}
	return system.RuntimeFolder + "/" + network + "hairpins.json"
}

// hairpinPorts are the noted ports that are still there.
func (s *Site) hairpinPorts(seen *host.Observed) ([]hairpinPort, error) {
	file, err := s.Services.System.File(s.hairpinsPath())
	if err != nil || !file.Present {
		return nil, err
	}
	var noted []hairpinPort
	if err := json.Unmarshal(file.Content, &noted); err != nil {
		return nil, nil //nolint:nilerr // a note that cannot be read is as none: nothing of others' is changed for it
	}
	return slices.DeleteFunc(noted, func(one hairpinPort) bool {
		port := seen.Links.Find(one.Port)
		return port == nil || port.Observed.Index != one.Index || port.Observed.Controller != one.Bridge
	}), nil
}

// note is the step that writes the noted ports down.
func (s *Site) note(ports []hairpinPort) plan.Step {
	path := s.hairpinsPath()
	// It goes with the mode wherever that is set, by hostnet watch as well.
	step := plan.Step{Phase: plan.Forward, Action: "write", Object: "file " + path, Upkeep: true, Run: func() error {
		content, err := json.Marshal(ports)
		if err != nil {
			return fmt.Errorf("cannot write down which ports are in hairpin mode: %w", err)
		}
		return s.Services.System.Put(system.Text(path, string(content)+"\n"))
	}}
	if len(ports) == 0 {
		step.Action, step.Run = "remove", func() error { return s.Services.System.Put(system.NoFile(path)) }
	}
	return step
}

// leaveHairpinMode finds the steps for ports whose last forward goes.
func (s *Site) leaveHairpinMode(seen *host.Observed, noted, left []hairpinPort) []plan.Step {
	var steps []plan.Step
	for i, one := range noted {
		if slices.ContainsFunc(left, one.isSamePort) || slices.ContainsFunc(noted[:i], one.isSamePort) {
			continue
		}
		if have := seen.Links.Find(one.Bridge); have != nil && have.Kind == link.Bridge && inHairpinMode(have, one.Port) {
			steps = append(steps, s.hairpinStep(one, false))
		}
	}
	return steps
}
