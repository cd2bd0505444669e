package kernel

// Rate is the most that a link may take to its other end (Down) and from it (Up), in kilobits a second; 0 is no limit.
type Rate struct{ Down, Up uint32 }

// Rates is what the container domain asks about the speed of links. The map is keyed by link index.
type Rates interface {
	Rates() (map[int]Rate, error)
	SetDownRate(link string, kilobits uint32) error
	SetUpRate(link string, kilobits uint32) error
}
