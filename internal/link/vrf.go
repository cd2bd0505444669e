package link

import (
	"math"
	"sync"

	"hostnet.linux/internal/schema"
)

// VRFOptions are the options of a VRF, a routing table of its own for the links that are its ports.
type VRFOptions struct {
	Table *uint32
}

// From linux/if_link.h and drivers/net/vrf.c.
const (
	vrfTable = 1 // IFLA_VRF_TABLE
	// usualVRFMTU is IP6_MAX_MTU, which vrf_setup gives every VRF.
	usualVRFMTU = math.MaxUint16 + 40
)

var vrfRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		number("table", vrfTable, schema.Int[uint32](1, math.MaxUint32), func(l *Link) **uint32 { return &l.VRF.Table },
			"The number of the routing table that the ports use. Needed to make a VRF.").needs(recreate),
	}
})
