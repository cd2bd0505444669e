package lxc

import (
	"strings"
	"time"
)

// State is what LXC tells of a container.
type State struct {
	// Defined containers have a configuration.
	Defined bool
	// Name is LXC's, such as RUNNING or STOPPED.
	Name string
	// InitPID is the container's first process as the host numbers it; 0 when it does not run.
	InitPID int
}

// Running tells whether the container has processes. A frozen one has.
func (s State) Running() bool { return s.InitPID > 0 }

// Template says how to make a container.
type Template struct {
	// Name is a template of LXC's, such as busybox or download, or the path of one.
	Name string
	// Arguments are the template's own.
	Arguments []string
	// Config is a file that the new container's configuration starts with; "" is LXC's default.
	Config string
}

// Runtime is the part of LXC that makes and runs containers. folder is the lxcpath, such as /var/lib/lxc.
type Runtime interface {
	// DefaultFolder is where LXC keeps containers if it is not told otherwise.
	DefaultFolder() string
	// Containers lists the names of the containers that are defined in the folder.
	Containers(folder string) ([]string, error)
	State(folder, name string) (State, error)
	Create(folder, name string, template Template) error
	// Start returns when the container runs.
	Start(folder, name string) error
	// Log is what LXC itself has said of trouble since the container was last started so, oldest first; nil if nothing.
	Log(folder, name string) []string
	// Stop asks the container to stop, and kills it after the time.
	Stop(folder, name string, patience time.Duration) error
	// Takes tells whether LXC knows a key of a container's configuration, and takes the value.
	Takes(key, value string) bool
	// Destroy deletes a stopped container with its files.
	Destroy(folder, name string) error
}

// LastErrors are the last of the errors in LXC's log, without the columns that every line begins with
// (log_append_logfile in lxc/log.c): its own name, the container's, the time, the level, and where that is in the
// source.
func LastErrors(log []byte, most int) []string {
	var lines []string
	for line := range strings.Lines(string(log)) {
		text := strings.TrimSpace(line)
		for _, level := range []string{" ERROR ", " CRIT ", " ALERT ", " FATAL "} {
			_, said, found := strings.Cut(text, level)
			if !found {
				continue
			}
			// As in "start - ../src/lxc/start.c:lxc_init:844 - Failed to initialize the container".
			if parts := strings.SplitN(said, " - ", 3); len(parts) == 3 {
				said = parts[2]
			}
			lines = append(lines, strings.TrimSpace(said))
			break
		}
	}
	return lines[max(0, len(lines)-most):]
}
