package lxchost

import (
	"fmt"
	"strings"
)

// networkKeys begin the lines that the options are about, all of which are ours.
const networkKeys = "lxc.net."

// config is default.conf as it is to be: our lines where its first line about a network was, others as they were.
func (h *Host) config(text string) string {
	ours := map[string]bool{}
	own := h.networkLines()
	var extra []string
	if h.Lines != nil {
		extra = *h.Lines
	}
	for _, line := range extra {
		ours[keyOf(line)] = true
	}
	var out []string
	placed := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		key := keyOf(line)
		switch {
		case strings.HasPrefix(key, networkKeys) && !placed:
			out, placed = append(out, own...), true
		case strings.HasPrefix(key, networkKeys), ours[key]:
		default:
			out = append(out, line)
		}
	}
	if !placed {
		out = append(own, out...)
	}
	return strings.Join(append(out, extra...), "\n") + "\n"
}

func (h *Host) networkLines() []string {
	lines := []string{
		"lxc.net.0.type = veth",
		"lxc.net.0.name = " + h.Interface,
		"lxc.net.0.link = " + h.Bridge,
		"lxc.net.0.flags = up",
		"lxc.net.0.hwaddr = " + h.MAC,
	}
	if h.MTU != nil {
		lines = append(lines, fmt.Sprintf("lxc.net.0.mtu = %d", *h.MTU))
	}
	return lines
}

// keyOf is what stands before the equals sign, "" for comments and blank lines.
func keyOf(line string) string {
	key, _, found := strings.Cut(line, "=")
	if !found || strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	return strings.TrimSpace(key)
}
