package plan

// Loss says what a plan takes from a link beside what it means to change, so that it can be put back.
type Loss int

// From nothing to everything.
const (
	Kept Loss = iota
	// Bounced links go down and up again: they lose their routes and their IPv6 addresses.
	Bounced
	// Recreated links lose all that they had.
	Recreated
)
