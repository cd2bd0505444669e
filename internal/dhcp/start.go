package dhcp

import (
	"fmt"
	"syscall"
	"time"

	"hostnet.linux/internal/system"
)

// Start starts a client that outlives this process, and does not wait for a lease: when it returns, Find finds the
// client.
func Start(program string, job Job) error {
	if err := system.Launch(fmt.Sprintf("hostnet-dhcp-%d-%d", job.Init, job.Index), program,
		job.arguments()...); err != nil {
		return err
	}
	for deadline := time.Now().Add(starting); ; time.Sleep(time.Millisecond) {
		if _, runs := Find(job.Init, job.Index); runs {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the DHCP client has not begun after %s", starting)
		}
	}
}

// starting is how long a client may take to begin.
const starting = 5 * time.Second

// pause is between two looks at a client.
const pause = 20 * time.Millisecond

// Await waits until the client has a lease. One that gets none in time is stopped.
func Await(job Job, limit time.Duration) error {
	trouble := "the client says nothing"
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(pause) {
		state, runs := Find(job.Init, job.Index)
		if runs && state.Complete() {
			return nil
		}
		if state.Trouble != "" {
			trouble = state.Trouble
		}
	}
	if err := Stop(job.Init, job.Index); err != nil {
		return err
	}
	return fmt.Errorf("no DHCP server gave an address in %s (%s): does one serve the bridge?", limit, trouble)
}

// ending is how long a client may take to end.
const ending = 10 * time.Second

// Stop ends the client of an interface, which takes back what it did there.
func Stop(initPID, index int) error {
	for deadline := time.Now().Add(ending); time.Now().Before(deadline); time.Sleep(pause) {
		state, runs := Find(initPID, index)
		if !runs {
			return nil
		}
		if state.PID > 0 {
			_ = syscall.Kill(state.PID, syscall.SIGTERM)
		}
	}
	return fmt.Errorf("the DHCP client of interface %d does not end", index)
}
