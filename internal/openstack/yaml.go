package openstack

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/pattern"
)

// Place is where something stands in a file. Line and Column count from 1.
type Place struct {
	File         string
	Line, Column int
}

type kind int

const (
	scalar kind = iota
	list
	dict
)

// value is a YAML value as PyYAML, a YAML 1.1 reader, gives it to OSA, with its place.
type value struct {
	Place
	kind   kind
	scalar any // nil, bool, int64, float64 or string
	text   string
	items  []*value
	pairs  []pair
	size   int
	// unread says that a file of it is no YAML, so that what it lacks may stand there.
	unread bool
}

// pair is one entry of a dictionary; Place is the key's.
type pair struct {
	Place
	key   string
	value *value
	// scalar is what the key is to YAML 1.1: text, unless it is a word or a number without quotes.
	scalar any
}

// largest bounds what anchors may unfold to: a file of a few lines can otherwise fill the memory.
const (
	largest = 2_000_000
	deepest = 100
)

func (v *value) pair(key string) *pair {
	if v == nil {
		return nil
	}
	for i := range v.pairs {
		if v.pairs[i].key == key {
			return &v.pairs[i]
		}
	}
	return nil
}

func (v *value) get(key string) *value {
	if p := v.pair(key); p != nil {
		return p.value
	}
	return nil
}

// isNull is true for a missing value, too.
func (v *value) isNull() bool { return v == nil || v.kind == scalar && v.scalar == nil }

func (v *value) isTrue() bool {
	if v == nil || v.kind != scalar {
		return false
	}
	switch s := v.scalar.(type) {
	case bool:
		return s
	case int64:
		return s != 0
	}
	return false
}

// str is a scalar as text; empty for anything else.
func (v *value) str() string {
	if v.isNull() || v.kind != scalar {
		return ""
	}
	if s, ok := v.scalar.(string); ok {
		return s
	}
	if s, ok := v.scalar.(int64); ok {
		return strconv.FormatInt(s, 10)
	}
	return v.text
}

// strings are the items of a list, or the one text.
func (v *value) strings() []string {
	if v == nil {
		return nil
	}
	if v.kind == scalar && !v.isNull() {
		return []string{v.str()}
	}
	var all []string
	for _, item := range v.items {
		all = append(all, item.str())
	}
	return all
}

// plain is the value as encoding/json has it.
func (v *value) plain() any {
	switch {
	case v == nil:
		return nil
	case v.kind == list:
		all := make([]any, len(v.items))
		for i, item := range v.items {
			all[i] = item.plain()
		}
		return all
	case v.kind == dict:
		all := make(map[string]any, len(v.pairs))
		for _, p := range v.pairs {
			all[p.key] = p.value.plain()
		}
		return all
	}
	return v.scalar
}

// readYAML reads one document. Its problems are reported with their places.
func readYAML(file string, content []byte, r *report) *value {
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return &value{Place: Place{File: file}}
	}
	if err != nil {
		line, column, text := fault(string(content), err)
		r.problem(Place{file, line, column}, "", "is no YAML: %s%s", text, indentation(text))
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.problem(Place{file, second.Line, second.Column}, "", "a second document begins here: OpenStack-Ansible reads one")
	}
	reading := &reading{file: file, report: r, done: map[*yaml.Node]*value{}, open: map[*yaml.Node]bool{}}
	root := reading.value(&document, 0)
	if root.size > largest {
		r.problem(Place{file, 1, 1}, "", "the anchors unfold to more than %d values", largest)
		return nil
	}
	return root
}

type reading struct {
	file   string
	report *report
	done   map[*yaml.Node]*value
	open   map[*yaml.Node]bool
}

func (r *reading) value(node *yaml.Node, depth int) *value {
	if got, ok := r.done[node]; ok {
		return got
	}
	v := &value{Place: Place{r.file, node.Line, node.Column}, size: 1}
	if r.open[node] || depth > deepest {
		r.report.problem(v.Place, "", "an anchor holds itself, or the values are nested more than %d deep", deepest)
		return v
	}
	if node.Style&yaml.TaggedStyle != 0 && !slices.Contains(tags, node.Tag) {
		r.report.problem(v.Place, "", "%s is a tag at which OpenStack-Ansible's reader stops: write the value without it",
			node.Tag)
	}
	r.open[node] = true
	defer delete(r.open, node)
	switch node.Kind {
	case yaml.DocumentNode:
		v = r.value(node.Content[0], depth+1)
	case yaml.AliasNode:
		v = r.value(node.Alias, depth+1)
	case yaml.SequenceNode:
		v.kind = list
		for _, item := range node.Content {
			v.items = append(v.items, r.value(item, depth+1))
			v.size = min(largest+1, v.size+v.items[len(v.items)-1].size)
		}
	case yaml.MappingNode:
		r.mapping(node, v, depth)
	default:
		v.text = node.Value
		v.scalar = resolve(node)
	}
	r.done[node] = v
	return v
}

// mapping merges `<<` as PyYAML does: every one counts, a later one wins, a key that is written out wins over all.
func (r *reading) mapping(node *yaml.Node, v *value, depth int) {
	v.kind = dict
	at := map[string]int{}
	put := func(p pair) {
		if i, ok := at[p.key]; ok {
			v.pairs[i] = p
			return
		}
		at[p.key] = len(v.pairs)
		v.pairs = append(v.pairs, p)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; key.Tag == "!!merge" || key.Value == "<<" && key.Style == 0 {
			merged := r.value(node.Content[i+1], depth+1)
			sources := []*value{merged}
			if merged.kind == list {
				sources = nil
				for _, one := range merged.items {
					sources = append([]*value{one}, sources...)
				}
			}
			for _, source := range sources {
				if source.kind != dict {
					r.report.problem(Place{r.file, key.Line, key.Column}, "<<", "merges what is no dictionary")
				}
				for _, p := range source.pairs {
					put(p)
				}
			}
		}
	}
	own := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Tag == "!!merge" || key.Value == "<<" && key.Style == 0 {
			continue
		}
		name := r.value(key, depth+1)
		place := Place{r.file, key.Line, key.Column}
		if name.kind != scalar {
			r.report.problem(place, "", "a key must be a name")
			continue
		}
		text := key.Value
		if before, ok := own[text]; ok {
			r.report.problem(place, text, "stands twice (lines %d and %d): YAML keeps the last; leave one", before, key.Line)
		}
		own[text] = key.Line
		put(pair{place, text, r.value(node.Content[i+1], depth+1), name.scalar})
	}
	for _, p := range v.pairs {
		v.size = min(largest+1, v.size+p.value.size)
	}
}

// tags are those that PyYAML's SafeLoader knows.
var tags = []string{
	"!!binary", "!!bool", "!!float", "!!int", "!!map", "!!null", "!!omap", "!!pairs", "!!seq", "!!set", "!!str",
	"!!timestamp",
}

// YAML 1.1 as PyYAML's resolver has it (yaml/resolver.py).
var (
	nullWord   = pattern.Of(`^(~|null|Null|NULL|)$`)
	trueWord   = pattern.Of(`^(yes|Yes|YES|true|True|TRUE|on|On|ON)$`)
	falseWord  = pattern.Of(`^(no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	binaryWord = pattern.Of(`^[-+]?0b[01_]+$`)
	octal      = pattern.Of(`^[-+]?0[0-7_]+$`)
	decimal    = pattern.Of(`^[-+]?(0|[1-9][0-9_]*)$`)
	hexa       = pattern.Of(`^[-+]?0x[0-9a-fA-F_]+$`)
	base60     = pattern.Of(`^[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+$`)
	pointNumer = pattern.Of(`^[-+]?([0-9][0-9_]*)\.[0-9_]*([eE][-+][0-9]+)?$|^\.[0-9][0-9_]*([eE][-+][0-9]+)?$`)
)

// resolve gives a scalar the type that YAML 1.1 gives it; what is quoted is text.
func resolve(node *yaml.Node) any {
	text := node.Value
	if node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return text
	}
	if node.Style&yaml.TaggedStyle != 0 && node.Tag == "!!str" {
		return text
	}
	digits := strings.ReplaceAll(text, "_", "")
	number := func(base int, prefix string) any {
		if n, err := strconv.ParseInt(strings.Replace(digits, prefix, "", 1), base, 64); err == nil {
			return n
		}
		return text
	}
	switch {
	case nullWord().MatchString(text):
		return nil
	case trueWord().MatchString(text):
		return true
	case falseWord().MatchString(text):
		return false
	case binaryWord().MatchString(text):
		return number(2, "0b")
	case octal().MatchString(text):
		return number(8, "")
	case decimal().MatchString(text):
		return number(10, "")
	case hexa().MatchString(text):
		return number(16, "0x")
	case base60().MatchString(text):
		return sexagesimal(digits, text)
	case pointNumer().MatchString(text):
		if n, err := strconv.ParseFloat(digits, 64); err == nil {
			return n
		}
	}
	return text
}

func sexagesimal(digits, text string) any {
	sum, sign := int64(0), int64(1)
	if strings.HasPrefix(digits, "-") {
		sign = -1
	}
	for _, part := range strings.Split(strings.TrimLeft(digits, "-+"), ":") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || sum > 1<<50 {
			return text
		}
		sum = sum*60 + n
	}
	return sign * sum
}

// merge lays b over a: dictionaries merge, all else and an empty dictionary replaces, as OSA's dictutils has it. It
// tells of lists and dictionaries that go.
func merge(a, b *value, replaced func(a, b *value)) *value {
	if a == nil || a.kind != dict || b.kind != dict || len(b.pairs) == 0 {
		if a != nil && len(a.items)+len(a.pairs) > 0 {
			replaced(a, b)
		}
		return b
	}
	all := *a
	all.pairs = append([]pair(nil), a.pairs...)
	at := make(map[string]int, len(all.pairs))
	for i, p := range all.pairs {
		at[p.key] = i
	}
	for _, p := range b.pairs {
		if i, ok := at[p.key]; ok {
			all.pairs[i] = pair{p.Place, p.key, merge(all.pairs[i].value, p.value, replaced), p.scalar}
			continue
		}
		at[p.key] = len(all.pairs)
		all.pairs = append(all.pairs, p)
	}
	return &all
}

// place reads like a path: provider_networks[0].network.
func place(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

func index(parent string, i int) string { return fmt.Sprintf("%s[%d]", parent, i) }
