package system

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listener is a socket that waits for datagrams or connections.
type Listener struct {
	Protocol string // udp or tcp
	Address  netip.AddrPort
	inode    string
}

// Listeners lists the sockets of this network namespace that wait on a port.
func Listeners(port uint16) ([]Listener, error) {
	var out []Listener
	for _, protocol := range []string{"udp", "tcp"} {
		for _, version := range []string{"", "6"} {
			// The folder is that of the thread's own namespace.
			text, err := os.ReadFile("/proc/thread-self/net/" + protocol + version)
			if os.IsNotExist(err) {
				continue // a kernel without IPv6
			}
			if err != nil {
				return nil, fmt.Errorf("cannot list the sockets: %w", err)
			}
			for line := range strings.Lines(string(text)) {
				if one, ok := parseListener(protocol, line); ok && one.Address.Port() == port {
					out = append(out, one)
				}
			}
		}
	}
	return out, nil
}

// parseListener reads a line of /proc/net/udp and its like.
func parseListener(protocol, line string) (Listener, bool) {
	fields := strings.Fields(line)
	const local, state, inode = 1, 3, 9
	if len(fields) <= inode {
		return Listener{}, false
	}
	// 0A is TCP_LISTEN, 07 TCP_CLOSE, which an unconnected UDP socket is in (net/tcp_states.h).
	if protocol == "tcp" && fields[state] != "0A" || protocol == "udp" && fields[state] != "07" {
		return Listener{}, false
	}
	host, port, found := strings.Cut(fields[local], ":")
	raw, err := hex.DecodeString(host)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if !found || err != nil || portErr != nil || len(raw)%4 != 0 {
		return Listener{}, false
	}
	// The kernel prints each word of the address in its own byte order.
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	address, ok := netip.AddrFromSlice(raw)
	return Listener{protocol, netip.AddrPortFrom(address, uint16(number)), fields[inode]}, ok
}

// Holds tells whether the process has one of the sockets open.
func (p Process) Holds(sockets []Listener) bool {
	folder := filepath.Join("/proc", strconv.Itoa(p.PID), "fd")
	names, err := List(folder)
	if err != nil {
		return false
	}
	for _, name := range names {
		target, err := os.Readlink(filepath.Join(folder, name))
		if err == nil && slices.ContainsFunc(sockets, func(l Listener) bool { return target == "socket:["+l.inode+"]" }) {
			return true
		}
	}
	return false
}

// Owner is the process that holds the socket; false where that cannot be told.
func (l Listener) Owner() (Process, bool) {
	holders, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return Process{}, false
	}
	want := "socket:[" + l.inode + "]"
	for _, path := range holders {
		if target, err := os.Readlink(path); err == nil && target == want {
			pid, err := strconv.Atoi(strings.Split(path, "/")[2])
			if err != nil {
				return Process{}, false
			}
			return FindProcess(pid)
		}
	}
	return Process{}, false
}
