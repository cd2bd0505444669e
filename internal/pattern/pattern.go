// Package pattern compiles regular expressions when they are first asked for: most tasks need none, and what a program
// does before its work is most of what a task takes that finds nothing to do.
package pattern

import (
	"regexp"
	"sync"
)

// Of panics at the first use of an expression that is none.
func Of(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
