package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/diagram"
	"hostnet.linux/internal/task"
	"hostnet.linux/internal/topology"
)

// drawing are the flags of draw.
type drawing struct {
	format, title string
	hosts         []string
	fold          int
}

// draw writes a picture of this host, or of those whose network_info is in files.
func draw(t *terminal) error {
	var hosts []*topology.Host
	if len(t.drawing.hosts) == 0 {
		wired, warnings, err := task.Topology("")
		if err != nil {
			return err
		}
		for _, one := range warnings {
			fmt.Fprintln(os.Stderr, "hostnet: warning:", one)
		}
		hosts = append(hosts, wired)
	}
	for _, file := range t.drawing.hosts {
		host, err := readInfo(file)
		if err != nil {
			return err
		}
		hosts = append(hosts, host)
	}
	if t.json {
		return t.printJSON(hosts)
	}
	return diagram.Draw(t.output, t.drawing.format, hosts, diagram.Options{Title: t.drawing.title, Fold: t.drawing.fold})
}

// readInfo reads a result of network_info as JSON or YAML, such as `hostnet draw --json` or Ansible's copy module write
// it.
func readInfo(file string) (*topology.Host, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--host %s: %w", file, err)
	}
	var hosts []*topology.Host
	if json.Unmarshal(text, &hosts) == nil && len(hosts) == 1 && hosts[0] != nil {
		return infoOf(file, map[string]any{"topology": hosts[0]})
	}
	fields, err := ansible.ParseYAML(text)
	if err != nil {
		return nil, fmt.Errorf("--host %s: %w", file, err)
	}
	if fields == nil {
		return nil, fmt.Errorf("--host %s: %w", file, errors.New("the file is empty"))
	}
	return infoOf(file, fields)
}

func infoOf(file string, fields map[string]any) (*topology.Host, error) {
	host, err := topology.FromInfo(fields)
	if err != nil {
		return nil, fmt.Errorf("--host %s: %w", file, err)
	}
	return host, nil
}
