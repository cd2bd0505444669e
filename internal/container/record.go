package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// recordRows are the options that LXC's keys cannot say: a hook brings them up.
var recordRows = sync.OnceValue(func() schema.Table[Interface] {
	return append(append(schema.Table[Interface]{onLinkRow(), routesRow()}, clientRows()...), downRateRow(), upRateRow(),
		upRow())
})

// recordTable is an interface in the record. Its names tell a copy and a restored container from the one that was
// declared; a lent NIC's MAC address finds it again when it comes back under another name.
var recordTable = sync.OnceValue(func() schema.Table[Interface] {
	return append(schema.Table[Interface]{identityRows()[0], typeRow(), parentRow(), hostNameRow(), macRow()},
		recordRows()...)
})

// recordNote starts the comment that is the record, in the container's own configuration: LXC takes it along when it
// copies, renames, saves or restores a container.
const recordNote = "# hostnet.linux: "

// recordName is the file beside the configuration in which release 1.0.0 kept the record.
const recordName = "hostnet.json"

// largestRecord bounds what is read of a record, whose folder may be a user's.
const largestRecord = 4 << 20

// Record is what our hooks need to know of a container.
type Record struct {
	// container is whose interfaces these are: a copy's record names the original until it has an identity of its own.
	container  string
	interfaces []*Interface
	// file is the record of release 1.0.0, if that is where this one comes from.
	file string
	old  []byte
}

func recordPath(configFile string) string { return filepath.Join(filepath.Dir(configFile), recordName) }

// readRecord reads the record of a configuration; none is an empty one.
func readRecord(config *lxc.Config, configFile string) (Record, error) {
	var record Record
	contents, from := []byte(config.Note(recordNote)), configFile
	old, err := system.Read(recordPath(configFile), largestRecord)
	switch {
	case err == nil:
		record.file, record.old = recordPath(configFile), old
	case !errors.Is(err, fs.ErrNotExist):
		return record, err
	}
	if len(contents) == 0 {
		contents, from = old, record.file
	}
	if len(contents) == 0 {
		return record, nil
	}
	return record, record.parse(contents, from)
}

func (r *Record) parse(contents []byte, from string) error {
	var raw struct {
		Container  string           `json:"container"`
		Interfaces []map[string]any `json:"interfaces"`
	}
	if err := json.Unmarshal(contents, &raw); err != nil {
		return fmt.Errorf("%s: the record is not what this collection wrote (delete it and run again): %w", from, err)
	}
	r.container = raw.Container
	var problems schema.Problems
	for i, fields := range raw.Interfaces {
		one := &Interface{}
		recordTable().Parse(one, fields, schema.At("interfaces", &problems).Index(i))
		r.interfaces = append(r.interfaces, one)
	}
	if err := problems.Err(); err != nil {
		return fmt.Errorf("%s: the record is not what this collection wrote (delete it and run again): %w", from, err)
	}
	return nil
}

func (r *Record) find(name string) *Interface {
	for _, one := range r.interfaces {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// keep gathers what must be remembered of the interfaces as they will be. hardware tells a lent NIC's own MAC address.
func (r *Record) keep(container string, interfaces []*Interface, hardware func(*Interface) *string) {
	before := Record{interfaces: r.interfaces}
	r.container, r.interfaces = container, nil
	for _, one := range interfaces {
		kept := &Interface{Name: one.Name, HostName: one.HostName, MAC: one.MAC}
		for _, row := range recordRows() {
			if !row.Equal(one, &unsetInterface) {
				row.Assign(kept, one)
			}
		}
		if one.kind() == Phys {
			kept.Type, kept.Parent = one.Type, one.Parent
			known := before.find(one.Name)
			if known != nil && known.MAC != nil && deref(known.Parent) == deref(one.Parent) {
				kept.MAC = known.MAC
			} else {
				kept.MAC = hardware(one)
			}
		}
		r.interfaces = append(r.interfaces, kept)
	}
	// Each stays in its place, whichever a task is about: the text of the record is to change only with what it says.
	place := func(one *Interface) int {
		at := slices.IndexFunc(before.interfaces, func(known *Interface) bool { return known.Name == one.Name })
		if at < 0 {
			return len(before.interfaces)
		}
		return at
	}
	slices.SortStableFunc(r.interfaces, func(a, b *Interface) int { return place(a) - place(b) })
}

// needsHook tells whether anything is left that LXC does not do by itself.
func needsHook(i *Interface) bool {
	return i.kind() == Phys || len(deref(i.Routes)) > 0 || deref(i.DHCP) || deref(i.DHCP6) ||
		deref(i.DownRate) > 0 || deref(i.UpRate) > 0
}

// write puts the record into the configuration.
func (r *Record) write(config *lxc.Config) error {
	if len(r.interfaces) == 0 {
		config.SetNote(recordNote, "")
		return nil
	}
	list := make([]schema.Object, len(r.interfaces))
	for i, one := range r.interfaces {
		list[i] = recordTable().Export(one)
	}
	contents, err := json.Marshal(schema.Object{{Key: "container", Value: r.container}, {Key: "interfaces", Value: list}})
	if err != nil {
		return err
	}
	config.SetNote(recordNote, string(contents))
	return nil
}
