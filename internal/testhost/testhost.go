// Package testhost boots real Debian machines under QEMU for tests: any number of NICs, any number of machines on
// shared segments, reached over SSH, gone when the test ends.
//
// Images are built from Debian's packages once and cached. A machine writes to a private, temporary layer over its
// image, which lasts through resets and reboots and ends with the machine.
package testhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
)

// Machine describes a machine to start.
type Machine struct {
	Name     string   // its host name, unique on its segments; default "testhost"
	Release  Release  // default Bookworm
	Packages []string // Debian packages on top of the base image's, as in Recipe
	NICs     []NIC    // eth0, eth1, … in this order

	Memory int // in MiB, default 512
	CPUs   int // default 2

	// Log receives progress, what RunTestBinary prints, and nothing else. Default: discarded.
	Log io.Writer
	// ConsoleLog receives all that the machine prints on its console. Default: only the end is kept, for errors.
	ConsoleLog io.Writer
}

// NIC is one of a machine's NICs.
type NIC struct {
	Segment *Segment // what it is plugged into; nil: a segment of its own, so it has a carrier and nobody answers

	// Card puts NICs with the same non-zero number on one PCI card, as its functions 0, 1, …; 0: a card of its own.
	Card int

	// User gives the NIC 10.0.2.15/24 and a default route via 10.0.2.2, and lets SSH arrive over it: for tests that
	// change the very NIC their session uses. At most one NIC, without a Segment. Without such a NIC, the machine has a
	// management NIC besides, mgmt0, that the collection is not meant to touch.
	User bool
}

// The management NIC's name must not be one of the kernel's own, which the tests' NICs have.
const managementNIC = "mgmt0"

// The addresses that QEMU's user-mode network expects (QEMU's documentation, "User mode network").
const (
	userAddress = "10.0.2.15/24"
	userGateway = "10.0.2.2"
)

const (
	maxNICs     = 32 // the kernel's command line, which carries their names, holds 2048 bytes
	maxPerCard  = 8  // a PCI device has eight functions
	leastMemory = 256
)

var machineName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

func (m Machine) withDefaults() Machine {
	if m.Name == "" {
		m.Name = "testhost"
	}
	if m.Release == "" {
		m.Release = Bookworm
	}
	if m.Memory == 0 {
		m.Memory = 512
	}
	if m.CPUs == 0 {
		m.CPUs = 2
	}
	if m.Log == nil {
		m.Log = io.Discard
	}
	return m
}

func (m Machine) recipe() Recipe { return Recipe{Release: m.Release, Packages: m.Packages} }

func (m Machine) validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !machineName.MatchString(m.Name) {
		problem("name %q: want lower-case letters, digits and inner dashes, at most 32", m.Name)
	}
	if m.Memory < leastMemory {
		problem("memory %d: want at least %d MiB", m.Memory, leastMemory)
	}
	if m.CPUs < 1 {
		problem("cpus %d: want at least 1", m.CPUs)
	}
	if len(m.NICs) > maxNICs {
		problem("%d NICs: at most %d", len(m.NICs), maxNICs)
	}
	users, onCard := 0, map[int]int{}
	for i, nic := range m.NICs {
		if nic.User {
			users++
			if nic.Segment != nil {
				problem("eth%d: is plugged either into a segment or, as a User NIC, into this computer", i)
			}
		}
		if nic.Card != 0 {
			onCard[nic.Card]++
		}
	}
	if users > 1 {
		problem("%d NICs are User NICs: at most 1", users)
	}
	for card, count := range onCard {
		if count > maxPerCard {
			problem("card %d has %d NICs: at most %d", card, count, maxPerCard)
		}
	}
	if err := m.recipe().validate(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (m Machine) userNIC() bool {
	for _, nic := range m.NICs {
		if nic.User {
			return true
		}
	}
	return false
}

// mac of NIC index; the management NIC's index is 255. The same name always gives the same MACs, so that a playbook can
// find NICs by theirs.
func (m Machine) mac(index byte) net.HardwareAddr {
	hash := sha256.Sum256([]byte(m.Name))
	return net.HardwareAddr{0x52, 0x54, 0x00, hash[0], hash[1], index} // 52:54:00 is QEMU's
}

// machineID is /etc/machine-id.
func (m Machine) machineID() string {
	hash := sha256.Sum256([]byte("machine-id " + m.Name))
	return hex.EncodeToString(hash[:16])
}

// NICName is the name of the machine's NIC number index, from 0.
func NICName(index int) string { return fmt.Sprintf("eth%d", index) }
