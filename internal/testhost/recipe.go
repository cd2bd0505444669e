package testhost

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Release is a Debian release by its code name.
type Release string

// The releases that the collection is tested on.
const (
	Bookworm Release = "bookworm" // Debian 12, Linux 6.1
	Trixie   Release = "trixie"   // Debian 13, Linux 6.12
)

// Releases lists every release that an image can be built of, oldest first.
var Releases = []Release{Bookworm, Trixie}

// kernelPackage depends on the release's newest kernel for virtual machines: small, quick to boot, with bonding, 8021q,
// dummy, vxlan, macvlan and nf_tables as modules.
const kernelPackage = "linux-image-cloud-amd64"

// basePackages are in every image. There is no Python: the collection must not need it.
var basePackages = []string{
	"bridge-utils", "busybox-static", "ca-certificates", "dbus", "dnsmasq-base", "ifupdown", "iproute2", "iputils-ping",
	"kmod",
	"lxc", "nftables", "openssh-server", "procps", "sudo", "systemd", "systemd-sysv", "tcpdump", "udev",
}

// neededModules must exist in the image's kernel: what the tests are about, and what the machine itself runs on.
var neededModules = []string{"8021q", "bonding", "dummy", "macvlan", "nf_tables", "vrf", "vxlan", "virtio_blk",
	"virtio_net", "virtio_pci"}

// guestFiles are the scripts that become part of an image.
//
//go:embed guest
var guestFiles embed.FS

// Recipe says what an image is made of. Equal recipes share one image in the cache.
type Recipe struct {
	Release  Release
	Packages []string // Debian packages on top of the base, such as "docker.io", "firewalld" or "network-manager"
}

var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)

func (r Recipe) validate() error {
	if !slices.Contains(Releases, r.Release) {
		return fmt.Errorf("release %q: must be one of %v", r.Release, Releases)
	}
	for _, name := range r.Packages {
		if !packageName.MatchString(name) {
			return fmt.Errorf("package %q: not a Debian package name", name)
		}
	}
	return nil
}

// packages returns base and extra packages, sorted, each once.
func (r Recipe) packages() []string {
	all := slices.Concat(basePackages, r.Packages)
	slices.Sort(all)
	return slices.Compact(all)
}

// name is the image's directory in the cache: whatever goes into the image changes it.
func (r Recipe) name() (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, imageFormat, r.Release, kernelPackage, strings.Join(r.packages(), " "))
	err := fs.WalkDir(guestFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := guestFiles.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	return string(r.Release) + "-" + hex.EncodeToString(hash.Sum(nil))[:16], err
}

func (r Recipe) String() string {
	if len(r.Packages) == 0 {
		return string(r.Release)
	}
	return fmt.Sprintf("%s with %s", r.Release, strings.Join(r.Packages, ", "))
}
