package main

import (
	"context"
	"fmt"
	"os"

	"hostnet.linux/internal/testhost"
)

// keep runs the demo in a process that stays and holds the machines.
func keep(ctx context.Context) error {
	return testhost.Leave(ctx, "/proc/self/exe", "-hold", fmt.Sprintf("-colour=%t", colour))
}

// hold tells how to reach the machines and waits until it is to take them down, or one of them ends.
func hold(ctx context.Context, hosts []*testhost.Host) error {
	say("The machines are left running. To log in:")
	for _, host := range hosts {
		fmt.Printf("%-8s %s\n", host.Name(), host.SSH().Command("root"))
	}
	fmt.Printf("To take them down: kill %d\n", os.Getpid())
	if err := testhost.LetGo(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-hosts[0].Done():
	case <-hosts[1].Done():
	}
	return nil
}
