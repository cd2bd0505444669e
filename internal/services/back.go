package services

import (
	"maps"
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Back finds what putting a checkpoint back changes. It changes nothing; the steps are only to be shown.
func (s *Site) Back(before *Checkpoint) ([]plan.Step, error) {
	var steps []plan.Step
	if before.Host != nil {
		var err error
		if steps, err = s.Host.Back(before.Host, before.Links); err != nil {
			return nil, err
		}
	}
	rest, err := s.backBeside(before)
	steps = append(steps, rest...)
	plan.Order(steps)
	return steps, err
}

// backBeside is what of a checkpoint is no link, address, route or rule.
func (s *Site) backBeside(before *Checkpoint) ([]plan.Step, error) {
	var steps []plan.Step
	if before.Services != nil {
		found, err := s.Services.back(before.Services)
		if err != nil {
			return nil, err
		}
		steps = found
	}
	for _, was := range before.Files {
		now, err := s.Services.System.File(was.Path)
		if err != nil {
			return nil, err
		}
		steps = append(steps, fileStep(now, was)...)
	}
	for _, was := range before.Units {
		now, err := s.Services.System.Unit(was.Name)
		if err != nil {
			return nil, err
		}
		if now.Enabled != was.Enabled {
			steps = append(steps, changeStep("service "+was.Name, "enabled", now.Enabled, was.Enabled))
		}
	}
	return steps, nil
}

func fileStep(now, was system.File) []plan.Step {
	switch {
	case now.Equal(was):
		return nil
	case !was.Present:
		return []plan.Step{{Phase: plan.Finish, Action: "remove", Object: "file " + was.Path}}
	}
	return []plan.Step{{Phase: plan.Finish, Action: "write", Object: "file " + was.Path}}
}

func changeStep(object, option string, now, was any) plan.Step {
	return plan.Step{Phase: plan.Serve, Action: "change", Object: object,
		Changes: []schema.Change{{Option: option, Old: now, New: was}}}
}

// back is what restoring the services changes.
func (h *Host) back(before *State) ([]plan.Step, error) {
	rules, err := nft.Observe(h.Rules)
	if err != nil {
		return nil, err
	}
	steps := nft.Back(h.Rules, rules, before.Rules)
	for _, was := range before.DNSMasq.Instances {
		now, err := was.Now(h.System)
		if err != nil {
			return nil, err
		}
		if now.Active != was.Active {
			steps = append(steps, changeStep("dnsmasq on "+was.Interface, "active", now.Active, was.Active))
		}
		for i := range was.Files {
			steps = append(steps, fileStep(now.Files[i], was.Files[i])...)
		}
	}
	for _, link := range slices.Sorted(maps.Keys(before.Checksums)) {
		now, err := h.Kernel.FillsChecksums(link)
		if was := before.Checksums[link]; err == nil && now != was {
			steps = append(steps, changeStep("checksums of DHCP answers on "+link, "filled", now, was))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(before.Settings.Values)) {
		now, err := h.Kernel.Setting(key)
		if was := before.Settings.Values[key]; err == nil && now != was {
			steps = append(steps, changeStep("setting "+key, "value", now, was))
		}
	}
	file, err := h.System.File(before.Settings.File.Path)
	if err == nil && before.Settings.File.Path != "" {
		steps = append(steps, fileStep(file, before.Settings.File)...)
	}
	return steps, err
}

// differences are steps that an undo should have left none of.
func differences(steps []plan.Step) host.Differences {
	var out host.Differences
	for _, step := range steps {
		if len(step.Changes) == 0 {
			out = append(out, host.Difference{Object: step.Object, Reason: "an undo would " + step.Action + " it"})
		}
		for _, change := range step.Changes {
			out = append(out, host.Difference{Object: step.Object, Option: change.Option, Was: change.New, Is: change.Old})
		}
	}
	return out
}
