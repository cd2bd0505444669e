package ansible

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/schema"
)

// YAML writes the object as a playbook would, its keys in their order.
func YAML(object schema.Object) (string, error) {
	if len(object) == 0 {
		return "", nil
	}
	node, err := yamlNode(object)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return "", fmt.Errorf("cannot write YAML: %w", err)
	}
	return out.String(), encoder.Close()
}

func yamlNode(value any) (*yaml.Node, error) {
	switch v := value.(type) {
	case schema.Object:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, entry := range v {
			key, err := yamlNode(entry.Key)
			if err != nil {
				return nil, err
			}
			child, err := yamlNode(entry.Value)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, key, child)
		}
		return node, nil
	case []schema.Object:
		return yamlList(len(v), func(i int) any { return v[i] })
	case []any:
		return yamlList(len(v), func(i int) any { return v[i] })
	}
	node := &yaml.Node{}
	return node, node.Encode(value)
}

func yamlList(length int, element func(int) any) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range length {
		child, err := yamlNode(element(i))
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	return node, nil
}

// ParseYAML reads one YAML document, a dictionary, into what JSON would have given.
func ParseYAML(text []byte) (map[string]any, error) {
	var out map[string]any
	if err := yaml.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("not a YAML dictionary: %w", err)
	}
	for key, value := range out {
		out[key] = asJSON(value)
	}
	return out, nil
}

// YAMLNode reads a dictionary that is part of a YAML document into what JSON would have given.
func YAMLNode(node *yaml.Node) (map[string]any, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("must be a dictionary with the object's options")
	}
	var out map[string]any
	if err := node.Decode(&out); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	for key, value := range out {
		out[key] = asJSON(value)
	}
	return out, nil
}

// asJSON gives dictionaries keys that are strings: YAML's may be numbers, as those of egress_qos_map.
func asJSON(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = asJSON(inner)
		}
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[fmt.Sprint(key)] = asJSON(inner)
		}
		return out
	case []any:
		for i, inner := range v {
			v[i] = asJSON(inner)
		}
	}
	return value
}
