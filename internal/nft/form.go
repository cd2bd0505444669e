package nft

import (
	"fmt"
	"strconv"
	"strings"

	"hostnet.linux/internal/schema"
)

// portRangeForm is a port or a range such as 8000-8010.
func portRangeForm() schema.Form[PortRange] {
	return schema.Text(parsePortRange, PortRange.String)
}

func parsePortRange(text string) (PortRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if errA != nil || errB != nil || a < 1 || a > b {
		return PortRange{}, fmt.Errorf("must be a port from 1 to 65535 or a range such as 8000-8010, not %q", text)
	}
	return PortRange{uint16(a), uint16(b)}, nil
}

func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

func (r PortRange) overlaps(other PortRange) bool {
	return r.First <= other.Last && other.First <= r.Last
}

// pmtu stands for "what the way out takes".
const pmtu = "pmtu"

// mssForm is pmtu or a number of bytes.
func mssForm() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			// RFC 879's 536 bytes fit every IPv4 path; anything smaller is a mistake.
			const smallest, largest = 536, 65495
			if text == pmtu {
				return text, nil
			}
			if size, err := strconv.Atoi(text); err != nil || size < smallest || size > largest {
				return "", fmt.Errorf("must be pmtu or a number of bytes from %d to %d, not %q", smallest, largest, text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// Isolation is from whom an inside interface is kept apart.
type Isolation struct {
	Bridges bool     // every other bridge of the host
	From    []string // these interfaces
}

// isolationForm is a boolean, or a list of interfaces.
func isolationForm() schema.Form[Isolation] {
	names, switched := schema.List(schema.LinkName()), schema.Bool()
	return schema.Form[Isolation]{
		Type: "raw",
		Parse: func(raw any, at schema.Place) (Isolation, bool) {
			var problems schema.Problems
			if on, ok := switched.Parse(raw, schema.At("", &problems)); ok {
				return Isolation{Bridges: on}, true
			}
			from, ok := names.Parse(raw, at)
			return Isolation{From: from}, ok
		},
		Format: func(i Isolation) any {
			if len(i.From) > 0 {
				return names.Format(i.From)
			}
			return i.Bridges
		},
		Equal: func(a, b Isolation) bool { return a.Bridges == b.Bridges && names.Equal(a.From, b.From) },
	}
}
