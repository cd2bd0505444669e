package lxcbridge

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// Memory is what there was before the first run, so that state: absent can leave the same.
type Memory struct {
	Existed   bool           `json:"existed"`
	MTU       uint32         `json:"mtu,omitempty"`
	MAC       string         `json:"mac_address,omitempty"`
	Addresses []netip.Prefix `json:"addresses,omitempty"`
}

const memories = "/var/lib/hostnet/lxc_bridges"

func (b *Bridge) memoryPath() string { return memories + "/" + b.Name + ".json" }

// Remembered is the memory of an earlier run; nil is "there was none".
func (b *Bridge) Remembered(s *system.System) (*Memory, error) {
	file, err := s.File(b.memoryPath())
	if err != nil || !file.Present {
		return nil, err
	}
	var memory Memory
	if err := json.Unmarshal(file.Content, &memory); err != nil {
		return nil, fmt.Errorf("%s, which says how %s was before the first run, is damaged: %w", b.memoryPath(), b.Name, err)
	}
	return &memory, nil
}

// MemoryFile is the file of the memory, for an undo.
func (b *Bridge) MemoryFile(s *system.System) (system.File, error) { return s.File(b.memoryPath()) }

// Remember finds the step that writes the memory of a bridge that comes, or removes that of one that goes.
func (b *Bridge) Remember(s *system.System, have *Memory, now Memory) []plan.Step {
	step := plan.Step{Phase: plan.Finish, Object: "file " + b.memoryPath()}
	switch {
	case b.Absent() && have != nil:
		step.Action = "remove"
		step.Run = func() error {
			err := s.Put(system.NoFile(b.memoryPath()))
			s.RemoveEmptyFolder(memories)
			return err
		}
	case !b.Absent() && have == nil:
		step.Action = "write"
		step.Run = func() error {
			content, err := json.Marshal(now)
			if err != nil {
				return fmt.Errorf("cannot write down how %s was: %w", b.Name, err)
			}
			return s.Put(system.Text(b.memoryPath(), string(content)+"\n"))
		}
	default:
		return nil
	}
	return []plan.Step{step}
}
