package system

import (
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// Launch starts a program that outlives this process and what this process belongs to. unit is its systemd service's
// name.
func Launch(unit, program string, arguments ...string) error {
	host := &System{}
	if launcher := host.Find("systemd-run"); launcher != "" && host.HasSystemd() {
		// Otherwise it would end with the session or the service that it was started in.
		const patience = 20 * time.Second
		if _, err := host.Run(patience, nil, launcher,
			append([]string{"--quiet", "--collect", "--unit=" + unit, program}, arguments...)...); err == nil {
			return nil
		}
	}
	command := exec.Command(program, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Dir = "/"
	if err := command.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", unit, err)
	}
	go func() { _ = command.Wait() }()
	return nil
}
