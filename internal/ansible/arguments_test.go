package ansible

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestShapeOfArguments: arguments that are small as text and large in memory are refused before they are there.
func TestShapeOfArguments(t *testing.T) {
	t.Parallel()
	list := func(element string, count int) string {
		return `{"bridges": [` + strings.TrimSuffix(strings.Repeat(element+",", count), ",") + `]}`
	}
	for name, c := range map[string]struct{ text, why string }{
		"2,000,000 empty dictionaries": {list("{}", 2_000_000), "2000001 dictionaries"},
		"100,001 dictionaries":         {list(`{"name":"a"}`, 100_000), "100001 dictionaries"},
		"numbers":                      {list("0", 6_000_000), "values"},
		"lists in lists":               {list("[]", 3_000_000), "values"},
		"a hundred thousand":           {list("{}", 99_999), ""},
		"braces in a string":           {`{"name": "` + strings.Repeat(`{\"`, 300_000) + `"}`, ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := ReadCall(strings.NewReader(c.text), "hostnet")
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; c.why != "" && used > uint64(20*len(c.text)) {
			t.Errorf("%s: %d bytes took %d of memory", name, len(c.text), used)
		}
		if took > 10*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
	if _, err := ReadCall(bytes.NewReader([]byte(`{"a": "\"`)), "hostnet"); err == nil {
		t.Error("a text that ends in a string is taken")
	}
}
