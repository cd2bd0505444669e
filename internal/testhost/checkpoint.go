package testhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Save keeps what the machine is at this moment, memory and disk, as a hypervisor's checkpoint does. The machine goes
// on afterwards.
func (h *Host) Save(name string) error { return h.checkpoint("savevm", name) }

// Load makes the machine what it was when Save kept it, and waits until it can be reached again. Its clocks go on from
// then.
func (h *Host) Load(ctx context.Context, name string) error {
	// The connection is of a time that has not been yet.
	h.ssh.disconnect()
	return errors.Join(h.checkpoint("loadvm", name), h.ssh.run(ctx, "true", nil, io.Discard, io.Discard))
}

// checkpoint says what went wrong, which the monitor for people does as its output.
func (h *Host) checkpoint(command, name string) error {
	said, err := h.monitor.human(command + " " + name)
	if said = strings.TrimSpace(said); err == nil && said != "" {
		err = errors.New(said)
	}
	if err != nil {
		return fmt.Errorf("testhost: %s %s of %s: %w", command, name, h.Name(), err)
	}
	return nil
}
