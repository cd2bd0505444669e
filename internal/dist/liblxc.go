package dist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"hostnet.linux/internal/cache"
)

// lxcRelease is the Debian whose liblxc is compiled against. The library adds to what it has and takes nothing away, so
// the newer ones do as well.
const lxcRelease = "bookworm"

// fetch puts Debian's packages for another architecture into a folder, with an apt of its own: the host's keeps its
// architectures and its sources.
const fetch = `set -e
cd "$1"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get download -qq lxc-dev liblxc1
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
cp -r unpacked/usr/include/lxc "$TARGET/"
cp -d unpacked/usr/lib/*/liblxc.so* "$TARGET/"`

// description is what Debian's lxc.pc would say if it did not ask for the headers of what liblxc uses itself.
const description = `Name: lxc
Description: liblxc of Debian %[2]s
Version: 5
Cflags: -I%[1]s
Libs: -L%[1]s -llxc
`

// liblxc is a folder with the library, its headers and lxc.pc, made in the first call on this computer.
func liblxc(ctx context.Context, architecture string) (string, error) {
	sum := sha256.Sum256([]byte(fetch + description + lxcRelease))
	key := architecture + "-" + hex.EncodeToString(sum[:8])
	return cache.Folder(ctx, "liblxc", key, func(ctx context.Context, folder string) error {
		root := filepath.Join(folder, "root")
		command := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=custom", "--format=directory",
			"--skip=check/qemu",
			"--architectures="+architecture, "--customize-hook="+fetch, lxcRelease, root)
		command.Env = append(os.Environ(), "TARGET="+folder)
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot fetch liblxc for %s: %w\n%s", architecture, err, said)
		}
		text := fmt.Sprintf(description, folder, lxcRelease)
		if err := os.WriteFile(filepath.Join(folder, "lxc.pc"), []byte(text), 0o644); err != nil {
			return err
		}
		return os.RemoveAll(root)
	})
}
