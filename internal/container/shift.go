package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// idRange is a line of lxc.idmap: count identifiers from inside on are those from outside on.
type idRange struct {
	kind                   string // u, g, or b for both
	inside, outside, count uint32
}

// idMap reads the lines of lxc.idmap, nil if there are none.
func idMap(lines []string) ([]idRange, error) {
	var ranges []idRange
	for _, line := range lines {
		key, value := splitLine(line)
		if key != "lxc.idmap" {
			continue
		}
		var one idRange
		_, err := fmt.Sscanf(value, "%s %d %d %d", &one.kind, &one.inside, &one.outside, &one.count)
		if err != nil || !slices.Contains([]string{"u", "g", "b"}, one.kind) {
			return nil, fmt.Errorf("config: lxc.idmap must be as in u 0 100000 65536, not %q", value)
		}
		ranges = append(ranges, one)
	}
	return ranges, nil
}

func shifted(ranges []idRange, kind string, id uint32) (int, bool) {
	for _, one := range ranges {
		if (one.kind == kind || one.kind == "b") && id >= one.inside && id-one.inside < one.count {
			return int(one.outside + id - one.inside), true
		}
	}
	return 0, false
}

// letIn gives the container's folder to its own root, as LXC does where it knows of the map when it makes a container
// (do_create_container_dir in lxc/lxccontainer.c): otherwise it cannot reach the root file system.
func letIn(folder string, ranges []idRange) error {
	user, known := shifted(ranges, "u", 0)
	group, knownGroup := shifted(ranges, "g", 0)
	if !known || !knownGroup {
		return nil // shift has said so
	}
	return os.Chown(folder, user, group)
}

// shift gives the files of a copied root file system to those whom the container's own users are on the host.
func shift(root string, ranges []idRange) error {
	done := map[uint64]bool{} // a file with several names is shifted once
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || done[stat.Ino] {
			return nil
		}
		done[stat.Ino] = true
		if err := shiftFile(path, stat, ranges); err != nil {
			return fmt.Errorf("cannot give %s to its owner in the container: %w", path, err)
		}
		return nil
	})
}

const capability = "security.capability"

func shiftFile(path string, stat *syscall.Stat_t, ranges []idRange) error {
	uid, hasUID := shifted(ranges, "u", stat.Uid)
	gid, hasGID := shifted(ranges, "g", stat.Gid)
	if !hasUID || !hasGID {
		return fmt.Errorf("lxc.idmap has no place for user %d or group %d", stat.Uid, stat.Gid)
	}
	for _, list := range []string{"system.posix_acl_access", "system.posix_acl_default"} {
		if size, err := unix.Lgetxattr(path, list, nil); err == nil && size > 0 {
			return errors.New(
				"it has an access control list, which names users that cannot be shifted: remove it with setfacl -b")
		}
	}
	value := make([]byte, 64)
	size, err := unix.Lgetxattr(path, capability, value)
	if err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		return err
	}
	// The kernel takes setuid bits and capabilities from a file that changes hands (chown(2)).
	if stat.Mode&unix.S_IFMT != unix.S_IFLNK {
		if err := unix.Chmod(path, stat.Mode&0o7777); err != nil {
			return err
		}
	}
	if size <= 0 {
		return nil
	}
	root, found := shifted(ranges, "u", 0)
	if !found {
		return errors.New("lxc.idmap has no place for root, whom its capabilities are for")
	}
	return unix.Lsetxattr(path, capability, capabilitiesFor(value[:size], uint32(root)), 0)
}

// capabilitiesFor makes capabilities count in the user namespace whose root is this user on the host
// (VFS_CAP_REVISION_3 in linux/capability.h).
func capabilitiesFor(value []byte, root uint32) []byte {
	const withoutRoot, third, flags = 20, 0x03000000, 0x00ffffff
	if len(value) < withoutRoot {
		return value
	}
	out := append([]byte(nil), value[:withoutRoot]...)
	binary.LittleEndian.PutUint32(out, third|binary.LittleEndian.Uint32(value)&flags)
	return binary.LittleEndian.AppendUint32(out, root)
}
