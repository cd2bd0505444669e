// Package ansibletest runs playbooks for tests: with Debian 12's Ansible and with the newest, each from a Debian of its
// own, whatever this computer has.
package ansibletest

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/cache"
	"hostnet.linux/internal/pypi"
	"hostnet.linux/internal/testhost"
)

// Controller is an Ansible to run playbooks with: a folder with a small Debian.
type Controller struct {
	Name   string // such as "ansible-core 2.14"
	folder string
	// network is a command that runs it in another network namespace: `unshare --net` for tasks whose target is the
	// controller itself.
	network []string
}

// edition is what a controller is made of.
type edition struct {
	name     string
	release  testhost.Release
	packages string
	// python and requirement are for what comes from PyPI; empty when Debian's packages have it all.
	python, requirement string
}

// editions are the oldest Ansible that the collection supports and the newest.
var editions = []edition{
	{name: "ansible-core 2.14", release: testhost.Bookworm, packages: "ansible-core,openssh-client"},
	{name: "ansible-core 2.21", release: testhost.Trixie, packages: "python3,openssh-client", python: "3.13",
		requirement: "ansible-core==2.21.5"},
}

// Folders inside a controller.
const (
	playFolder = "/play"        // the files of a test
	pypiFolder = "/opt/ansible" // what came from PyPI
)

// Oldest and Newest are the controllers, made in the first call on this computer, which takes half a minute each.
func Oldest(ctx context.Context) (Controller, error) { return editions[0].build(ctx) }

// Newest is described at Oldest.
func Newest(ctx context.Context) (Controller, error) { return editions[len(editions)-1].build(ctx) }

func (e edition) build(ctx context.Context) (Controller, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", e))
	folder, err := cache.Folder(ctx, "controller", hex.EncodeToString(sum[:8]), e.install)
	if err != nil {
		return Controller{}, fmt.Errorf("%s: %w", e.name, err)
	}
	return Controller{Name: e.name, folder: folder}, nil
}

func (e edition) install(ctx context.Context, folder string) error {
	command := exec.CommandContext(ctx, "mmdebstrap", "--variant=apt", "--format=directory", "--include="+e.packages,
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*", `--aptopt=Acquire::Languages "none"`, string(e.release), folder)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("mmdebstrap: %w\n%s", err, output)
	}
	if e.requirement != "" {
		if err := pypi.Install(ctx, filepath.Join(folder, pypiFolder), e.python, e.requirement); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(folder, playFolder), 0o755)
}

// enter mounts what programs need beside files, in a mount namespace that ends with them.
const enter = `root=$1 files=$2; shift 2
mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" && mount --bind "$files" "$root` + playFolder + `" &&
exec chroot "$root" "$@"`

// command is a program of Ansible, such as "playbook" or "doc", with the test's files in playFolder.
func (c Controller) command(ctx context.Context, files string, environment []string, program string,
	arguments ...string) *exec.Cmd {
	words := append(slices.Clone(c.network), "unshare", "--mount", "--propagation", "slave", "sh", "-c", enter, "enter",
		c.folder, files, "/usr/bin/env", "-i",
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME="+playFolder, "LANG=C.UTF-8", "PYTHONPATH="+pypiFolder)
	words = append(words, environment...)
	words = append(words, "/usr/bin/python3", "-m", "ansible", program)
	words = append(words, arguments...)
	return exec.CommandContext(ctx, words[0], words[1:]...)
}

//go:embed controller
var controllerFiles embed.FS

// place is where a file of the test is inside the controller.
func place(name string) string { return playFolder + "/" + strings.TrimPrefix(name, "/") }
