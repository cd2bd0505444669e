package testhost

import (
	"fmt"
	"io"
	"io/fs"
)

// cpioWriter writes the "newc" archive that Linux unpacks as its initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpioWriter struct {
	out     io.Writer
	inode   uint32
	written int
	err     error
}

// The type bits of a mode as cpio wants them, which are not those of io/fs.
const (
	cpioDirectory  = 0o040000
	cpioFile       = 0o100000
	cpioCharDevice = 0o020000
)

func newCPIOWriter(out io.Writer) *cpioWriter { return &cpioWriter{out: out} }

func (w *cpioWriter) directory(name string) {
	w.entry(name, cpioDirectory|0o755, 0, 0, nil)
}

func (w *cpioWriter) file(name string, mode fs.FileMode, content []byte) {
	w.entry(name, cpioFile|uint32(mode.Perm()), 0, 0, content)
}

func (w *cpioWriter) charDevice(name string, major, minor uint32) {
	w.entry(name, cpioCharDevice|0o600, major, minor, nil)
}

// close writes the trailer and returns the first error of the whole archive.
func (w *cpioWriter) close() error {
	w.entry("TRAILER!!!", 0, 0, 0, nil)
	return w.err
}

func (w *cpioWriter) entry(name string, mode, major, minor uint32, content []byte) {
	w.inode++
	const links, owner, mtime, noDevice, noChecksum = 1, 0, 0, 0, 0
	header := "070701"
	for _, field := range []uint32{
		w.inode, mode, owner, owner, links, mtime, uint32(len(content)),
		noDevice, noDevice, major, minor, uint32(len(name) + 1), noChecksum,
	} {
		header += fmt.Sprintf("%08X", field)
	}
	w.write([]byte(header + name + "\x00"))
	w.pad()
	w.write(content)
	w.pad()
}

func (w *cpioWriter) pad() {
	w.write(make([]byte, (4-w.written%4)%4))
}

func (w *cpioWriter) write(data []byte) {
	if w.err != nil {
		return
	}
	var n int
	n, w.err = w.out.Write(data)
	w.written += n
}
