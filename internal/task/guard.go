package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
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
	one := order{Call: t.Call, Token: newToken(), Timeout: time.Duration(t.Settings.Timeout()) * time.Second, Connection: connectionText(),
		Namespace: site.Namespace}
	if !t.Attended {
		one.Parent = os.Getpid()
	}
	path, err := one.write(site.Services.System)
	if err == nil {
		err = detach(site.Services.System, path, one.Token)
	}
	if err != nil {
		_ = os.Remove(path)
		return ansible.Fail(fmt.Errorf("confirm: cannot leave the change to a process of its own: %w: nothing was touched", err))
	}
	result.Values.Set(ConfirmKey, schema.Object{
		{Key: "token", Value: one.Token}, {Key: "deadline_seconds", Value: t.Settings.Timeout()}, {Key: "reason", Value: why},
	})
	return result
}

func (o order) write(s *system.System) (string, error) {
	path := "/run/hostnet/" + o.Token + ".json"
	content, err := json.Marshal(o)
	if err != nil {
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
	if launcher := s.Find("systemd-run"); launcher != "" && s.HasSystemd() && !elsewhere() {
		// A session's processes may be killed with it (KillUserProcesses= in logind.conf(5)).
		_, err = s.Run(20*time.Second, nil, launcher, "--quiet", "--collect", "--unit=hostnet-guard-"+token[:8], program, GuardCommand, path)
		if err == nil && taken(path) {
			return nil
		}
	}
	command := exec.Command(program, GuardCommand, path)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Dir = "/"
	if err := command.Start(); err != nil {
		return err
	}
	_ = command.Process.Release()
	if !taken(path) {
		return errors.New("it does not start")
	}
	return nil
}

// taken waits until the guard has removed its order.
func taken(path string) bool {
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
	one, err := readOrder(path)
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
	if err := one.guard(site); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func readOrder(path string) (*order, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var one order
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&one); err != nil {
		return nil, err
	}
	return &one, os.Remove(path)
}

func (o *order) guard(site *services.Site) error {
	records := storeOf(site)
	o.awaitParent()
	lock, err := records.Lock("the guard of a change by "+nameOf(o.Call), time.Minute)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(o.Timeout)
	o.Call.Deadline = deadline.Round(0)
	o.Call.Token = o.Token
	workErr := o.work(deadline)
	lock.Release()
	for {
		left, err := records.Current()
		if err != nil || left == nil || left.Token != o.Token {
			return errors.Join(err, workErr)
		}
		if left.Phase != store.Waiting || !time.Now().Before(deadline) {
			return o.expire(site, records, workErr)
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
func (o *order) work(deadline time.Time) error {
	text, err := json.Marshal(o.Call)
	if err != nil {
		return err
	}
	worker := exec.Command("/proc/self/exe", WorkerCommand)
	worker.Stdin = bytes.NewReader(text)
	worker.Env = append(os.Environ(), "SSH_CONNECTION="+o.Connection)
	if err := worker.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(time.Until(deadline), func() { _ = worker.Process.Kill() })
	defer timer.Stop()
	return worker.Wait()
}

// expire undoes the change, unless it has been confirmed in the last moment: the lock makes that one or the other.
func (o *order) expire(site *services.Site, records *store.Store, workErr error) error {
	lock, err := records.Lock("the guard, which undoes a change by "+nameOf(o.Call), time.Minute)
	if err != nil {
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
	if err := undo(site, left); err != nil {
		left.Reason = err.Error()
		return errors.Join(err, records.Write(left))
	}
	logged(records.System, left, "undone: "+reason, nil)
	return records.Undo(left, reason)
}

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
		run = goBackAsWorker
	case applyModule:
		run = applyWhole
	}
	if result := run(call); result.Err != nil {
		fmt.Fprintln(os.Stderr, result.Err)
		return 1
	}
	return 0
}

// elsewhere tells whether this thread is in another network namespace than the host's, which is that of its eldest
// ancestor: usually process 1, but some containers do not let it be looked at.
func elsewhere() bool {
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return false
	}
	if first, err := system.NetworkNamespaceOf(1); err == nil && first == own {
		return false
	}
	eldest := own
	for pid := os.Getpid(); pid > 0; {
		if number, err := system.NetworkNamespaceOf(pid); err == nil {
			eldest = number
		}
		process, ok := system.FindProcess(pid)
		if !ok {
			break
		}
		pid = process.Parent
	}
	return own != eldest
}

// namespaceVariable tells a guard and its worker what the task has found: by then the ancestors that tell it may be gone.
const namespaceVariable = "HOSTNET_NAMESPACE"

// namespaceKey names the namespace that a site is in, by its path, "" for the host's own. Two containers may have equal
// names for their namespaces, and one namespace several paths, so that the kernel's number of it is what counts.
func namespaceKey(path string) (string, error) {
	if path != "" {
		number, err := system.NetworkNamespaceAt(path)
		return keyOf(number), err
	}
	if key, told := os.LookupEnv(namespaceVariable); told {
		return key, nil
	}
	if !elsewhere() {
		return "", nil
	}
	number, err := system.OwnNetworkNamespace()
	return keyOf(number), err
}

func keyOf(number uint64) string { return "netns-" + strconv.FormatUint(number, 10) }
