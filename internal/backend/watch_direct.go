package backend

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// SuperviseWatchCommand is the first argument with which this program keeps `hostnet watch` running on a host without
// systemd. The mode follows.
const SuperviseWatchCommand = "supervise-watch"

// watchPID is where the supervisor notes itself. It goes with the boot.
const watchPID = "/run/hostnet/watch.pid"

// watchDirectly starts a supervisor of our own, or ends it.
func (i *Installation) watchDirectly(s *system.System, mode string) error {
	if s.Root != "" {
		// A test's own folder is watched by nobody.
		return nil
	}
	running, as := supervisor(s)
	stop := func() error {
		return errors.Join(syscall.Kill(running, syscall.SIGTERM), s.Put(system.NoFile(watchPID)))
	}
	start := func() error { return StartWatch(s, mode) }
	step := plan.Step{Phase: plan.Finish, Depth: 2, Object: "service hostnet-watch"}
	switch {
	case mode == WatchOff && running != 0:
		step.Action, step.Run = "stop", stop
	case mode != WatchOff && running == 0:
		step.Action, step.Run = "start", start
	case mode != WatchOff && (as != mode || i.programChanges()):
		// One that was started before an upgrade would go on as it was.
		step.Action, step.Run = "restart", func() error { return errors.Join(stop(), start()) }
		step.Upkeep = as == mode
	default:
		return nil
	}
	i.Steps = append(i.Steps, step)
	return nil
}

// WatchFromBoot starts the supervisor where no systemd starts the watcher.
func WatchFromBoot(s *system.System, needed bool) error {
	if s.HasSystemd() || s.Root != "" {
		return nil
	}
	if running, _ := supervisor(s); running != 0 {
		return nil
	}
	mode, err := WatchMode(s, needed)
	if err != nil || mode == WatchOff {
		return err
	}
	return StartWatch(s, mode)
}

// supervisor is the process of our supervisor and its mode, 0 if there is none.
func supervisor(s *system.System) (pid int, mode string) {
	file, err := s.File(watchPID)
	if err != nil || !file.Present {
		return 0, ""
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(string(file.Content))); err != nil {
		return 0, ""
	}
	// The number may be another process's by now.
	command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	_, mode, found := strings.Cut(string(command), "\x00"+SuperviseWatchCommand+"\x00")
	if err != nil || !found {
		return 0, ""
	}
	return pid, strings.TrimRight(mode, "\x00")
}

// StartWatch starts the supervisor in a session of its own.
func StartWatch(s *system.System, mode string) error {
	command := exec.Command(s.Path(Program), SuperviseWatchCommand, mode)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Dir = "/"
	if err := command.Start(); err != nil {
		return err
	}
	pid := strconv.Itoa(command.Process.Pid)
	_ = command.Process.Release()
	return s.Put(system.Text(watchPID, pid+"\n"))
}

// SuperviseWatch runs `hostnet watch` until it is told to end, and starts it again when it dies. It returns the exit
// code.
func SuperviseWatch(mode string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	for {
		command := exec.Command("/proc/self/exe", "watch", "--mode", mode)
		if err := command.Start(); err != nil {
			return 1
		}
		ended := make(chan struct{})
		go func() { _ = command.Wait(); close(ended) }()
		select {
		case <-signals:
			_ = command.Process.Signal(syscall.SIGTERM)
			<-ended
			return 0
		case <-ended:
		}
		select {
		case <-signals:
			return 0
		case <-time.After(time.Second):
		}
	}
}
