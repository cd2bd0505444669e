// Package dhcp is a DHCP client for an interface inside a container. It runs on the host, so that the container needs
// no client of its own, and ends with the container.
package dhcp

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/system"
)

// Command is the first argument with which the collection's program is the client. Job's arguments follow.
const Command = "dhcp"

// Folder is where clients say what they do.
const Folder = system.RuntimeFolder + "/dhcp"

// Job is what one client does.
type Job struct {
	Container string `json:"container"`
	// Config is the file of the container's configuration.
	Config string `json:"config"`
	// Init is the container's first process, Index the interface's number inside.
	Init  int `json:"init"`
	Index int `json:"index"`
	// V4 and V6 tell of which IP versions addresses are asked for.
	V4 bool `json:"v4"`
	V6 bool `json:"v6"`
	// Routes, DNS, MTU and HostName tell whether what the server says of these is taken.
	Routes   bool `json:"routes"`
	DNS      bool `json:"dns"`
	MTU      bool `json:"mtu"`
	HostName bool `json:"host_name"`
	// MTUDeclared says that somebody declared another MTU.
	MTUDeclared bool `json:"mtu_declared"`
	// Metric is that of the server's routes; 0 follows from Position, the interface's place among those with DHCP.
	Metric   uint32 `json:"metric"`
	Position int    `json:"position"`
	// ClientID is what the client calls itself, as it is declared.
	ClientID string `json:"client_id"`
}

// RouteMetric is the metric of the server's routes.
func (j Job) RouteMetric() uint32 {
	if j.Metric != 0 {
		return j.Metric
	}
	return metric + uint32(j.Position)
}

func (j Job) arguments() []string {
	text, err := json.Marshal(j)
	if err != nil {
		// A job holds numbers, texts and truth values, which all can be written.
		return []string{Command, err.Error()}
	}
	return []string{Command, string(text)}
}

func parseJob(arguments []string) (Job, error) {
	var job Job
	if len(arguments) != 1 {
		return job, fmt.Errorf("usage: %s JOB, as this program starts its clients", Command)
	}
	if err := json.Unmarshal([]byte(arguments[0]), &job); err != nil {
		return job, fmt.Errorf("a client's job: %w", err)
	}
	return job, nil
}

func (j Job) path() string { return filepath.Join(Folder, fmt.Sprintf("%d-%d.json", j.Init, j.Index)) }

// State is what a client says of itself.
type State struct {
	Job
	PID     int          `json:"pid"`
	Address netip.Prefix `json:"address"`
	// Server is not valid as long as there is no lease.
	Server netip.Addr `json:"server"`
	Until  time.Time  `json:"until"`
	// Address6 and Until6 are DHCPv6's.
	Address6 netip.Prefix `json:"address6"`
	Until6   time.Time    `json:"until6"`
	// Bridge is what the interface is on, Networks and Networks6 its networks when a server last confirmed the leases.
	Bridge    string `json:"bridge,omitempty"`
	Networks  string `json:"networks,omitempty"`
	Networks6 string `json:"networks6,omitempty"`
	// Host is the network namespace that the bridge is in.
	Host uint64 `json:"host,omitempty"`
	// DNS and Search are name servers and domains, as far as they are taken.
	DNS4    []netip.Addr `json:"dns4,omitempty"`
	DNS6    []netip.Addr `json:"dns6,omitempty"`
	Search4 []string     `json:"search4,omitempty"`
	Search6 []string     `json:"search6,omitempty"`
	// NTP and HostName are what the server says of these.
	NTP       []netip.Addr `json:"ntp,omitempty"`
	GivenName string       `json:"given_name,omitempty"`
	// Resolver is why the name servers are not where the container looks for them.
	Resolver string `json:"resolver,omitempty"`
	// Resolving says that they are being written.
	Resolving bool `json:"resolving,omitempty"`
	// Trouble is why there is none yet.
	Trouble string `json:"trouble,omitempty"`
}

// Complete tells whether the client has all addresses that it is to get.
func (s *State) Complete() bool {
	return !s.Resolving && (s.V4 || s.V6) && (!s.V4 || s.Server.IsValid()) && (!s.V6 || s.Address6.IsValid())
}

// OnBridges are the states of the clients on bridges of the network that the calling thread is in, by their leases.
func OnBridges() ([]State, error) {
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(Folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []State
	for _, file := range files {
		var init, index int
		if _, err := fmt.Sscanf(filepath.Base(file), "%d-%d.json", &init, &index); err != nil {
			continue
		}
		if state, runs := Find(init, index); runs && state.Host == own && state.Bridge != "" && state.Complete() {
			all = append(all, state)
		}
	}
	return all, nil
}

// Knows tells whether the leases are complete, and confirmed since the bridge has these networks.
func (s *State) Knows(four, six string) bool {
	return s.Complete() && (!s.V4 || s.Networks == four) && (!s.V6 || s.Networks6 == six)
}

// Find is the state of the client of an interface, if one runs.
func Find(initPID, index int) (State, bool) {
	job := Job{Init: initPID, Index: index}
	file, err := os.Open(job.path())
	if err != nil {
		return State{}, false
	}
	defer func() { _ = file.Close() }()
	// A client holds its file locked for as long as it lives, which no number of a process can tell as surely. What one
	// left that was killed stays: by the time it could be removed, its name may be that of the next client's file.
	if unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		return State{}, false
	}
	return readState(file), true
}

// readState reads again what is just being written.
func readState(file *os.File) State {
	const attempts = 50
	for range attempts {
		var state State
		if err := json.NewDecoder(io.NewSectionReader(file, 0, largestState)).Decode(&state); err == nil {
			return state
		}
		time.Sleep(time.Millisecond)
	}
	return State{}
}

const largestState = 1 << 20

// record is the client's own file.
type record struct{ file *os.File }

// patience is how long a look at the file by another process may take.
const patience = time.Second

// openRecord makes and locks the file. Find locks it too while it looks, and a client that ends removes its own: what
// is locked here may have lost its name before.
func openRecord(job Job) (*record, error) {
	for _, folder := range []string{system.RuntimeFolder, Folder} {
		if err := system.PrivateFolder(folder); err != nil {
			return nil, err
		}
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		file, err := os.OpenFile(job.path(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && isNamed(file) {
			return &record{file}, nil
		}
		_ = file.Close()
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("another client works on interface %d of container %s", job.Index, job.Container)
		}
	}
}

// isNamed tells whether the file's name still leads to it.
func isNamed(file *os.File) bool {
	own, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(file.Name())
	return err == nil && os.SameFile(own, named)
}

func (r *record) write(state State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	// What is left of a longer state is behind the new one, where nobody reads it.
	if _, err = r.file.WriteAt(append(text, '\n'), 0); err != nil {
		return err
	}
	return r.file.Truncate(int64(len(text) + 1))
}

func (r *record) remove() { _ = os.Remove(r.file.Name()) }
