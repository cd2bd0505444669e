//go:build vm

package vmtest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/testhost"
)

// inside are the packages whose tests in namespaces need kinds of links that the kernel of a development machine may
// lack. Debian's kernel has all of them.
var inside = []string{
	"internal/kernel/linux", "internal/link", "internal/addr", "internal/route", "internal/rule", "internal/host",
	"internal/path",
	"modules/registry",
}

// newer are those of them that run on the newer Debian, too: what is about kinds of links and their options. Its kernel
// lies between Debian 12's and a newer one's, which both run all the others.
var newer = []string{"internal/kernel/linux", "internal/link", "internal/rule"}

// aboutKernels leaves long sequences out that say nothing about a kernel: every kernel can run them in the netns tier.
// Of paths, kinds of links matter.
func aboutKernels(names []string) []string {
	elsewhere := []string{"TestRestoreBringsBackEverything", "TestPathIsWhatPacketsDo", "TestTunnel", "TestTwins",
		"TestPagesOnAHost"}
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(elsewhere, name) || strings.HasPrefix(name, "TestProve")
	})
}

// TestInsideDebian runs the tests of the netns tier on Debian's own kernels, where none of them may be skipped.
func TestInsideDebian(t *testing.T) {
	binaries := map[string]string{}
	for _, folder := range inside {
		binaries[folder] = compile(t, folder, "netns")
	}
	for _, release := range []testhost.Release{testhost.Bookworm, testhost.Trixie} {
		t.Run(string(release), func(t *testing.T) {
			host := testhost.ForTest(t, testhost.Machine{Name: "inside-" + string(release), Release: release, Memory: 1024})
			folders := inside
			if release != testhost.Bookworm {
				folders = newer
			}
			for _, folder := range folders {
				t.Run(strings.ReplaceAll(folder, "/", "."), func(t *testing.T) {
					runInside(t, host, binaries[folder], aboutKernels(namesIn(t, folder)))
				})
			}
		})
	}
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// namesIn are the tests of the netns tier, so that the package's unit tests do not run, and count, again.
func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", folder, "*_netns_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range testFunction.FindAllSubmatch(text, -1) {
			names = append(names, string(match[1]))
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no tests of the netns tier", folder)
	}
	return names
}

// Lines of go test -v: how a test ended, and whose words follow.
var (
	outcome = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \(`)
	speaker = regexp.MustCompile(`^=== (?:RUN|CONT|NAME|PAUSE) +(\S+)`)
)

// runInside runs the tests in the machine, each of which becomes a part of this test.
func runInside(t *testing.T, host *testhost.Host, binary string, names []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	output, err := host.RunTestBinary(ctx, binary, "-test.v", "-test.timeout=14m", "-test.run",
		"^("+strings.Join(names, "|")+")$")
	said, ended := map[string][]string{}, map[string]string{}
	var order []string
	current := ""
	for line := range strings.SplitSeq(output, "\n") {
		if match := outcome.FindStringSubmatch(line); match != nil {
			ended[match[2]] = match[1]
			order = append(order, match[2])
			continue
		}
		if match := speaker.FindStringSubmatch(line); match != nil {
			current = match[1]
			continue
		}
		said[current] = append(said[current], line)
	}
	if err != nil && !strings.Contains(output, "--- FAIL") {
		t.Errorf("the tests did not end: %v\n%s", err, lastLines(output, 60))
	}
	for _, name := range order {
		if isGroup(name, order) && ended[name] != "FAIL" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if ended[name] != "PASS" {
				t.Errorf("%s\n%s", ended[name], strings.Join(said[name], "\n"))
			}
		})
	}
}

// isGroup tells a test that counts as its parts.
func isGroup(name string, all []string) bool {
	return slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(other, name+"/") })
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
