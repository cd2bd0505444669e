package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"hostnet.linux/internal/plan"
)

// TakeOver has what OpenStack-Ansible's roles have set up moved over: the interfaces from the files that they include,
// and the addressing from systemd-networkd inside.
const TakeOver = "takeover"

// insideFile tells systemd-networkd inside a container to leave a link alone. The first file that matches counts, and
// what runs reads it at its next start.
type insideFile struct {
	container        *Container
	link, path, text string
}

func unmanagedInside(c *Container, name string) insideFile {
	return insideFile{c, name, path.Join(networkdFolder, "0-hostnet.unmanaged-"+name+".network"),
		"# Written by hostnet.linux.\n[Match]\nName=" + name + "\n\n[Link]\nUnmanaged=yes\n"}
}

// planTakeover tells systemd-networkd inside to leave the links alone whose addressing is now in the configuration.
func (p *planner) planTakeover() {
	told := map[*Container]bool{}
	for _, t := range p.targets {
		if !t.moves || t.live == nil && t.container.running() {
			continue
		}
		if _, found := t.container.networkdInside(t.want.Name); !found {
			continue
		}
		file := unmanagedInside(t.container, t.want.Name)
		if file.isThere() {
			continue
		}
		p.inside = append(p.inside, file)
		p.add(plan.Step{
			Phase: plan.Finish, Action: "write", Object: file.describe(), Run: file.write,
		})
		if c := t.container; !told[c] && c.findNetworkd() != 0 {
			told[c] = true
			p.add(plan.Step{
				Phase: plan.Finish, Depth: 1, Action: "restart", Object: "systemd-networkd in container " + c.Name,
				Run: c.restartNetworkd,
			})
		}
	}
}

// in opens the container's root, out of which nothing in it leads.
func (f insideFile) in(do func(*os.Root) error) error {
	root, err := f.container.root()
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

// root opens the root file system: as the container's processes see it, or the folder that it is while there are none.
func (c *Container) root() (*os.Root, error) {
	if c.running() {
		return os.OpenRoot(processFile(c.State.InitPID, "root"))
	}
	paths := c.config.Values("lxc.rootfs.path")
	if len(paths) == 0 {
		return nil, fs.ErrNotExist
	}
	folder := strings.TrimPrefix(paths[len(paths)-1], "dir:")
	if !path.IsAbs(folder) {
		return nil, fmt.Errorf("lxc.rootfs.path = %s is mounted only while the container runs", folder)
	}
	return os.OpenRoot(folder)
}

func (f insideFile) describe() string {
	return fmt.Sprintf("file /%s in container %s", f.path, f.container.Name)
}

func (f insideFile) isThere() bool {
	err := f.in(func(root *os.Root) error {
		info, err := root.Lstat(f.path)
		if err == nil && !info.Mode().IsRegular() {
			return fs.ErrInvalid
		}
		return err
	})
	return err == nil
}

func (f insideFile) write() error {
	return f.in(func(root *os.Root) error {
		file, err := root.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return fmt.Errorf("container %s: %w", f.container.Name, err)
		}
		_, err = file.WriteString(f.text)
		return errors.Join(err, file.Sync(), file.Close())
	})
}

func (f insideFile) remove() error {
	return f.in(func(root *os.Root) error {
		if err := root.Remove(f.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
