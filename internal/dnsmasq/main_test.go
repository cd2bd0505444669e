package dnsmasq

import (
	"os"
	"testing"
)

// TestMain lets the test program be its own supervisor, as the modules' program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == SuperviseCommand {
		os.Exit(Supervise(os.Args[2:]))
	}
	os.Exit(m.Run())
}
