package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// GuardCommand and WorkerCommand are the arguments that make the program one.
const (
	GuardCommand  = "guard"
	WorkerCommand = "worker"
)

// order is what a task leaves to its guard.
type order struct {
	Call    ansible.Call  `json:"call"`
	Token   string        `json:"token"`
	Timeout time.Duration `json:"timeout"`
	// Parent is the process that answers Ansible; the change begins when it has done so. 0 is nobody to wait for.
	Parent     int    `json:"parent"`
	Connection string `json:"connection"`
	// Namespace is the one that the task has found itself in.
	Namespace string `json:"namespace"`
}

// guard leaves the change to a process that outlives the SSH session, and answers before it begins: an answer over a
// connection that the change cuts would never arrive.
func (t *Task) guard(site *services.Site, result ansible.Result, why string) ansible.Result {
	records := storeOf(site)
	lock, err := records.Lock(t.name(), 0)
	if err != nil {
		return ansible.Fail(err)
	}
	defer lock.Release()
	if recovered, err := Recover(site); err != nil {
		return ansible.Fail(err)
	} else if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	one := order{Call: t.Call, Token: newToken(), Timeout: time.Duration(t.Settings.Timeout()) * time.Second,
		Connection: connectionText(),
		Namespace:  site.Namespace}
	if !t.Attended {
		one.Parent = os.Getpid()
	}
	path, err := one.write(site.Services.System)
	if err == nil {
		err = detach(site.Services.System, path, one.Token)
	}
	if err != nil {
		_ = os.Remove(path)
		return ansible.Fail(fmt.Errorf("confirm: cannot leave the change to a process of its own: %w: nothing was touched",
			err))
	}
	wanted := schema.Object{
		{Key: "token", Value: one.Token}, {Key: "deadline_seconds", Value: t.Settings.Timeout()}, {Key: "reason", Value: why},
	}
	addWay(&wanted, t.Settings.Confirm)
	result.Values.Set(ConfirmKey, wanted)
	return result
}

func orderPath(token string) string { return system.RuntimeFolder + "/" + token + ".json" }

// takenEnding is appended to the name of an order that a guard has taken, and keeps until it is done.
const takenEnding = ".taken"

func (o order) write(s *system.System) (string, error) {
	path := orderPath(o.Token)
	content, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	if err := system.PrivateFolder(s.Path(system.RuntimeFolder)); err != nil {
		return "", err
	}
	// It may hold what no_log hides.
	return s.Path(path), s.Put(system.File{Path: path, Present: true, Content: content, Mode: 0o600})
}

// detach starts the guard outside of this session, and waits until it has taken the order.
func detach(s *system.System, path, token string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if launcher := s.Find("systemd-run"); launcher != "" && s.HasSystemd() && system.InHostNamespace() {
		// A session's processes may be killed with it (KillUserProcesses= in logind.conf(5)).
		_, err = s.Run(20*time.Second, nil, launcher, "--quiet", "--collect", "--unit=hostnet-guard-"+token[:8],
			// One that is killed is replaced, and finds the order that the first one took.
			"--property=Restart=on-failure", "--property=RestartSec=1", program, GuardCommand, path)
		if err == nil && waitForGuard(path) {
			return nil
		}
	}
	command := exec.Command(program, GuardCommand, path)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Dir, command.Env = "/", guardEnvironment()
	if err := command.Start(); err != nil {
		return err
	}
	_ = command.Process.Release()
	if !waitForGuard(path) {
		return errors.New("it does not start")
	}
	return nil
}

// guardEnvironment is all that a guard knows of the task's environment, in which a play may have put secrets.
func guardEnvironment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
}

// waitForGuard waits until the guard has waitForGuard its order.
func waitForGuard(path string) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return true
		}
	}
	return false
}

// Guard sees a change through: it has a worker make it, waits for the confirmation, and undoes it if none comes. It
// returns the exit code.
func Guard(path string) int {
	one, again, err := takeOrder(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var site *services.Site
	var done func()
	// The worker has it from us.
	if err = os.Setenv(namespaceVariable, one.Namespace); err == nil {
		site, done, err = OpenSite("", &system.System{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer done()
	if err := one.guard(site, again); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Remove(path + takenEnding); err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, err)
	}
	return 0
}

// takeOrder reads the order, and says whether another guard has taken it before, which did not come to its end.
func takeOrder(path string) (one *order, again bool, err error) {
	err = os.Rename(path, path+takenEnding)
	again = errors.Is(err, fs.ErrNotExist)
	if err != nil && !again {
		return nil, false, err
	}
	text, err := system.Read(path+takenEnding, system.LargestFile)
	if err != nil {
		return nil, false, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return one, again, decoder.Decode(&one)
}

// guard makes the change, unless a guard before it began to, and sees it through. Its error is a change that neither
// was confirmed nor could be undone.
func (o *order) guard(site *services.Site, again bool) error {
	records := storeOf(site)
	alive, err := records.LockGuard(o.Token)
	if err != nil {
		return err
	}
	defer alive.Release()
	if again {
		return o.await(site, records, errors.New("its guard was ended"))
	}
	o.awaitParent()
	lock, err := records.Lock("the guard of a change by "+nameOf(o.Call), time.Minute)
	if err != nil {
		return err
	}
	o.Call.Deadline, o.Call.Until = time.Now().Add(o.Timeout).Round(0), system.Uptime()+o.Timeout
	o.Call.Token = o.Token
	workErr := o.work(o.Call.Until)
	lock.Release()
	return o.await(site, records, workErr)
}

// await waits until the change is confirmed, or its time has come.
func (o *order) await(site *services.Site, records *store.Store, workErr error) error {
	for {
		left, err := records.Current()
		if err != nil {
			return err
		}
		if left == nil || left.Token != o.Token {
			return nil
		}
		if left.Phase != store.Waiting {
			return o.expire(site, records, workErr)
		}
		if left.Left() <= 0 {
			return o.expire(site, records, nil)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// awaitParent gives the task's answer time to leave by the connection that the change may cut.
func (o *order) awaitParent() {
	if o.Parent == 0 {
		return
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && syscall.Kill(o.Parent, 0) == nil; {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
}

// work runs the module in a process of its own: one that hangs, or dies, does not keep the change from being undone.
func (o *order) work(until time.Duration) error {
	text, err := json.Marshal(o.Call)
	if err != nil {
		return err
	}
	worker := exec.Command("/proc/self/exe", WorkerCommand)
	worker.Stdin = bytes.NewReader(text)
	worker.Env = append(os.Environ(), "SSH_CONNECTION="+o.Connection)
	// Whatever happens to this process, nobody goes on without it: a change that nobody watches would stay.
	worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // its end counts as this process's (PR_SET_PDEATHSIG(2const))
	defer runtime.UnlockOSThread()
	if err := worker.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		if !system.WaitUntil(until, ended) {
			_ = worker.Process.Kill()
		}
	}()
	defer close(ended)
	return worker.Wait()
}

// patience is how long a guard whose time has come waits for the lock: whoever holds it longer does not keep a change
// in place that nobody confirmed.
const patience = 3 * time.Second

// expire undoes the change, unless it has been confirmed in the last moment: the lock makes that one or the other.
func (o *order) expire(site *services.Site, records *store.Store, workErr error) error {
	lock, err := records.Lock("the guard, which undoes a change by "+nameOf(o.Call), patience)
	var busy *store.BusyError
	if err != nil && !errors.As(err, &busy) {
		return err
	}
	defer lock.Release()
	left, err := records.Current()
	if err != nil || left == nil || left.Token != o.Token {
		return err
	}
	reason := fmt.Sprintf("nobody confirmed it within %s", o.Timeout)
	if workErr != nil {
		reason = fmt.Sprintf("its run did not come to its end: %v", workErr)
	}
	for attempt := time.Second; ; attempt *= 2 {
		err := undo(site, left, containersByProgram(site.Services.System))
		if err == nil {
			logged(records.System, left, "undone: "+reason, nil)
			return records.Undo(left, reason)
		}
		// The journal stays: the next guard, the next run or the next boot tries again.
		left.Reason = err.Error()
		err = errors.Join(err, records.Write(left))
		if attempt > longestPause {
			return err
		}
		time.Sleep(attempt)
	}
}

// longestPause is between the last two attempts to undo a change.
const longestPause = 8 * time.Second

// Work makes the change that a guard has ordered.
func Work(run func(ansible.Call) ansible.Result) int {
	var call ansible.Call
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	if err := decoder.Decode(&call); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch call.Module {
	case rollbackModule:
		run = rollbackWorker
	case applyModule:
		run = applyWhole
	case editModule:
		run = editAsWorker
	}
	if result := run(call); result.Err != nil {
		fmt.Fprintln(os.Stderr, result.Err)
		return 1
	}
	return 0
}

// namespaceVariable tells a guard and its worker what the task has found: by then the ancestors that tell it may be
// gone.
const namespaceVariable = "HOSTNET_NAMESPACE"

// namespaceKey names the namespace that a site is in, by its path, "" for the host's own.
func namespaceKey(path string) (string, error) {
	if key, told := os.LookupEnv(namespaceVariable); told && path == "" {
		return key, nil
	}
	return system.NamespaceKey(path)
}
