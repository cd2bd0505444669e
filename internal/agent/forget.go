package agent

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// forget gives back what the last look took, and the pages of the program itself, most of which only a start needs:
// the kernel reads those again that are used (MADV_DONTNEED of what a file holds and nobody can write).
func forget() {
	debug.FreeOSMemory()
	for _, one := range programSegments() {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, one.start, one.length, unix.MADV_DONTNEED)
	}
}

// segment is a part of this process's memory.
type segment struct{ start, length uintptr }

// programSegments are what the program's file holds and nobody can write; they stay where they are.
var programSegments = sync.OnceValue(func() (segments []segment) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer maps.Close()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil
	}
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var start, end uintptr
		var mode string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &start, &end, &mode)
		if err == nil && strings.HasSuffix(lines.Text(), program) && mode[1] == '-' {
			segments = append(segments, segment{start, end - start})
		}
	}
	return segments
})
