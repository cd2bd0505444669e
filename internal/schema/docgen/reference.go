package docgen

import (
	"fmt"
	"regexp"
	"slices"

	"hostnet.linux/internal/schema"
)

// scope is the options of one level, and the way to them from the top, such as "bonds[].".
type scope struct {
	docs []schema.Doc
	way  string
	into schema.Doc // the one whose suboptions are the next level
}

// scopes are the levels from the top to that of an option.
type scopes []scope

// way is that to the level below the last one.
func (s scopes) way() string {
	if len(s) == 0 {
		return ""
	}
	last := s[len(s)-1]
	if last.into.Elements != "" {
		return last.way + last.into.Name + "[]."
	}
	return last.way + last.into.Name + "."
}

var reference = regexp.MustCompile(`\bO\((\w+)`)

// qualify gives the names of other options their whole way, as Ansible reads them: the tables name them as they are
// called in the module about one object, which is a level lower in the module about many.
func (s scopes) qualify(text string) (string, error) {
	var unknown error
	text = reference.ReplaceAllStringFunc(text, func(found string) string {
		name := reference.FindStringSubmatch(found)[1]
		for _, level := range slices.Backward(s) {
			if slices.ContainsFunc(level.docs, func(doc schema.Doc) bool { return doc.Name == name }) {
				return "O(" + level.way + name
			}
		}
		unknown = fmt.Errorf("its text names the option %q, which there is not", name)
		return found
	})
	return text, unknown
}
