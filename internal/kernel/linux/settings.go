package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Setting reads a file under /proc/sys/net as this handle's namespace sees it.
func (h *Handle) Setting(path string) (string, error) {
	var text []byte
	err := h.inside(func() (err error) {
		text, err = os.ReadFile(settingFile(path))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("cannot read the setting net/%s: %w", path, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// SetSetting writes a file under /proc/sys/net.
func (h *Handle) SetSetting(path, value string) error {
	h.changedSetting(path)
	err := h.inside(func() error {
		return os.WriteFile(settingFile(path), []byte(value), 0)
	})
	if err != nil {
		return fmt.Errorf("cannot write the setting net/%s: %w", path, err)
	}
	return nil
}

func settingFile(path string) string { return filepath.Join("/proc/sys/net", path) }
