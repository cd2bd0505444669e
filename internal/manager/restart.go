package manager

import (
	"path/filepath"
	"time"

	"hostnet.linux/internal/system"
)

// settling is how long a program that was restarted gets to set up its links.
const settling = 5 * time.Second

// Restart has a service read its files anew and waits until it has set up its links. A restart leaves links alone that
// the service does not manage any more; a reload would first strip them of what it gave them.
func Restart(s *system.System, service string) error {
	if service == Networkd {
		if err := forget(s); err != nil {
			return err
		}
	}
	if err := s.Restart(service); err != nil {
		return err
	}
	if service == networkManagerService {
		if tool := s.Find("nm-online"); tool != "" {
			// Its exit code says whether all profiles are up, which is not asked here.
			_, _ = s.Run(settling+5*time.Second, nil, tool, "--wait-for-startup", "--quiet", "--timeout=5")
		}
		return nil
	}
	for deadline := time.Now().Add(settling); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if settled(s) {
			return nil
		}
	}
	return nil
}

// forget ends networkd without a word to its next run. Since version 257 it tells that run which addresses and routes are
// its own (networkd-serialize.c), which then takes them from the links that it does not manage any more.
func forget(s *system.System) error {
	unit, err := s.Unit(Networkd)
	if err != nil || unit.MainPID == 0 {
		return err
	}
	return s.Kill(Networkd)
}

// settled tells whether networkd waits for none of its links any more.
func settled(s *system.System) bool {
	paths, err := filepath.Glob(s.Path("/run/systemd/netif/links/*"))
	if err != nil || len(paths) == 0 {
		return false
	}
	for _, path := range paths {
		file, err := s.File(path)
		if err != nil {
			return false
		}
		switch last(parseKeyfile(string(file.Content)), "", "ADMIN_STATE") {
		case "configured", "unmanaged", "failed", "linger":
		default:
			return false
		}
	}
	return true
}
