package system

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// IsTerminal tells whether a person is at the other end (isatty(3)).
func IsTerminal(file *os.File) bool {
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// TakesColour tells whether a person is at the other end who has not asked for plain text (https://no-color.org).
func TakesColour(file *os.File) bool { return IsTerminal(file) && os.Getenv("NO_COLOR") == "" }

// Terminal writes texts that others have made up, such as the names of links, so that none of them does anything to the
// terminal. Only the colours that this program itself uses pass.
type Terminal struct {
	Output io.Writer
	// Colours are those escape sequences.
	Colours []string
}

// Write shows what is no text as such.
func (t *Terminal) Write(text []byte) (int, error) {
	if _, err := io.WriteString(t.Output, t.shown(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (t *Terminal) shown(text string) string {
	var out strings.Builder
	for text != "" {
		if colour := t.colour(text); colour != "" {
			out.WriteString(colour)
			text = text[len(colour):]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		// Format characters turn the direction of what follows (unicode's category Cf).
		case r == '\n' || r == '\t' || r == ' ' || unicode.IsPrint(r):
			out.WriteString(text[:size])
		case r < 0x80:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out.String()
}

func (t *Terminal) colour(text string) string {
	for _, colour := range t.Colours {
		if strings.HasPrefix(text, colour) {
			return colour
		}
	}
	return ""
}
