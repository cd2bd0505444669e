package link

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// FuzzAttributes: whatever a kernel reports of a link or port, reading it ends, and what was read can be written again.
func FuzzAttributes(f *testing.F) {
	f.Add(uint8(1), []byte{1, 0, 1, 4, 3, 0, 100, 0, 0, 0})
	f.Add(uint8(3), []byte{2, 0, 8, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Add(uint8(2), []byte{8, 0, 8, 8, 0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, kind uint8, text []byte) {
		raw := kernel.Link{Index: 2, Name: "x0", Kind: Kinds[int(kind)%len(Kinds)], Flags: unix.IFF_UP, ParentNamespace: -1}
		// Each attribute is its type in two bytes, its length in one, and its data.
		for len(text) > 3 {
			length := min(int(text[2]), len(text)-3)
			raw.Data = append(raw.Data, kernel.Attribute{Type: binary.NativeEndian.Uint16(text), Data: text[3 : 3+length]})
			text = text[3+length:]
		}
		read := new(Link)
		decode(read, &raw, func(int) string { return "other" })
		_ = kindRows(raw.Kind).attributes(read)
		for _, controller := range []string{Bond, Bridge} {
			rows := portRows(controller)
			port := Port{Name: raw.Name}
			rows.read(&port, raw.Data, func(int) string { return controller })
			_ = rows.attributes(&port)
		}
	})
}
