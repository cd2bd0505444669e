package main

import (
	"context"
	"fmt"
	"os"

	"hostnet.linux/internal/testhost"
)

// keep runs the demo in a process that stays and holds the machines.
func keep(ctx context.Context, scenario string) error {
	return testhost.Leave(ctx, "/proc/self/exe", "-hold", "-scenario="+scenario, fmt.Sprintf("-colour=%t", colour))
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
	ended := make(chan struct{}, len(hosts))
	for _, host := range hosts {
		go func() {
			<-host.Done()
			ended <- struct{}{}
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}
