package agent

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Carrier is how long a link has had its carrier, or none: the kernel counts changes, and does not tell when they were
// (carrier_changes in Documentation/ABI/testing/sysfs-class-net of its source).
type Carrier struct {
	Index   int       `json:"ifindex"`
	Changes uint64    `json:"changes"`
	Since   time.Time `json:"since"`
	// AtLeast tells that the last change was before the agent saw the link.
	AtLeast bool `json:"at_least,omitempty"`
}

// classFolder has a folder for each link of the network namespace that it was mounted in.
const classFolder = "/sys/class/net"

// carriers looks at all links; what has not changed stays as it was known before.
func carriers(folder string, before map[string]Carrier, now time.Time) map[string]Carrier {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return before
	}
	out := map[string]Carrier{}
	for _, entry := range entries {
		one, err := readCarrier(folder, entry.Name())
		if err != nil {
			continue // the link went meanwhile, or the entry is none
		}
		known, had := before[entry.Name()]
		switch {
		case had && known.Index == one.Index && known.Changes == one.Changes:
			one = known
		case had && known.Index == one.Index:
			one.Since = now
		default:
			one.Since, one.AtLeast = now, true
		}
		out[entry.Name()] = one
	}
	return out
}

func readCarrier(folder, name string) (Carrier, error) {
	number := func(file string) (uint64, error) {
		text, err := os.ReadFile(filepath.Join(folder, name, file))
		if err != nil {
			return 0, err
		}
		return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	}
	index, err := number("ifindex")
	if err != nil {
		return Carrier{}, err
	}
	changes, err := number("carrier_changes")
	return Carrier{Index: int(index), Changes: changes}, err
}
