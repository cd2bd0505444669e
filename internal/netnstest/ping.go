package netnstest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

var counted = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

// Pinging sends a packet every 10 ms until it is called back, which is an error if one was lost. enter is the command
// that runs another one where the packets begin, such as ip netns exec NAME.
func Pinging(t testing.TB, address string, enter ...string) (stop func()) {
	t.Helper()
	var told strings.Builder
	command := exec.Command(enter[0], append(enter[1:], "ping", "-q", "-i", "0.01", address)...)
	command.Stdout = &told
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		time.Sleep(300 * time.Millisecond)
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		if numbers := counted.FindStringSubmatch(told.String()); len(numbers) != 3 || numbers[1] != numbers[2] ||
			len(numbers[1]) < 2 {
			t.Errorf("packets to %s were lost: %s", address, told.String())
		}
	}
}
