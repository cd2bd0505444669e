package testhost

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ready is the line by which a process that holds machines says that all is ready.
const ready = "testhost: ready"

// Leave starts a process that holds machines and stays, shows what it says, and returns when it calls LetGo. The end of
// ctx before that ends the process.
func Leave(ctx context.Context, program string, arguments ...string) error {
	output, input, err := os.Pipe()
	if err != nil {
		return err
	}
	holder := exec.Command(program, arguments...)
	holder.Stdout, holder.Stderr = input, input
	// A session of its own: neither Ctrl-C nor the end of the terminal ends it.
	holder.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := holder.Start(); err != nil {
		return err
	}
	_ = input.Close()
	stop := context.AfterFunc(ctx, func() { _ = holder.Process.Signal(syscall.SIGTERM) })
	defer stop()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if lines.Text() == ready {
			return nil
		}
		fmt.Println(lines.Text())
	}
	return holder.Wait()
}

// LetGo lets whoever called Leave go on. Nobody reads what this process says from here on, and a signal for that must
// not end the machines.
func LetGo() error {
	fmt.Println(ready)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for _, stream := range []int{1, 2} {
		if err := unix.Dup3(int(null.Fd()), stream, 0); err != nil {
			return err
		}
	}
	return nil
}
