package main

import (
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
)

// mostAgain is how many failures may be of the moment: more of them have a cause.
const mostAgain = 3

// failure is one test that failed, with its package.
type failure struct {
	pkg, test string
}

// again runs each of a few failed tests once more, alone. Tests that wait for kernels, leases and machines can fail for
// what else the computer did; such a test counts as passed, and is named, so that somebody looks at it. A test that
// fails twice failed, and so does one that is skipped at the second time.
func (t tier) again(found counts, failures []failure, out io.Writer) counts {
	if !t.realTime || len(failures) > mostAgain || len(failures) < found.failed {
		return found
	}
	for _, one := range failures {
		fmt.Fprintf(out, "once more, alone: %s %s\n", one.pkg, one.test)
		arguments := append([]string{"test", "-json", "-count=1"}, t.arguments...)
		second, err := follow(exec.Command("go", append(arguments, "-run", one.pattern(), one.pkg)...), out)
		if err != nil || second.counts.failed > 0 || second.counts.passed == 0 {
			continue
		}
		found.failed--
		found.passed++
		fmt.Fprintf(out, "passed at the second attempt only: %s %s\n", one.pkg, one.test)
	}
	return found
}

// pattern is what go test -run takes for this test alone.
func (f failure) pattern() string {
	parts := strings.Split(f.test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
