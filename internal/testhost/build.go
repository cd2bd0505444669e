package testhost

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// diskSize is the disk's size in bytes as the machine sees it; the file holds only what is used.
const diskSize = "8G"

// imageBuilder carries one build from Debian's packages to the files of an Image.
type imageBuilder struct {
	ctx        context.Context
	recipe     Recipe
	log        io.Writer
	image      Image  // what is being made
	root       string // the machine's root file system, as a directory
	kernelRoot string // the kernel's package, unpacked
}

func (b *imageBuilder) run() error {
	start := time.Now()
	steps := []struct {
		what string
		do   func() error
	}{
		{fmt.Sprintf("install Debian %s (%d packages and what they need)", b.recipe.Release, len(b.recipe.packages())),
			b.installPackages},
		{"kernel and its modules", b.installKernel},
		{"users, key and services", b.setUp},
		{"initramfs", b.makeInitramfs},
		{"disk", b.makeDisk},
	}
	for i, step := range steps {
		fmt.Fprintf(b.log, "%s image, %d of %d: %s\n", b.recipe.Release, i+1, len(steps), step.what)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	fmt.Fprintf(b.log, "%s image: done in %d s\n", b.recipe.Release, int(time.Since(start).Seconds()))
	return nil
}

// installPackages also unpacks the kernel beside the root: installed there, it would pull in and run initramfs-tools,
// which takes longer than all the rest.
func (b *imageBuilder) installPackages() error {
	fetchKernel := fmt.Sprintf(`set -e; cd "$1"/tmp
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get download "$(apt-cache depends %s | sed -n 's/.*Depends: //p' | head -1)"
dpkg-deb -x linux-image-*.deb '%s'
rm linux-image-*.deb`, kernelPackage, b.kernelRoot)
	return command(b.ctx, "mmdebstrap",
		"--variant=apt",
		"--format=directory",
		"--include="+strings.Join(b.recipe.packages(), ","),
		// The installing programs' fsync calls protect nothing here.
		"--dpkgopt=force-unsafe-io",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		`--aptopt=Acquire::Languages "none"`,
		"--customize-hook="+fetchKernel,
		string(b.recipe.Release), b.root)
}

// installKernel puts the modules where the machine's kmod finds them, and the kernel where QEMU does.
func (b *imageBuilder) installKernel() error {
	kernels, err := filepath.Glob(filepath.Join(b.kernelRoot, "boot/vmlinuz-*"))
	if err != nil || len(kernels) != 1 {
		return fmt.Errorf("%s holds the kernels %v, want one", kernelPackage, kernels)
	}
	version := strings.TrimPrefix(filepath.Base(kernels[0]), "vmlinuz-")
	if err := os.Rename(kernels[0], b.image.kernel()); err != nil {
		return err
	}
	// /lib/modules in Debian 12's package, /usr/lib/modules in 13's; the same directory once installed.
	packaged, err := filepath.Glob(filepath.Join(b.kernelRoot, "*lib/modules", version))
	if err == nil && packaged == nil {
		packaged, err = filepath.Glob(filepath.Join(b.kernelRoot, "usr/lib/modules", version))
	}
	if err != nil || len(packaged) != 1 {
		return fmt.Errorf("%s has no modules of %s", kernelPackage, version)
	}
	if err := os.MkdirAll(filepath.Join(b.root, "usr/lib/modules"), 0o755); err != nil {
		return err
	}
	if err := os.Rename(packaged[0], b.modules(version)); err != nil {
		return err
	}
	if err := command(b.ctx, "chroot", b.root, "depmod", version); err != nil {
		return err
	}
	dependencies, err := readModuleDependencies(b.modules(version))
	if err != nil {
		return err
	}
	for _, name := range neededModules {
		if !dependencies.has(name) {
			return fmt.Errorf("the kernel %s has no module %s", version, name)
		}
	}
	return nil
}

func (b *imageBuilder) modules(version string) string {
	return filepath.Join(b.root, "usr/lib/modules", version)
}

// setUp makes the key, and runs guest/setup.sh inside the root file system.
func (b *imageBuilder) setUp() error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "testhost")
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.image.Key(), pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	authorized, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	script, err := guestFiles.ReadFile("guest/setup.sh")
	if err != nil {
		return err
	}
	const inside = "/tmp/setup.sh"
	outside := filepath.Join(b.root, inside)
	if err := os.WriteFile(outside, script, 0o755); err != nil {
		return err
	}
	defer os.Remove(outside)
	return command(b.ctx, "chroot", b.root, "/bin/sh", inside,
		string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(authorized))))
}

func (b *imageBuilder) makeInitramfs() error {
	versions, err := filepath.Glob(b.modules("*"))
	if err != nil || len(versions) != 1 {
		return fmt.Errorf("modules of the kernels %v, want one", versions)
	}
	busybox, err := os.ReadFile(filepath.Join(b.root, "usr/bin/busybox"))
	if err != nil {
		return err
	}
	init, err := guestFiles.ReadFile("guest/init.sh")
	if err != nil {
		return err
	}
	modules, err := loadModules(b.ctx, versions[0], "virtio_pci", "virtio_blk", "virtio_net")
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := writeInitramfs(&archive, init, busybox, modules); err != nil {
		return err
	}
	return os.WriteFile(b.image.initramfs(), archive.Bytes(), 0o600)
}

// makeDisk needs no mount and no loop device, so that images can be built inside containers.
func (b *imageBuilder) makeDisk() error {
	return command(b.ctx, "mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", "lazy_itable_init=1,root_owner=0:0",
		"-J", "size=16", "-d", b.root, b.image.disk(), diskSize)
}

// moduleDependencies is modules.dep: by a module's name its file, and the files that must be loaded before, last first.
type moduleDependencies map[string][]string

func readModuleDependencies(dir string) (moduleDependencies, error) {
	table, err := os.ReadFile(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return nil, err
	}
	builtin, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return nil, err
	}
	dependencies := moduleDependencies{}
	for line := range strings.Lines(string(table)) {
		file, needs, _ := strings.Cut(line, ":")
		dependencies[moduleName(file)] = append([]string{file}, strings.Fields(needs)...)
	}
	for line := range strings.Lines(string(builtin)) {
		dependencies[moduleName(strings.TrimSpace(line))] = nil
	}
	return dependencies, nil
}

// moduleName is what the kernel calls the module in the file: without directory and suffixes, and with underscores.
func moduleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return strings.ReplaceAll(name, "-", "_")
}

func (d moduleDependencies) has(name string) bool {
	_, found := d[name]
	return found
}

// loadOrder lists the files of the named modules and of all that they need, each once, needed ones first.
func (d moduleDependencies) loadOrder(names ...string) []string {
	var order []string
	for _, name := range names {
		files := slices.Clone(d[name])
		slices.Reverse(files)
		for _, file := range files {
			if !slices.Contains(order, file) {
				order = append(order, file)
			}
		}
	}
	return order
}
