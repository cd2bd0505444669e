package plan

// Impact says what a plan takes from a link beside what it means to change, so that it can be put back.
type Impact int

// From nothing to everything.
const (
	Preserved Impact = iota
	// Flapped links go down and up again: they lose their routes and their IPv6 addresses.
	Flapped
	// Recreated links lose all that they had.
	Recreated
)
