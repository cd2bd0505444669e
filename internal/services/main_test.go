package services_test

import (
	"os"
	"testing"

	"hostnet.linux/internal/dnsmasq"
)

// TestMain lets the test program be the supervisor of dnsmasq, as the modules' program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == dnsmasq.SuperviseCommand {
		os.Exit(dnsmasq.Supervise(os.Args[2:]))
	}
	os.Exit(m.Run())
}
