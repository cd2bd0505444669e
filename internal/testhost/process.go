package testhost

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a running QEMU with its console.
type process struct {
	cmd     *exec.Cmd
	console *console
	done    chan struct{} // closed when QEMU has ended
	err     error         // valid once done is closed
}

// startProcess runs QEMU with the given files as descriptors 3, 4, … and its console on standard output. QEMU is
// killed with this process, however that ends.
func startProcess(arguments []string, files []*os.File, copyConsole io.Writer) (*process, error) {
	p := &process{
		cmd:     exec.Command("qemu-system-x86_64", arguments...),
		console: &console{copy: copyConsole},
		done:    make(chan struct{}),
	}
	p.cmd.ExtraFiles = files
	p.cmd.Stdout, p.cmd.Stderr = p.console, p.console
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The kernel ties Pdeathsig to the thread that started the child, not to the process: this thread must
		// live as long as QEMU (prctl(2), PR_SET_PDEATHSIG).
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start qemu: %w", err)
	}
	return p, nil
}

// kill ends QEMU and waits until it is gone, but not for ever: a guest under a broken KVM can hang inside the kernel.
func (p *process) kill() error {
	_ = p.cmd.Process.Kill()
	select {
	case <-p.done:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("qemu, process %d, does not end", p.cmd.Process.Pid)
	}
}

// consoleKept is how much of a console's end is kept for error messages, in bytes.
const consoleKept = 64 << 10

// console collects what QEMU prints: the machine's serial console and QEMU's own complaints.
type console struct {
	mu   sync.Mutex
	tail []byte
	copy io.Writer // may be nil
}

func (c *console) Write(data []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tail = append(c.tail, data...)
	if len(c.tail) > 2*consoleKept {
		c.tail = bytes.Clone(c.tail[len(c.tail)-consoleKept:])
	}
	if c.copy != nil {
		_, _ = c.copy.Write(data) // a full disk must not stop the machine
	}
	return len(data), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(bytes.ReplaceAll(c.tail, []byte("\r"), nil))
}

// lines returns the console's last lines.
func (c *console) lines(count int) string {
	return string(lastLines([]byte(c.String()), count))
}
