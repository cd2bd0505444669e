// Package diagram draws hosts: physical networks on top, then cards, bonds, VLANs and bridges, and below these the
// containers with their interfaces, each under the bridge that it is attached to.
package diagram

import (
	"fmt"
	"io"
	"strings"

	"hostnet.linux/internal/topology"
)

// Options choose how it is drawn.
type Options struct {
	// Title stands above the picture; "" is none.
	Title string
	// Traffic says what a link carries where its name does not, by the name of the link.
	Traffic map[string]string
	// Fold is the number of containers from which those that are alike are drawn as one; 0 never does it.
	Fold int
}

// DefaultFold is where a page gets too long to read.
const DefaultFold = 9

// renderers are by the name of their format.
var renderers = map[string]func(io.Writer, []*topology.Host, Options) error{
	"svg": writeSVG, "dot": writeDOT, "mermaid": writeMermaid, "text": writeText,
}

// Formats are the names of all formats, the usual one first.
var Formats = []string{"svg", "dot", "mermaid", "text"}

// Draw writes the picture of all hosts in that format.
func Draw(out io.Writer, format string, hosts []*topology.Host, options Options) error {
	render, known := renderers[format]
	if !known {
		return fmt.Errorf("there is no format %q: use one of %s", format, strings.Join(Formats, ", "))
	}
	if len(hosts) == 0 {
		return fmt.Errorf("there is no host to draw")
	}
	for name, traffic := range options.Traffic {
		if _, known := titles[traffic]; !known {
			return fmt.Errorf("traffic.%s: there is no traffic %q: use one of %s",
				name, traffic, strings.Join(Traffics, ", "))
		}
	}
	return render(out, hosts, options)
}
