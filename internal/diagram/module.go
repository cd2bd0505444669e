package diagram

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/topology"
)

// Declaration is what the arguments of the module network_diagram say.
type Declaration struct {
	hosts   *[]*topology.Host
	format  *string
	dest    *string
	title   *string
	traffic *map[string]string
	fold    *int32
}

// Module is the options of the module.
func Module() schema.Table[Declaration] {
	return schema.Table[Declaration]{
		schema.Field("hosts", schema.List(topology.InfoForm()), func(d *Declaration) **[]*topology.Host { return &d.hosts },
			"The hosts in the order in which they are drawn: of each the result of M(hostnet.linux.network_info), which may "+
				"be combined with "+
				"that of M(hostnet.linux.container_info) and with a key C(name) that is drawn instead of its own. What "+
				"M(hostnet.linux.network) takes is drawn as well, under a key C(network).").Require(),
		schema.Field("format", schema.Choice(Formats...), func(d *Declaration) **string { return &d.format },
			"What to write: an SVG picture with its light and dark colours, a graph for Graphviz, a flowchart for Mermaid, or "+
				"text.").Assume(Formats[0]),
		schema.Field("dest", absolutePath(), func(d *Declaration) **string { return &d.dest },
			"The file to write, on the host that the task runs on. Left out, the picture is only returned."),
		schema.Field("title", schema.String(), func(d *Declaration) **string { return &d.title },
			"What stands above the picture."),
		schema.Field("traffic", trafficForm(), func(d *Declaration) **map[string]string { return &d.traffic },
			"What links carry whose names do not tell: by the name of the link V(management), V(storage), V(tunnel), "+
				"V(provider), V(external) or V(lxc)."),
		schema.Field("fold", schema.Int[int32](0, 10000), func(d *Declaration) **int32 { return &d.fold },
			"From how many containers of a host on those that are wired alike are drawn as one; 0 draws each.").Assume(
			DefaultFold),
	}
}

func absolutePath() schema.Form[string] {
	return schema.Text(func(text string) (string, error) {
		if !filepath.IsAbs(text) {
			return "", fmt.Errorf("%q must be a path that starts with a slash", text)
		}
		return filepath.Clean(text), nil
	}, func(text string) string { return text })
}

// trafficForm is a dictionary of links' names.
func trafficForm() schema.Form[map[string]string] {
	choice := schema.Choice(Traffics...)
	return schema.Form[map[string]string]{
		Type: "dict",
		Parse: func(raw any, at schema.Place) (map[string]string, bool) {
			fields, isDict := raw.(map[string]any)
			if !isDict {
				at.Problem("must be a dictionary")
				return nil, false
			}
			out, all := map[string]string{}, true
			for name, value := range fields {
				traffic, ok := choice.Parse(value, at.Key(name))
				out[name], all = traffic, all && ok
			}
			return out, all
		},
		Format: func(value map[string]string) any { return value },
		Equal:  func(a, b map[string]string) bool { return fmt.Sprint(a) == fmt.Sprint(b) },
	}
}

// Parse reads the arguments of the module.
func Parse(arguments map[string]any) (*Declaration, error) {
	var declaration Declaration
	var problems schema.Problems
	Module().Parse(&declaration, arguments, schema.At("", &problems))
	if declaration.hosts != nil && len(*declaration.hosts) == 0 {
		problems.Add("hosts", "must not be empty")
	}
	return &declaration, problems.Err()
}

// Run draws, and writes the file if there is to be one.
func Run(_ context.Context, call ansible.Call) ansible.Result {
	declaration, err := Parse(call.Arguments)
	if err != nil {
		return ansible.Fail(err)
	}
	options := Options{Fold: DefaultFold}
	format := Formats[0]
	if declaration.format != nil {
		format = *declaration.format
	}
	if declaration.title != nil {
		options.Title = *declaration.title
	}
	if declaration.traffic != nil {
		options.Traffic = *declaration.traffic
	}
	if declaration.fold != nil {
		options.Fold = int(*declaration.fold)
	}
	var picture bytes.Buffer
	if err := Draw(&picture, format, slices.Clone(*declaration.hosts), options); err != nil {
		return ansible.Fail(err)
	}
	result := ansible.Result{Values: schema.Object{{Key: "diagram", Value: picture.String()}}}
	if declaration.dest == nil {
		return result
	}
	result.Values.Set("dest", *declaration.dest)
	files := &system.System{}
	before, err := files.File(*declaration.dest)
	if err != nil {
		return ansible.Fail(err)
	}
	after := system.Text(*declaration.dest, picture.String())
	if before.Present {
		// Whoever may read it stays as it is.
		after.Mode = before.Mode
	}
	if before.Equal(after) {
		return result
	}
	result.Changed = true
	result.Before = schema.Object{{Key: *declaration.dest, Value: string(before.Content)}}
	result.After = schema.Object{{Key: *declaration.dest, Value: picture.String()}}
	if !call.CheckMode {
		if err := files.Put(after); err != nil {
			return ansible.Fail(err)
		}
	}
	return result
}
