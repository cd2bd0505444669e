package agent

import (
	"time"

	"hostnet.linux/internal/kernel"
)

// Carrier is how long a link has had its carrier, or none: the kernel counts changes, and does not tell when they were
// (IFLA_CARRIER_CHANGES).
type Carrier struct {
	Index   int       `json:"ifindex"`
	Changes uint64    `json:"changes"`
	Since   time.Time `json:"since"`
	// AtLeast tells that the last change was before the agent saw the link.
	AtLeast bool `json:"at_least,omitempty"`
}

// carriers looks at all links; what has not changed stays as it was known before.
func carriers(links []kernel.Link, before map[string]Carrier, now time.Time) map[string]Carrier {
	out := make(map[string]Carrier, len(links))
	for i := range links {
		one := Carrier{Index: links[i].Index, Changes: uint64(links[i].CarrierChanges)}
		known, had := before[links[i].Name]
		switch {
		case had && known.Index == one.Index && known.Changes == one.Changes:
			one = known
		case had && known.Index == one.Index:
			one.Since = now
		default:
			one.Since, one.AtLeast = now, true
		}
		out[links[i].Name] = one
	}
	return out
}
