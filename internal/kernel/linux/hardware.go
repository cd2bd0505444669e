package linux

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// BusAddress asks the driver (ETHTOOL_GDRVINFO), since sysfs shows only the links of one namespace. The address of a
// virtual function is that of the card that it belongs to.
func (h *Handle) BusAddress(name string) (string, error) {
	address := ""
	err := h.inside(func() error {
		socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(socket) }()
		info, err := unix.IoctlGetEthtoolDrvinfo(socket, name)
		if errors.Is(err, unix.EOPNOTSUPP) {
			return nil
		}
		if err == nil {
			address = unix.ByteSliceToString(info.Bus_info[:])
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if card, err := os.Readlink(filepath.Join("/sys/bus/pci/devices", address, "physfn")); address != "" && err == nil {
		return filepath.Base(card), nil
	}
	return address, nil
}
