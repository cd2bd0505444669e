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
	running := supervisor(s)
	switch {
	case mode == WatchOff && running != 0:
		i.Steps = append(i.Steps, plan.Step{Phase: plan.Finish, Depth: 2, Action: "stop", Object: "service hostnet-watch", Run: func() error {
			return errors.Join(syscall.Kill(running, syscall.SIGTERM), s.Put(system.NoFile(watchPID)))
		}})
	case mode != WatchOff && running == 0:
		i.Steps = append(i.Steps, plan.Step{Phase: plan.Finish, Depth: 2, Action: "start", Object: "service hostnet-watch", Run: func() error {
			return StartWatch(s, mode)
		}})
	}
	return nil
}

// WatchFromBoot starts the supervisor where no systemd starts the watcher.
func WatchFromBoot(s *system.System, needed bool) error {
	if s.HasSystemd() || s.Root != "" || supervisor(s) != 0 {
		return nil
	}
	mode, err := WatchMode(s, needed)
	if err != nil || mode == WatchOff {
		return err
	}
	return StartWatch(s, mode)
}

// supervisor is the process of our supervisor, 0 if there is none.
func supervisor(s *system.System) int {
	file, err := s.File(watchPID)
	if err != nil || !file.Present {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(file.Content)))
	if err != nil {
		return 0
	}
	// The number may be another process's by now.
	command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || !strings.Contains(string(command), SuperviseWatchCommand) {
		return 0
	}
	return pid
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

// SuperviseWatch runs `hostnet watch` until it is told to end, and starts it again when it dies. It returns the exit code.
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
