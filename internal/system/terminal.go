package system

import (
	"os"

	"golang.org/x/sys/unix"
)

// IsTerminal tells whether a person is at the other end (isatty(3)).
func IsTerminal(file *os.File) bool {
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// TakesColour tells whether a person is at the other end who has not asked for plain text (https://no-color.org).
func TakesColour(file *os.File) bool { return IsTerminal(file) && os.Getenv("NO_COLOR") == "" }
