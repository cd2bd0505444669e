package system

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime is the time since the kernel booted, sleep included (CLOCK_BOOTTIME). Nobody sets it, so that deadlines by it
// hold when the clock on the wall is put right.
func Uptime() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // cannot fail for a clock that every kernel has
	return time.Duration(now.Nano())
}

// WaitUntil waits until the uptime, or until done is closed; true is "it was closed". Timers of Go's run by a clock
// that stands still while the machine sleeps.
func WaitUntil(uptime time.Duration, done <-chan struct{}) bool {
	const look = time.Second
	for {
		left := uptime - Uptime()
		if left <= 0 {
			return false
		}
		select {
		case <-done:
			return true
		case <-time.After(min(left, look)):
		}
	}
}
