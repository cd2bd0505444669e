package host

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/schema"
)

// Difference is one thing of the host that an undo did not bring back.
type Difference struct {
	// Object is a kind and a name, or a whole sentence when there is no more to say.
	Object string `json:"object"`
	// Option is what differs of the object, "state" for the object itself, "" when all of it is meant.
	Option string `json:"option,omitempty"`
	Was    any    `json:"was,omitempty"`
	Is     any    `json:"is,omitempty"`
	// Reason is why it could not be brought back, where that is known.
	Reason string `json:"reason,omitempty"`
	// link is the link that is gone, if the object is one.
	link string
}

func (d Difference) String() string {
	text := d.Object
	if d.Option != "" {
		text += fmt.Sprintf(": %s was %s, is %s", d.Option, schema.Shown(d.Was, "none"), schema.Shown(d.Is, "none"))
	}
	if d.Reason != "" {
		text += " (" + d.Reason + ")"
	}
	return text
}

// Differences are all things that an undo did not bring back, none if the host is as it was.
type Differences []Difference

func (d Differences) String() string {
	all := make([]string, len(d))
	for i, one := range d {
		all[i] = one.String()
	}
	return strings.Join(all, "; ")
}

// Err is nil when nothing differs.
func (d Differences) Err() error {
	if len(d) == 0 {
		return nil
	}
	return &NotRestoredError{Differences: d}
}

// NotRestoredError says what of the host is not as it was.
type NotRestoredError struct{ Differences Differences }

func (e *NotRestoredError) Error() string {
	return "the host is not as it was: " + e.Differences.String()
}
