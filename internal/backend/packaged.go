package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"hostnet.linux/internal/system"
)

// PackagedProgram is where a distribution's package has the program, and PackagedUnit its service, which is not
// enabled.
const (
	PackagedProgram = "/usr/sbin/hostnet"
	PackagedUnit    = "/usr/lib/systemd/system/" + Unit
)

// Version is this program's own; main sets it.
var Version = ""

// UnitText is the service that runs this program at boot.
func UnitText(program string) string { return withProgram(unitText, program) }

func withProgram(text, program string) string { return strings.ReplaceAll(text, Program, program) }

// packaged tells whether a distribution's package has brought this very program, or one of the same version: a second
// copy would only grow old beside it.
func packaged(s *system.System) (bool, error) {
	path := s.Path(PackagedProgram)
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	same, err := sameContent("/proc/self/exe", path)
	if err != nil || same {
		return same, err
	}
	// What does not run is no program of ours.
	said, err := s.Run(5*time.Second, nil, path, "version")
	return err == nil && Version != "" && strings.TrimSpace(said) == Version, nil
}

// bootProgram is the program that the boot runs.
func bootProgram(s *system.System) (string, error) {
	found, err := packaged(s)
	if err != nil {
		return "", fmt.Errorf("cannot look at %s: %w", PackagedProgram, err)
	}
	if found {
		return PackagedProgram, nil
	}
	return Program, nil
}
