// Package backend has the boot make the host as declared: by our own service, or by systemd-networkd.
package backend

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// Program is where the host keeps the program that its boot runs, and that a person calls.
const Program = "/usr/local/sbin/hostnet"

// ProgramLink is the program where people without sbin in their path find it.
const ProgramLink = "/usr/local/bin/hostnet"

// Companions are what comes with the program: its man page and the shells' completions, which it makes itself; main
// sets it.
var Companions = func() []system.File { return nil }

// Unit is the service of systemd that makes the host as declared at boot.
const Unit = "hostnet.service"

const (
	unitFile = "/etc/systemd/system/" + Unit
	initFile = "/etc/init.d/hostnet"
)

//go:embed hostnet.service
var unitText string

// recoverText is the service on a host whose network systemd-networkd makes.
//
//go:embed recover.service
var recoverText string

//go:embed hostnet.init
var initText string

//go:embed hostnet.openrc
var openrcText string

// bootFile is the file that starts us at boot, and the command that enables it; no path where we know no way.
func bootFile(s *system.System) (path, text string, mode os.FileMode, enable []string) {
	switch {
	case s.HasSystemd():
		return unitFile, unitText, 0o644, nil
	case s.Exists("/run/openrc"):
		return initFile, openrcText, 0o755, []string{"rc-update", "add", "hostnet", "boot"}
	case s.Exists("/etc/init.d"):
		return initFile, initText, 0o755, []string{"update-rc.d", "hostnet", "defaults"}
	}
	return "", "", 0, nil
}

// Installation is what it takes that the boot makes the host as declared.
type Installation struct {
	Steps []plan.Step
	// Files are written by the steps, Units are enabled or disabled by them, and Managers read some of the files.
	Files, Units, Managers []string
	Warnings               []string
}

// Install has this very program make the host as declared at boot.
func Install(s *system.System) (*Installation, error) {
	out := &Installation{}
	program, err := out.program(s)
	if err != nil {
		return nil, err
	}
	path, text, mode, enable := bootFile(s)
	if path == "" {
		out.Warnings = append(out.Warnings, "this host has neither systemd nor OpenRC nor init scripts: have its boot run `"+
			program+" boot`")
		return out, nil
	}
	want := system.File{Path: path, Present: true, Content: []byte(withProgram(text, program)), Mode: mode}
	if program == PackagedProgram && s.HasSystemd() && s.Exists(PackagedUnit) && !s.Exists(path) {
		want.Path = PackagedUnit
	}
	if err := out.service(s, want, enable); err != nil {
		return nil, err
	}
	return out, out.networkd(s, nil, nil)
}

// program keeps this very program on the host, unless a package does, and returns where.
func (i *Installation) program(s *system.System) (string, error) {
	path, err := bootProgram(s)
	if err != nil || path == PackagedProgram {
		return path, err
	}
	same, err := sameContent("/proc/self/exe", s.Path(path))
	if err != nil {
		return "", fmt.Errorf("cannot look at %s: %w", path, err)
	}
	// What else has that name in the link's place stays.
	_, err = os.Lstat(s.Path(ProgramLink))
	lacksLink := errors.Is(err, fs.ErrNotExist)
	if !same || lacksLink {
		_, err := os.Stat(s.Path(path))
		step := plan.Step{Phase: plan.Finish, Action: "write", Object: "file " + path, Upkeep: err == nil, Run: func() error {
			if !same {
				if err := copyProgram(s.Path(path)); err != nil {
					return err
				}
			}
			putCompanions(s)
			if lacksLink {
				return linkProgram(s.Path(ProgramLink))
			}
			return nil
		}}
		i.Steps = append(i.Steps, step)
	}
	return path, nil
}

// putCompanions writes what is a comfort alone: where it cannot be written, as on a system that is read-only in part,
// the program is as good without.
func putCompanions(s *system.System) {
	for _, file := range Companions() {
		if have, err := s.File(file.Path); err == nil && !have.Equal(file) {
			_ = s.Put(file)
		}
	}
}

// service has the boot start us.
func (i *Installation) service(s *system.System, want system.File, enable []string) error {
	have, err := s.File(want.Path)
	if err != nil {
		return err
	}
	unit, err := s.Unit(Unit)
	if err != nil {
		return err
	}
	systemd := s.HasSystemd()
	isPackaged := want.Path == PackagedUnit // which is a package's to write
	if (isPackaged || have.Equal(want)) && (unit.Enabled || !systemd) {
		return nil
	}
	// A newer release's text of the same service changes nothing of the host's network.
	upkeep := have.Present && (unit.Enabled || !systemd) && i.sameKind(have, want)
	if !isPackaged {
		i.Steps = append(i.Steps,
			plan.Step{Phase: plan.Finish, Action: "write", Object: "file " + want.Path, Upkeep: upkeep,
				Run: func() error { return s.Put(want) }})
		i.Files = append(i.Files, want.Path)
	}
	i.Steps = append(i.Steps,
		plan.Step{Phase: plan.Finish, Action: "enable", Object: "service hostnet", Upkeep: upkeep, Run: func() error {
			if systemd {
				return errors.Join(s.ReloadUnits(), s.Enable(Unit))
			}
			return enableScript(s, enable)
		}})
	if systemd {
		i.Units = append(i.Units, Unit)
	}
	return nil
}

// sameKind tells whether both texts have the boot do the same: apply what is declared, or only undo what is left
// half-way.
func (i *Installation) sameKind(have, want system.File) bool {
	return bytes.Contains(have.Content, []byte("/hostnet boot")) == bytes.Contains(want.Content, []byte("/hostnet boot"))
}

// enableScript does nothing in a test's own folder, where no init system is.
func enableScript(s *system.System, command []string) error {
	program := s.Find(command[0])
	if program == "" || s.Root != "" {
		return nil
	}
	_, err := s.Run(30*time.Second, nil, program, command[1:]...)
	return err
}

// copyProgram puts this program there. The kernel refuses to write to a program that runs, but not to replace its file.
func copyProgram(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot install the program: %w", err)
	}
	source, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("cannot install the program: %w", err)
	}
	defer func() { _ = source.Close() }()
	fresh := path + ".new"
	defer func() {
		if err != nil {
			_ = os.Remove(fresh)
			err = fmt.Errorf("cannot install the program: %w", err)
		}
	}()
	target, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Chmod(0o755), target.Sync(), target.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// linkProgram makes the link, which is relative so that it also leads to the program where the root is another folder.
func linkProgram(path string) error {
	target, err := filepath.Rel(filepath.Dir(ProgramLink), Program)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.Symlink(target, path)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot link the program to %s: %w", ProgramLink, err)
	}
	return nil
}

// sameContent compares without holding megabytes.
func sameContent(a, b string) (bool, error) {
	one, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer func() { _ = one.Close() }()
	other, err := os.Open(b)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = other.Close() }()
	sizeOne, errOne := one.Stat()
	sizeOther, errOther := other.Stat()
	if err := errors.Join(errOne, errOther); err != nil || sizeOne.Size() != sizeOther.Size() {
		return false, err
	}
	left, right := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(one, left)
		m, _ := io.ReadFull(other, right)
		if !bytes.Equal(left[:n], right[:m]) {
			return false, nil
		}
		if err != nil {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), nil
		}
	}
}
