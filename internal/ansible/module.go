// Package ansible speaks Ansible's module protocol: arguments in, one result object out. It knows nothing of networks.
package ansible

import (
	"context"
	"time"

	"hostnet.linux/internal/schema"
)

// Module is one module of the collection, with what its documentation says.
type Module struct {
	Name string
	// Short is one line without a full stop, Description a paragraph an element.
	Short       string
	Description []string
	// Options makes the descriptions: a task does not need them.
	Options func() []schema.Doc
	// Notes are optional. SeeAlso is names of modules.
	Notes   []string
	SeeAlso []string
	// Examples is YAML: a list of tasks. The tests run them.
	Examples string
	// Returns documents the keys that the module adds to the common ones.
	Returns []Return
	// ReadOnly modules change nothing, and say so in the documentation.
	ReadOnly bool
	// LXC modules are in the program that links liblxc.
	LXC bool
	Run func(context.Context, Call) Result
}

// Return documents one key of the result.
type Return struct {
	Name, Text, Returned, Type, Elements string
	// Sample is a value that could be returned; Contains are the keys of a dictionary, or of each in a list.
	Sample   any
	Contains []Return
}

// Call is one task.
type Call struct {
	Module    string
	Arguments map[string]any
	// CheckMode asks what would be done; Diff asks for before and after as text.
	CheckMode, Diff bool
	Verbosity       int
	// Bytes is the length of the arguments as text.
	Bytes int
	// Token and Deadline are of a change that waits for its confirmation; the guard sets them. Until is the deadline by
	// the kernel's uptime, which nobody can set.
	Token    string
	Deadline time.Time
	Until    time.Duration
}

// Result is the answer to a task. A Result whose Err is not nil is a failure.
type Result struct {
	Changed bool
	Err     error
	// Message is shown when there is no error; it may be empty.
	Message string
	// Before and After are the managed state, shown as YAML when the task asked for a diff. Nil shows none.
	Before, After schema.Object
	Warnings      []string
	// Values are further keys of the result.
	Values schema.Object
}

// Fail is the result of a task that changed nothing.
func Fail(err error) Result { return Result{Err: err} }
