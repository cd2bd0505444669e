package cli

import (
	"errors"
	"flag"
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
	ends       []string
}

func (j *journey) flags(flags *flag.FlagSet) {
	flags.StringVar(&j.protocol, "protocol", "icmp", "`protocol` of the packet: "+strings.Join(path.Protocols, ", "))
	flags.UintVar(&j.port, "port", 0, "`port` that it is sent to, of tcp and udp")
	flags.UintVar(&j.size, "size", 0, "`bytes` of the whole packet, which may not be fragmented")
	flags.Func("host", "a host whose network_info, with routing, is in this `file` instead of this one; may be repeated", func(file string) error {
		j.hosts = append(j.hosts, file)
		return nil
	})
}

// take parses flags before and after the ends of the path.
func (j *journey) take(flags *flag.FlagSet, arguments []string) error {
	for {
		if err := flags.Parse(arguments); err != nil {
			return err
		}
		if flags.NArg() == 0 {
			break
		}
		j.ends = append(j.ends, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
	if len(j.ends) != 2 {
		return errors.New("path takes two names or addresses: where the packet starts, and where it is to go")
	}
	return nil
}

// findPath follows a packet on this host, or on those whose network_info is in files.
func findPath(t *terminal) error {
	arguments := map[string]any{"from": t.journey.ends[0], "to": t.journey.ends[1], "protocol": t.journey.protocol}
	if t.journey.port != 0 {
		arguments["port"] = float64(t.journey.port)
	}
	if t.journey.size != 0 {
		arguments["size"] = float64(t.journey.size)
	}
	hosts, err := t.journey.read()
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
	if t.json {
		err = t.printJSON(found)
	} else {
		err = found.Write(t.output)
	}
	if err == nil && found.Outcome == path.Ends {
		return errDiffers
	}
	return err
}

func (j *journey) read() ([]*topology.Host, error) {
	if len(j.hosts) > 0 {
		var hosts []*topology.Host
		for _, file := range j.hosts {
			host, err := readInfo(file)
			if err != nil {
				return nil, err
			}
			hosts = append(hosts, host)
		}
		return hosts, nil
	}
	if err := needRoot(); err != nil {
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
