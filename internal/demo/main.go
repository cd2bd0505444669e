// Command demo shows the collection's main job on throw-away hosts: it boots machines with network cards on common
// wires, runs the playbooks of a scenario over SSH, runs them again, lets other machines say what they see, and shows
// what came of it. The scenario "containers" is one host with four cards, "openstack" a whole cloud.
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
	"slices"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/testhost"
)

func main() {
	leave := flag.Bool("keep", false, "leave the machines running")
	scenario := flag.String("scenario", "containers", "the `scenario` below molecule: containers or openstack")
	holds := flag.Bool("hold", false, "be the process that holds the machines")
	flag.StringVar(&record, "record", "",
		"write how the host is wired to this `file`, of which the picture in the documentation is made")
	flag.BoolVar(&colour, "colour", colour, "show what is said in colour")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *leave {
		err = keep(ctx, *scenario)
	} else {
		err = run(ctx, *scenario, *holds)
	}
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, scenario string, holds bool) error {
	scene, err := sceneNamed(scenario)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "hostnet-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()

	say("Building the collection")
	if err := install(ctx, folder); err != nil {
		return err
	}
	say(scene.boots)
	hosts, err := boot(ctx, scene.machines())
	for _, host := range hosts {
		defer func() { _ = host.Stop() }()
	}
	if err != nil {
		return err
	}
	if err := scene.play(ctx, folder, hosts); err != nil {
		return err
	}
	if err := scene.show(ctx, hosts); err != nil {
		return err
	}
	if holds {
		return hold(ctx, hosts)
	}
	say("Taking the machines down")
	return nil
}

// boot starts the machines. What it returns runs, even if there is an error.
func boot(ctx context.Context, machines []testhost.Machine) ([]*testhost.Host, error) {
	var hosts []*testhost.Host
	for _, machine := range machines {
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

// play runs the playbooks. A second run must find nothing to do.
func (s scene) play(ctx context.Context, folder string, hosts []*testhost.Host) error {
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
	if s.cloud != "" {
		if err := os.CopyFS(filepath.Join(folder, s.cloud), os.DirFS(filepath.Join(s.folder, s.cloud))); err != nil {
			return err
		}
	}
	environment := []string{
		"ANSIBLE_COLLECTIONS_PATH=" + folder, "ANSIBLE_COLLECTIONS_PATHS=" + folder, "ANSIBLE_HOST_KEY_CHECKING=false",
		"ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
		fmt.Sprintf("ANSIBLE_FORCE_COLOR=%t", colour), "ANSIBLE_DEPRECATION_WARNINGS=false",
	}
	for _, part := range s.parts {
		say(part.title)
		arguments := slices.Concat(s.inventoryOf(folder, file), []string{filepath.Join(s.folder, part.playbook)},
			part.arguments)
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
func (s scene) show(ctx context.Context, hosts []*testhost.Host) error {
	byName := map[string]*testhost.Host{}
	for _, host := range hosts {
		byName[host.Name()] = host
	}
	for _, one := range s.views {
		say(one.machine + ": " + one.command)
		output, err := byName[one.machine].Run(ctx, one.command)
		if err != nil {
			return err
		}
		fmt.Print(output)
	}
	if record == "" {
		return nil
	}
	wired, err := hosts[0].Run(ctx, backend.Program+" draw --json")
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
