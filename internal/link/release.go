package link

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// explain adds to a refusal of these rows which of them are younger than this kernel.
func (o options[T]) explain(object *T, err error) error {
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	for _, row := range o {
		if row.since != nil && olderThan(row.since(object)) {
			err = fmt.Errorf("%w (does this kernel know %s? It needs Linux %s)", err, row.Name, row.since(object))
		}
	}
	return err
}

// olderThan tells whether this kernel is from before a mainline release such as 6.4; "" is older than any.
func olderThan(release string) bool {
	var own unix.Utsname
	if release == "" || unix.Uname(&own) != nil {
		return false
	}
	return releaseNumber(unix.ByteSliceToString(own.Release[:])) < releaseNumber(release)
}

func releaseNumber(release string) (number int) {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return 0
	}
	return major<<16 + minor
}
