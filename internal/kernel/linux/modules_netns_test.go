//go:build netns

package linux_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/kernel"
)

// TestUnknownKind: what the kernel calls an unknown device type is named, with what it lacks.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	_, handle := open(t)
	err := handle.CreateLink(kernel.LinkRequest{Name: "x0", Kind: "nosuchkind"})
	if err == nil ||
		!strings.Contains(err.Error(), "this kernel has no links of kind nosuchkind, nor a module nosuchkind to load") {
		t.Errorf("got %v", err)
	}
}
