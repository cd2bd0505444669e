package lxc

import "time"

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
	// Stop asks the container to stop, and kills it after the time.
	Stop(folder, name string, patience time.Duration) error
	// Destroy deletes a stopped container with its files.
	Destroy(folder, name string) error
}
