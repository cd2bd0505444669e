package linux

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// NamespaceID is the number by which this namespace's links refer to another namespace, -1 if there is none yet.
func (h *Handle) NamespaceID(namespace string) (int, error) {
	file, err := kernel.OpenNamespace(NamespacePath(namespace))
	if err != nil {
		return -1, fmt.Errorf("network namespace %q: %w", namespace, err)
	}
	defer func() { _ = file.Close() }()
	// From linux/net_namespace.h.
	const netnsaNSID, netnsaFD = 1, 3
	request := h.request(unix.RTM_GETNSID, 0)
	request.AddData(fixed{unix.AF_UNSPEC, 0, 0, 0})
	request.AddData(nl.NewRtAttr(netnsaFD, nl.Uint32Attr(uint32(file.Fd()))))
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNSID)
	if err != nil {
		return -1, fmt.Errorf("network namespace %q: cannot ask for its number: %w", namespace, err)
	}
	id := -1
	for _, message := range messages {
		if len(message) < 4 {
			continue
		}
		err = errors.Join(err, eachAttribute(message[4:], func(typ uint16, data []byte) error {
			if typ == netnsaNSID && len(data) >= 4 {
				id = int(int32(binary.NativeEndian.Uint32(data)))
			}
			return nil
		}))
	}
	return id, err
}

// LinkNameIn is the name of the link with that index in another namespace.
func (h *Handle) LinkNameIn(namespace string, index int) (string, error) {
	other, err := Open(namespace)
	if err != nil {
		return "", err
	}
	defer other.Close()
	request := other.request(unix.RTM_GETLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	request.AddData(header)
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil || len(messages) == 0 {
		return "", fmt.Errorf("network namespace %q: cannot find link %d: %w", namespace, index, err)
	}
	link, err := decodeLink(messages[0], &settings{})
	return link.Name, err
}
