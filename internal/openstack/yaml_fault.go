package openstack

import (
	"strconv"
	"strings"

	"hostnet.linux/internal/pattern"
)

// yamlLine finds the line in the messages of the YAML package, which has it in no other form.
var yamlLine = pattern.Of(`^(?:yaml: )?(?:line (\d+): )?`)

// fault is where a text is no YAML, and why, without the line.
func fault(content string, err error) (line, column int, text string) {
	text = err.Error()
	found := yamlLine().FindStringSubmatch(text)
	line, _ = strconv.Atoi(found[1])
	text = strings.TrimPrefix(text, found[0])
	line, column = inText(content, text, line)
	return line, column, text
}

// unknownAnchor finds the name in a message that has no line.
var unknownAnchor = pattern.Of(`^unknown anchor '([^']+)' referenced`)

// inText is where a text is no YAML: the YAML package knows the line at most.
func inText(content, message string, line int) (int, int) {
	lines := strings.Split(content, "\n")
	if found := unknownAnchor().FindStringSubmatch(message); found != nil {
		for n, text := range lines {
			code, _, _ := strings.Cut(text, " #")
			if at := strings.Index(code+" ", "*"+found[1]); at >= 0 {
				return n + 1, at + 1
			}
		}
	}
	line = min(max(line, 1), len(lines))
	text := lines[line-1]
	return line, len(text) - len(strings.TrimLeft(text, " \t")) + 1
}

// indentation is what is behind most of the messages of the YAML package.
func indentation(text string) string {
	for _, part := range []string{"mapping values are not allowed", "did not find expected key",
		"did not find expected '-' indicator"} {
		if strings.Contains(text, part) {
			return "; does it begin at the same column as the line above that it belongs to?"
		}
	}
	return ""
}
