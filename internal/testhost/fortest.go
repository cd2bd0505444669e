package testhost

import (
	"io"
	"sync"
	"testing"
)

// ForTest starts a machine that lasts as long as the test. What it prints goes to the test's output; if the test fails,
// the console's end too.
func ForTest(t testing.TB, m Machine) *Host {
	t.Helper()
	if m.Log == nil {
		m.Log = t.Output()
	}
	h, err := Start(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: the console's last lines:\n%s", h.Name(), h.Console(30))
		}
		if err := h.Stop(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// MustRun is Run for tests: a command that fails ends the test.
func (h *Host) MustRun(t testing.TB, command string) string {
	t.Helper()
	output, err := h.Run(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// lockedWriter lets several goroutines write to one writer.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(data)
}
