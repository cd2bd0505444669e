//go:build bench

package vmtest

import (
	"testing"

	"hostnet.linux/internal/testhost"
)

// TestBenchScaleInsideDebian is the benchmark of internal/host with VLANs, which the kernel of a development machine
// may lack.
func TestBenchScaleInsideDebian(t *testing.T) {
	binary := compile(t, "internal/host", "bench")
	host := testhost.ForTest(t, testhost.Machine{Name: "scale", Memory: 2048})
	if output, err := host.RunTestBinary(t.Context(), binary, "-test.v", "-test.timeout=25m",
		"-test.run=^TestBenchScale$"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
