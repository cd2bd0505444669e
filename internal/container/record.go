package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hostnet.linux/internal/schema"
)

// recordRows are the options that LXC's keys cannot say: they are kept in a file of ours beside the container's
// configuration, and a hook brings them up.
var recordRows = schema.Table[Interface]{routesRow, dhcpRow, dhcpRoutesRow, dhcpDNSRow, downRateRow, upRateRow}

// recordTable is an interface in the record. A lent NIC's MAC address finds it again when it comes back under another
// name.
var recordTable = append(schema.Table[Interface]{identityRows[0], typeRow, parentRow, macRow}, recordRows...)

// recordName is the record's file, in the folder of the container's configuration.
const recordName = "hostnet.json"

// Record is what our hooks need to know of a container.
type Record struct {
	path       string
	original   []byte
	interfaces []*Interface
}

func recordPath(configFile string) string { return filepath.Join(filepath.Dir(configFile), recordName) }

// readRecord reads the record; no file is an empty one.
func readRecord(path string) (Record, error) {
	record := Record{path: path}
	contents, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return record, nil
	}
	if err != nil {
		return record, err
	}
	record.original = contents
	var raw struct {
		Interfaces []map[string]any `json:"interfaces"`
	}
	if err := json.Unmarshal(contents, &raw); err != nil {
		return record, fmt.Errorf("%s: not what this collection wrote (delete the file and run again): %w", path, err)
	}
	var problems schema.Problems
	for i, fields := range raw.Interfaces {
		one := &Interface{}
		recordTable.Parse(one, fields, schema.At("interfaces", &problems).Index(i))
		record.interfaces = append(record.interfaces, one)
	}
	if err := problems.Err(); err != nil {
		return record, fmt.Errorf("%s: not what this collection wrote (delete the file and run again): %w", path, err)
	}
	return record, nil
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
func (r *Record) keep(interfaces []*Interface, hardware func(*Interface) *string) {
	before := Record{interfaces: r.interfaces}
	r.interfaces = nil
	for _, one := range interfaces {
		kept := &Interface{Name: one.Name}
		for _, row := range recordRows {
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
		if needsHook(kept) {
			r.interfaces = append(r.interfaces, kept)
		}
	}
}

// needsHook tells whether anything is left that LXC does not do by itself.
func needsHook(i *Interface) bool {
	return i.kind() == Phys || len(deref(i.Routes)) > 0 || deref(i.DHCP) ||
		deref(i.DownRate) > 0 || deref(i.UpRate) > 0
}

// contents is the file as it is to be; nil is no file.
func (r *Record) contents() ([]byte, error) {
	if len(r.interfaces) == 0 {
		return nil, nil
	}
	list := make([]schema.Object, len(r.interfaces))
	for i, one := range r.interfaces {
		list[i] = recordTable.Export(one)
	}
	contents, err := json.MarshalIndent(schema.Object{{Key: "interfaces", Value: list}}, "", "  ")
	return append(contents, '\n'), err
}
