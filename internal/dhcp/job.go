// Package dhcp is a DHCP client for an interface inside a container. It runs on the host, so that the container needs no
// client of its own, and ends with the container.
package dhcp

import (
	"encoding/json"
	"fmt"
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
	// Routes and DNS tell whether what the server says of these is taken.
	Routes bool `json:"routes"`
	DNS    bool `json:"dns"`
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
	// Trouble is why there is none yet.
	Trouble string `json:"trouble,omitempty"`
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
	var state State
	if err := json.NewDecoder(file).Decode(&state); err != nil {
		// It is just being written.
		state = State{}
	}
	return state, true
}

// record is the client's own file.
type record struct{ file *os.File }

// patience is how long a look at the file by another process may take.
const patience = time.Second

// openRecord makes and locks the file. Find locks it too while it looks, and a client that ends removes its own: what is
// locked here may have lost its name before.
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
	if err := r.file.Truncate(0); err != nil {
		return err
	}
	_, err = r.file.WriteAt(text, 0)
	return err
}

func (r *record) remove() { _ = os.Remove(r.file.Name()) }
