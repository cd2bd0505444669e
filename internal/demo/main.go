// Command demo shows the collection's main job on a throw-away host: it boots a machine with four network cards, runs
// the production host's playbook over SSH, runs it again, and shows what came of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/testhost"
)

const playbook = "molecule/bonded_host/converge.yml"

func main() {
	keep := flag.Bool("keep", false, "leave the machine running until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *keep)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, keep bool) error {
	folder, err := os.MkdirTemp("", "hostnet-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()

	say("Building the collection")
	if err := install(ctx, folder); err != nil {
		return err
	}
	say("Starting a Debian host with four network cards")
	host, err := testhost.Start(ctx, testhost.Machine{
		Name: "infra1", Log: os.Stdout,
		NICs: []testhost.NIC{{Card: 1}, {Card: 1}, {Card: 2}, {Card: 2}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = host.Stop() }()
	if err := play(ctx, folder, host); err != nil {
		return err
	}
	if err := show(ctx, host); err != nil {
		return err
	}
	if !keep {
		say("Taking the host down")
		return nil
	}
	say("The host runs until you press Ctrl-C. To log in:")
	fmt.Println(host.SSH().Command("root"))
	select {
	case <-ctx.Done():
	case <-host.Done():
	}
	return nil
}

// say marks the start of a part, with the time that has passed.
func say(text string) {
	fmt.Printf("\n\033[1m== %s (%s)\033[0m\n", text, time.Since(start).Round(time.Second))
}

var start = time.Now()

// install builds the collection as users get it and installs it beside nothing else.
func install(ctx context.Context, folder string) error {
	if err := stream(ctx, nil, "go", "run", "./internal/dist/cmd/dist"); err != nil {
		return fmt.Errorf("cannot build the collection: %w", err)
	}
	artifacts, err := filepath.Glob("build/hostnet-linux-*.tar.gz")
	if err != nil || len(artifacts) != 1 {
		return fmt.Errorf("expected one artifact in build/, found %d: run `make clean` first", len(artifacts))
	}
	return stream(ctx, nil, "ansible-galaxy", "collection", "install", "--force", "-p", folder, artifacts[0])
}

// play runs the playbook twice: the second run must find nothing to do.
func play(ctx context.Context, folder string, host *testhost.Host) error {
	login := host.SSH()
	inventory := fmt.Sprintf("[all]\ninfra1 ansible_host=%s ansible_port=%d ansible_user=root ansible_ssh_private_key_file=%s\n",
		login.Address, login.Port, login.KeyFile)
	file := filepath.Join(folder, "inventory")
	if err := os.WriteFile(file, []byte(inventory), 0o600); err != nil {
		return err
	}
	environment := []string{
		"ANSIBLE_COLLECTIONS_PATH=" + folder, "ANSIBLE_COLLECTIONS_PATHS=" + folder, "ANSIBLE_HOST_KEY_CHECKING=false",
		"ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
		"ANSIBLE_FORCE_COLOR=true", "ANSIBLE_DEPRECATION_WARNINGS=false",
	}
	for _, part := range []struct {
		title     string
		arguments []string
	}{
		{"What a run would do (check mode)", []string{"--check", "--diff"}},
		{"The run", []string{"--diff"}},
		{"The second run: nothing to do", nil},
	} {
		say(part.title)
		arguments := append([]string{"-i", file, playbook}, part.arguments...)
		if err := stream(ctx, environment, "ansible-playbook", arguments...); err != nil {
			return err
		}
	}
	return nil
}

// show lets iproute2, which has no part in the work, say what is there.
func show(ctx context.Context, host *testhost.Host) error {
	for _, command := range []string{
		"ip -brief link", "ip -brief address", "bridge link", "ip route",
		"grep -E 'Mode|Primary|Active|Slave Interface|MII Status' /proc/net/bonding/bond0",
	} {
		say(command)
		output, err := host.Run(ctx, command)
		if err != nil {
			return err
		}
		fmt.Print(output)
	}
	say("Who is attached to what")
	drawing, err := draw(ctx, host)
	if err != nil {
		return err
	}
	fmt.Print(drawing)
	return nil
}

func stream(ctx context.Context, environment []string, program string, arguments ...string) error {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("`%s %s`: %w", program, strings.Join(arguments, " "), err)
	}
	return nil
}
