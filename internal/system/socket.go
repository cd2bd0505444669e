package system

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Listener is a socket that waits for datagrams or connections.
type Listener struct {
	Protocol string // udp or tcp
	Address  netip.AddrPort
	inode    string
}

// transport is a protocol whose sockets can wait on a port.
type transport struct {
	name   string
	number uint8
	// waits is the state of a socket that waits for whoever comes (net/tcp_states.h): TCP_LISTEN, or TCP_CLOSE, which an
	// unconnected UDP socket is in.
	waits uint8
}

var transports = []transport{{"udp", unix.IPPROTO_UDP, 7}, {"tcp", unix.IPPROTO_TCP, 10}}

// Listeners lists the sockets of this network namespace that wait on a port.
func Listeners(port uint16) ([]Listener, error) {
	var out []Listener
	for _, protocol := range transports {
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			found, err := diagnose(protocol, family, port)
			if errors.Is(err, errNoDiag) {
				found, err = listed(protocol, family, port)
			}
			if err != nil {
				return nil, fmt.Errorf("cannot list the sockets: %w", err)
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

// listed reads the same from /proc/net.
func listed(protocol transport, family uint8, port uint16) ([]Listener, error) {
	version := map[uint8]string{unix.AF_INET6: "6"}[family]
	// The folder is that of the thread's own namespace.
	text, err := os.ReadFile("/proc/thread-self/net/" + protocol.name + version)
	if os.IsNotExist(err) {
		return nil, nil // a kernel without IPv6
	}
	var out []Listener
	for line := range strings.Lines(string(text)) {
		if one, ok := parseListener(protocol, line); ok && one.Address.Port() == port {
			out = append(out, one)
		}
	}
	return out, err
}

// parseListener reads a line of /proc/net/udp and its like.
func parseListener(protocol transport, line string) (Listener, bool) {
	fields := strings.Fields(line)
	const local, state, inode = 1, 3, 9
	if len(fields) <= inode {
		return Listener{}, false
	}
	if fields[state] != fmt.Sprintf("%02X", protocol.waits) {
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
	return Listener{protocol.name, netip.AddrPortFrom(address, uint16(number)), fields[inode]}, ok
}

// Holds tells whether the process has one of the sockets open.
func (p Process) Holds(sockets []Listener) bool {
	return slices.ContainsFunc(openFiles(p.PID), func(target string) bool {
		return slices.ContainsFunc(sockets, func(l Listener) bool { return target == l.file() })
	})
}

// file is what /proc shows of the socket (proc_pid_fd(5)).
func (l Listener) file() string { return "socket:[" + l.inode + "]" }

// openFiles are what the process has open.
func openFiles(pid int) []string {
	path := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	folder := os.NewFile(uintptr(fd), path)
	defer func() { _ = folder.Close() }()
	names, _ := folder.Readdirnames(-1)
	var out []string
	buffer := make([]byte, 256)
	for _, name := range names {
		if n, err := unix.Readlinkat(fd, name, buffer); err == nil {
			out = append(out, string(buffer[:n]))
		}
	}
	return out
}

// Owners are the processes that hold sockets, by socket.
type Owners map[Listener]Process

// OwnersOf finds the process of each of the sockets, where that can be told. Whoever serves names and addresses is most
// likely a dnsmasq, so these are looked at first: to read what every process of a host has open takes long.
func OwnersOf(sockets []Listener) Owners {
	out, wanted := Owners{}, map[string]Listener{}
	for _, socket := range sockets {
		wanted[socket.file()] = socket
	}
	entries, err := os.ReadDir("/proc")
	if err != nil || len(wanted) == 0 {
		return out
	}
	var others []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if nameOf(pid) == "dnsmasq" {
			out.look(pid, wanted)
		} else {
			others = append(others, pid)
		}
	}
	for _, pid := range others {
		if len(wanted) == 0 {
			break
		}
		out.look(pid, wanted)
	}
	return out
}

// look notes the wanted sockets that the process has open.
func (o Owners) look(pid int, wanted map[string]Listener) {
	for _, target := range openFiles(pid) {
		socket, isWanted := wanted[target]
		if !isWanted {
			continue
		}
		if process, found := FindProcess(pid); found {
			o[socket] = process
			delete(wanted, target)
		}
	}
}

// nameOf is the kernel's name of a process, "" of one that has ended.
func nameOf(pid int) string {
	name, err := readProc(pid, "comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
