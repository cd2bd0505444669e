package path

import (
	"fmt"
	"io"
	"strings"
)

// Write tells the path a hop a line, then where it ends and why.
func (p *Path) Write(out io.Writer) error {
	var text strings.Builder
	if p.Source.IsValid() {
		fmt.Fprintf(&text, "%s -> %s\n", p.Source, p.Destination)
	}
	last := ""
	for _, hop := range p.Hops {
		if where := hop.Host + ", " + hop.Where; where != last {
			fmt.Fprintf(&text, "%s\n", where)
			last = where
		}
		line := strings.TrimSpace(hop.Link + "  " + hop.Kind + ": " + hop.Text)
		if hop.MTU > 0 {
			line += fmt.Sprintf(" (mtu %d)", hop.MTU)
		}
		fmt.Fprintf(&text, "  %s\n", line)
	}
	fmt.Fprintf(&text, "%s: %s\n", p.Outcome, p.Why)
	if p.MTU > 0 && p.Outcome != Ends {
		fmt.Fprintf(&text, "path mtu: %d\n", p.MTU)
	}
	for _, one := range p.Warnings {
		fmt.Fprintf(&text, "warning: %s\n", one)
	}
	if _, err := io.WriteString(out, text.String()); err != nil || p.Proof == nil {
		return err
	}
	return p.Proof.Write(out)
}
