package lxctest

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// processes run the tests of a package: all tests of one play the same host, so they run one after the other, and
// mostly wait.
const processes = 2

// fewest is how many tests are worth a second process.
const fewest = 10

// shares are the arguments of each process. One alone runs what was asked for by name, and benchmarks.
func shares(arguments []string) [][]string {
	pattern := flag.Lookup("test.run").Value.String()
	if strings.Contains(pattern, "/") || flag.Lookup("test.bench").Value.String() != "" {
		return [][]string{arguments}
	}
	listed, err := exec.Command("/proc/self/exe", "-test.list="+pattern).Output()
	names := strings.Fields(string(listed))
	if err != nil || len(names) < fewest {
		return [][]string{arguments}
	}
	dealt := make([][]string, processes)
	for i, name := range names {
		dealt[i%processes] = append(dealt[i%processes], name)
	}
	list := make([][]string, processes)
	for i, share := range dealt {
		// The last of two equal flags counts.
		list[i] = append(arguments[:len(arguments):len(arguments)], "-test.run=^("+strings.Join(share, "|")+")$")
	}
	return list
}

// runShares runs a process for each. What the first says is shown as it comes, the others' when it has ended: lines of
// two tests in turn could not be told apart.
func runShares(list [][]string, run func(arguments []string, out io.Writer) error) int {
	said, errs := make([]bytes.Buffer, len(list)), make([]error, len(list))
	var all sync.WaitGroup
	for i, arguments := range list {
		var out io.Writer = &said[i]
		if i == 0 {
			out = os.Stdout
		}
		all.Go(func() { errs[i] = run(arguments, out) })
	}
	all.Wait()
	code := 0
	for i, err := range errs {
		fmt.Print(said[i].String())
		code = max(code, exitCode(err))
	}
	return code
}
