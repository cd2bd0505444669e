package ansible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// mostBytes bounds the arguments: 2000 links with all their options are about 2 MB.
const mostBytes = 64 << 20

// Bounds of the arguments' shape: an empty dictionary of two bytes takes hundreds in memory.
const (
	mostObjects = 100_000
	mostValues  = 2_000_000
)

// checkShape bounds what the text will be in memory before it is there. It counts outside of strings; whether the text
// is JSON at all is for the decoder to say.
func checkShape(text []byte) error {
	objects, values, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			objects++
			values++
		case c == ',' || c == '[':
			values++
		}
	}
	switch {
	case objects > mostObjects:
		return fmt.Errorf("the arguments hold %d dictionaries: a task takes at most %d: split it", objects, mostObjects)
	case values > mostValues:
		return fmt.Errorf("the arguments hold about %d values: a task takes at most %d: split it", values, mostValues)
	}
	return nil
}

// reserved marks Ansible's own keys; the newest release may add more, so unknown ones are passed over
// (lib/ansible/module_utils/common/parameters.py, PASS_VARS).
const reserved = "_ansible_"

// ReadCall reads the arguments object. program is what the binary was called as, which names the module when
// Ansible runs the binary without the collection's action plugin.
func ReadCall(input io.Reader, program string) (Call, error) {
	text, err := io.ReadAll(io.LimitReader(input, mostBytes+1))
	if err != nil {
		return Call{}, fmt.Errorf("cannot read the arguments: %w", err)
	}
	if len(text) > mostBytes {
		return Call{}, fmt.Errorf("the arguments are larger than %d MiB: split the task", mostBytes>>20)
	}
	if err := checkShape(text); err != nil {
		return Call{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var raw map[string]any
	if err := decoder.Decode(&raw); err != nil {
		return Call{}, fmt.Errorf("the arguments (%d bytes) are not a JSON object: %w", len(text), err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Call{}, fmt.Errorf("the arguments hold more than one JSON value")
	}
	call := newCall(raw, program)
	call.Bytes = len(text)
	return call, nil
}

func newCall(raw map[string]any, program string) Call {
	call := Call{Module: moduleOf(program), Arguments: make(map[string]any, len(raw))}
	for key, value := range raw {
		if !strings.HasPrefix(key, reserved) {
			call.Arguments[key] = value
			continue
		}
		switch key {
		case "_ansible_check_mode":
			call.CheckMode, _ = value.(bool)
		case "_ansible_diff":
			call.Diff, _ = value.(bool)
		case "_ansible_module_name":
			if name, ok := value.(string); ok && name != "" {
				call.Module = lastPart(name)
			}
		case "_ansible_verbosity":
			if n, ok := value.(json.Number); ok {
				level, _ := n.Int64()
				call.Verbosity = int(level)
			}
		}
	}
	return call
}

// moduleOf is the module's name in a file name such as AnsiballZ_bond.py.
func moduleOf(program string) string {
	name := strings.TrimPrefix(filepath.Base(program), "AnsiballZ_")
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// lastPart is "bond" of "hostnet.linux.bond".
func lastPart(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}
