package cli

import (
	"errors"
	"fmt"
	"strings"

	"hostnet.linux/internal/path"
	"hostnet.linux/internal/topology"
)

// journey is what path is asked for.
type journey struct {
	protocol   string
	port, size uint
	hosts      []string
	prove      bool
}

// journeyOptions are the options of path.
var journeyOptions = []option{
	textual("protocol", "PROTOCOL", "of the packet: "+strings.Join(path.Protocols, ", "), "icmp",
		func(t *terminal) *string { return &t.journey.protocol }).
		oneOf(path.Protocols...),
	unsigned("port", "PORT", "that it is sent to, of tcp and udp", func(t *terminal) *uint { return &t.journey.port }),
	unsigned("size", "BYTES", "of the whole packet, which may not be fragmented",
		func(t *terminal) *uint { return &t.journey.size }),
	files("host", "a host whose network_info, with routing, is in the file instead of this one; may be repeated",
		func(t *terminal) *[]string { return &t.journey.hosts }),
	boolean("prove", "send marked packets as well, see them on every link, and say where they do not what is computed",
		func(t *terminal) *bool { return &t.journey.prove }),
	asJSON,
}

// findPath follows a packet on this host, or on those whose network_info is in files.
func findPath(t *terminal) error {
	if len(t.arguments) != 2 {
		return errors.New(
			"path takes two names or addresses, where the packet starts and where it is to go: see hostnet path --help")
	}
	arguments := map[string]any{"from": t.arguments[0], "to": t.arguments[1], "protocol": t.journey.protocol}
	if t.journey.port != 0 {
		arguments["port"] = float64(t.journey.port)
	}
	if t.journey.size != 0 {
		arguments["size"] = float64(t.journey.size)
	}
	if t.journey.prove && len(t.journey.hosts) > 0 {
		return errors.New("--prove sends packets on this host: leave --host out")
	}
	hosts, err := t.wiring()
	if err != nil {
		return err
	}
	// The module's options judge protocol, port and size; the hosts are at hand already.
	arguments["hosts"] = []any{map[string]any{"network": map[string]any{}}}
	question, err := path.Parse(arguments)
	if err != nil {
		return err
	}
	question.Hosts = hosts
	found, err := path.Find(question)
	if err != nil {
		return err
	}
	if t.journey.prove {
		if found.Proof, err = path.Prove(question, found); err != nil {
			return fmt.Errorf("--prove: %w", err)
		}
	}
	if t.json {
		err = t.printJSON(found)
	} else {
		err = found.Write(t.output)
	}
	if err == nil && (found.Outcome == path.Ends || found.Proof != nil && !found.Proof.Agrees) {
		return errDiffers
	}
	return err
}

func (t *terminal) wiring() ([]*topology.Host, error) {
	if len(t.journey.hosts) > 0 {
		var hosts []*topology.Host
		for _, file := range t.journey.hosts {
			host, err := readInfo(file)
			if err != nil {
				return nil, err
			}
			hosts = append(hosts, host)
		}
		return hosts, nil
	}
	if err := t.needRoot(); err != nil {
		return nil, err
	}
	host, err := topology.Read("")
	if err != nil {
		return nil, err
	}
	if err := host.ReadRouting(); err != nil {
		return nil, fmt.Errorf("cannot read how this host routes: %w", err)
	}
	return []*topology.Host{host}, nil
}
