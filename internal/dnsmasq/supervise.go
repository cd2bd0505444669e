package dnsmasq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/system"
)

// SuperviseCommand is the first argument with which this program, started again, keeps a dnsmasq running on a host
// without systemd. The interface and the root folder follow.
const SuperviseCommand = "supervise-dnsmasq"

// lookEvery is how often the supervisor in a namespace looks whether there still is something to serve.
const lookEvery = 5 * time.Second

// Supervise runs dnsmasq for the interface until it is told to end, and starts it again when it dies. It passes SIGHUP
// on. It returns the exit code of the program.
func Supervise(arguments []string) int {
	if len(arguments) != 2 {
		fmt.Fprintf(os.Stderr, "usage: %s INTERFACE ROOT\n", SuperviseCommand)
		return 2
	}
	s := &system.System{Root: arguments[1]}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	// A dnsmasq would keep its namespace alive when the container is long gone that it belonged to; its link goes at once.
	untilGone := ""
	if s.Root != "" {
		untilGone = arguments[0]
	}
	for {
		command := exec.Command(s.Find("dnsmasq"), "--keep-in-foreground", "--conf-file="+s.Path(configOf(arguments[0])))
		command.Stderr = os.Stderr
		if err := command.Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if told := attend(command, signals, untilGone); told {
			return 0
		}
		// An undo has taken away what there was to serve before the process was known by its pid file.
		if file, err := s.File(configOf(arguments[0])); err == nil && !file.Present {
			return 0
		}
		// As RestartSec= of the systemd unit. A signal meanwhile ends the wait.
		select {
		case got := <-signals:
			if got != syscall.SIGHUP {
				return 0
			}
		case <-time.After(time.Second):
		}
	}
}

// linkExists looks in the namespace that the supervisor is in.
func linkExists(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}

// attend waits until the program ends, and tells whether it was told to. It ends with its link if that is asked for.
func attend(command *exec.Cmd, signals <-chan os.Signal, untilGone string) (told bool) {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	looks := time.NewTicker(lookEvery)
	defer looks.Stop()
	for {
		select {
		case <-looks.C:
			if untilGone != "" && !linkExists(untilGone) {
				told = true
				_ = command.Process.Signal(syscall.SIGTERM)
			}
		case got := <-signals:
			told = told || got != syscall.SIGHUP
			_ = command.Process.Signal(got)
		case <-ended:
			return told
		}
	}
}

func logFileOf(link string) string { return runFolder + "/dnsmasq-" + link + ".log" }

// supervised tells whether the process is a child of our supervisor.
func supervised(process system.Process) bool {
	parent, found := system.FindProcess(process.Parent)
	return found && slices.Contains(parent.Command, SuperviseCommand)
}

// running is our dnsmasq for the interface on a host without systemd.
func running(s *system.System, link string) (system.Process, bool) {
	file, err := s.File(pidFileOf(link))
	if err != nil || !file.Present {
		return system.Process{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(file.Content)))
	if err != nil {
		return system.Process{}, false
	}
	process, found := system.FindProcess(pid)
	return process, found && process.Name == "dnsmasq" && !process.Zombie && supervised(process)
}

// startDirectly starts a supervisor that outlives this program, and waits until dnsmasq serves.
func startDirectly(s *system.System, link string) error {
	if err := endStray(s, link); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program's own file: %w", err)
	}
	for _, folder := range []string{runFolder, leaseFolder} {
		if err := os.MkdirAll(s.Path(folder), 0o755); err != nil {
			return fmt.Errorf("cannot make %s: %w", folder, err)
		}
	}
	log, err := os.Create(s.Path(logFileOf(link)))
	if err != nil {
		return fmt.Errorf("cannot write dnsmasq's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(self, SuperviseCommand, link, s.Root)
	command.Dir, command.Stderr = "/", log
	// A session of its own: the end of the SSH connection must not end it.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("cannot start the supervisor of dnsmasq: %w", err)
	}
	if err := waitFor(func() bool { _, up := running(s, link); return up }); err == nil {
		return command.Process.Release()
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	_ = command.Wait()
	said, _ := os.ReadFile(log.Name())
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return fmt.Errorf("dnsmasq does not run on %s: %s", link, lines[len(lines)-1])
}

// stopDirectly ends the supervisor and waits until its dnsmasq is gone.
func stopDirectly(s *system.System, link string) error {
	process, up := running(s, link)
	if !up {
		return endStray(s, link)
	}
	if err := syscall.Kill(process.Parent, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot stop dnsmasq on %s: %w", link, err)
	}
	if err := waitForEnd(process.Parent, process.PID); err != nil {
		return err
	}
	// dnsmasq leaves its own behind: it has no right to remove it any more.
	return errors.Join(s.Put(system.NoFile(pidFileOf(link))), s.Put(system.NoFile(logFileOf(link))))
}

// endStray ends supervisors whose dnsmasq nobody knows by its pid file: a task was killed while it started one, or the
// file is lost.
func endStray(s *system.System, link string) error {
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return err
	}
	all, err := system.Processes(func(string) bool { return true }, func(user int) bool { return user == os.Geteuid() })
	if err != nil {
		return err
	}
	arguments := []string{SuperviseCommand, link}
	if s.Root != "" {
		arguments = append(arguments, s.Root)
	}
	for _, process := range all {
		at := slices.Index(process.Command, SuperviseCommand)
		if at < 0 || process.NetworkNamespace != own || !slices.Equal(process.Command[at:], arguments) {
			continue
		}
		if err := syscall.Kill(process.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("cannot end the supervisor of dnsmasq on %s (PID %d): %w", link, process.PID, err)
		}
		if err := waitForEnd(process.PID); err != nil {
			return fmt.Errorf("the supervisor of dnsmasq on %s (PID %d) does not end: %w", link, process.PID, err)
		}
	}
	return nil
}

func waitForEnd(pids ...int) error {
	return waitFor(func() bool {
		return !slices.ContainsFunc(pids, func(pid int) bool {
			process, found := system.FindProcess(pid)
			return found && !process.Zombie
		})
	})
}

var errTooLong = errors.New("it takes too long")

// waitFor looks again and again, for a few seconds.
func waitFor(done func() bool) error {
	const step, limit = 20 * time.Millisecond, 5 * time.Second
	for range int(limit / step) {
		if done() {
			return nil
		}
		time.Sleep(step)
	}
	return errTooLong
}
