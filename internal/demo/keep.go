package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/testhost"
)

// kept is the line by which the process that holds the machines says that all is done.
const kept = "kept"

// keep runs the demo in a process that stays and holds the machines, shows what it says, and returns when it is done.
func keep(ctx context.Context) error {
	output, input, err := os.Pipe()
	if err != nil {
		return err
	}
	holder := exec.Command("/proc/self/exe", "-hold", fmt.Sprintf("-colour=%t", colour))
	holder.Stdout, holder.Stderr = input, input
	// A session of its own: neither Ctrl-C nor the end of the terminal ends it.
	holder.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := holder.Start(); err != nil {
		return err
	}
	_ = input.Close()
	stopped := context.AfterFunc(ctx, func() { _ = holder.Process.Signal(syscall.SIGTERM) })
	defer stopped()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if lines.Text() == kept {
			return nil
		}
		fmt.Println(lines.Text())
	}
	return holder.Wait()
}

// hold tells how to reach the machines and waits until it is to take them down, or one of them ends.
func hold(ctx context.Context, hosts []*testhost.Host) error {
	say("The machines are left running. To log in:")
	for _, host := range hosts {
		fmt.Printf("%-8s %s\n", host.Name(), host.SSH().Command("root"))
	}
	fmt.Printf("To take them down: kill %d\n%s\n", os.Getpid(), kept)
	// Nobody reads on, and a signal for that must not end the machines.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for _, stream := range []int{1, 2} {
		if err := unix.Dup3(int(null.Fd()), stream, 0); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
	case <-hosts[0].Done():
	case <-hosts[1].Done():
	}
	return nil
}
