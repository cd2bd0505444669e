// Command demo shows the collection's main job on a throw-away host: it boots a machine with four network cards and one on
// the other end of their wires, runs the playbooks of the scenario "containers" over SSH, runs them again, lets the other
// machine say what it sees, and shows what came of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/testhost"
)

// scenario has the playbooks.
const scenario = "molecule/containers"

func main() {
	leave := flag.Bool("keep", false, "leave the machines running")
	holds := flag.Bool("hold", false, "be the process that holds the machines")
	flag.StringVar(&record, "record", "", "write how the host is wired to this `file`, of which the picture in the documentation is made")
	flag.BoolVar(&colour, "colour", colour, "show what is said in colour")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *leave {
		err = keep(ctx)
	} else {
		err = run(ctx, *holds)
	}
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, holds bool) error {
	folder, err := os.MkdirTemp("", "hostnet-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()

	say("Building the collection")
	if err := install(ctx, folder); err != nil {
		return err
	}
	say("Starting a Debian host with two cards of two ports, and a machine on the other end of their wires")
	hosts, err := boot(ctx)
	for _, host := range hosts {
		defer func() { _ = host.Stop() }()
	}
	if err != nil {
		return err
	}
	if err := play(ctx, folder, hosts); err != nil {
		return err
	}
	if err := show(ctx, hosts); err != nil {
		return err
	}
	if holds {
		return hold(ctx, hosts)
	}
	say("Taking the machines down")
	return nil
}

// boot starts the machines: the host, and the one that is the physical network and a compute host. What it returns runs,
// even if there is an error.
func boot(ctx context.Context) ([]*testhost.Host, error) {
	left, right := testhost.NewSegment("left"), testhost.NewSegment("right")
	var hosts []*testhost.Host
	for _, machine := range []testhost.Machine{
		{Name: "infra1", NICs: []testhost.NIC{{Segment: left, Card: 1}, {Segment: right, Card: 1}, {Segment: left, Card: 2}, {Segment: right, Card: 2}}},
		{Name: "outside", NICs: []testhost.NIC{{Segment: left}, {Segment: right}}},
	} {
		machine.Log = os.Stdout
		host, err := testhost.Start(ctx, machine)
		if err != nil {
			return hosts, err
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// say marks the start of a part, with the time that has passed.
func say(text string) {
	line := fmt.Sprintf("== %s (%s)", text, time.Since(start).Round(time.Second))
	if colour {
		line = "\x1b[1m" + line + "\x1b[0m"
	}
	fmt.Printf("\n%s\n", line)
}

var (
	start  = time.Now()
	record string
	colour = system.TakesColour(os.Stdout)
)

// install builds the collection as users get it and installs it beside nothing else.
func install(ctx context.Context, folder string) error {
	if _, err := stream(ctx, nil, "go", "run", "./internal/dist/cmd/dist"); err != nil {
		return fmt.Errorf("cannot build the collection: %w", err)
	}
	artifacts, err := filepath.Glob("build/hostnet-linux-*.tar.gz")
	if err != nil || len(artifacts) != 1 {
		return fmt.Errorf("expected one artifact in build/, found %d: run `make clean` first", len(artifacts))
	}
	// Or it warns that Ansible would not look there.
	environment := []string{"ANSIBLE_COLLECTIONS_PATH=" + folder}
	_, err = stream(ctx, environment, "ansible-galaxy", "collection", "install", "--force", "-p", folder, artifacts[0])
	return err
}

// play runs the playbooks twice: the second run must find nothing to do.
func play(ctx context.Context, folder string, hosts []*testhost.Host) error {
	file := filepath.Join(folder, "inventory")
	var inventory strings.Builder
	for _, host := range hosts {
		login := host.SSH()
		fmt.Fprintf(&inventory, "%s ansible_host=%s ansible_port=%d ansible_user=root ansible_ssh_private_key_file=%s\n",
			host.Name(), login.Address, login.Port, login.KeyFile)
	}
	if err := os.WriteFile(file, []byte(inventory.String()), 0o600); err != nil {
		return err
	}
	environment := []string{
		"ANSIBLE_COLLECTIONS_PATH=" + folder, "ANSIBLE_COLLECTIONS_PATHS=" + folder, "ANSIBLE_HOST_KEY_CHECKING=false",
		"ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
		fmt.Sprintf("ANSIBLE_FORCE_COLOR=%t", colour), "ANSIBLE_DEPRECATION_WARNINGS=false",
	}
	for _, part := range []struct {
		title, playbook string
		arguments       []string
		silent          bool
	}{
		{"What a run would do to the host (check mode)", "host.yml", []string{"--check", "--diff"}, false},
		{"The run", "converge.yml", []string{"--diff"}, false},
		{"The second run: nothing to do", "converge.yml", nil, true},
		{"What ping, a DHCP client, iproute2 and the other end of the wires say", "verify.yml", nil, true},
	} {
		say(part.title)
		arguments := append([]string{"-i", file, filepath.Join(scenario, part.playbook)}, part.arguments...)
		output, err := stream(ctx, environment, "ansible-playbook", arguments...)
		if err != nil {
			return err
		}
		if part.silent && changed.MatchString(output) {
			return fmt.Errorf("%s changed something: it was to find everything as declared", part.playbook)
		}
	}
	return nil
}

// changed is in Ansible's recap when a run was not silent.
var changed = regexp.MustCompile(`changed=[1-9]`)

// show lets iproute2 and tcpdump, which have no part in the work, say what is there.
func show(ctx context.Context, hosts []*testhost.Host) error {
	host, outside := hosts[0], hosts[1]
	for _, one := range []struct {
		at      *testhost.Host
		command string
	}{
		{host, "ip -brief link"}, {host, "ip -brief address"}, {host, "bridge link"}, {host, "ip route"},
		{host, "grep -E 'Mode|Primary|Active|Slave Interface|MII Status' /proc/net/bonding/bond0"},
		{host, "lxc-ls --fancy"},
		{outside, "grep -h 'ICMP echo request' /run/eth0.log /run/eth1.log"},
	} {
		say(one.at.Name() + ": " + one.command)
		output, err := one.at.Run(ctx, one.command)
		if err != nil {
			return err
		}
		fmt.Print(output)
	}
	for _, one := range hosts {
		say(one.Name() + ": hostnet draw")
		drawing, err := one.Run(ctx, backend.Program+" draw")
		if err != nil {
			return err
		}
		fmt.Print(drawing)
	}
	if record == "" {
		return nil
	}
	wired, err := host.Run(ctx, backend.Program+" draw --json")
	if err != nil {
		return err
	}
	return os.WriteFile(record, []byte(wired), 0o644)
}

// stream runs a program and shows what it says, which it returns as well.
func stream(ctx context.Context, environment []string, program string, arguments ...string) (string, error) {
	var output strings.Builder
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = io.MultiWriter(os.Stdout, &output), os.Stderr
	if err := command.Run(); err != nil {
		return output.String(), fmt.Errorf("`%s %s`: %w", program, strings.Join(arguments, " "), err)
	}
	return output.String(), nil
}
