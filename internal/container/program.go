package container

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"hostnet.linux/internal/lxc"
)

// Program is what LXC's hooks call.
type Program struct {
	// Path is where the hooks find it, Source what it is a copy of: this program itself.
	Path, Source string
}

// DefaultProgram is where the collection installs its hook.
const DefaultProgram = "/usr/local/lib/hostnet/hostnet-lxc"

func (p Program) current() (bool, error) {
	want, err := os.ReadFile(p.Source)
	if err != nil {
		return false, err
	}
	have, err := os.ReadFile(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(want, have), err
}

func (p Program) install() error {
	const executable = 0o755
	contents, err := os.ReadFile(p.Source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.Path), executable); err != nil {
		return err
	}
	if err := lxc.WriteFile(p.Path, contents); err != nil {
		return err
	}
	return os.Chmod(p.Path, executable)
}
