package ansible

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"hostnet.linux/internal/schema"
)

// Write prints the result as Ansible reads it and returns the exit code, 0 or 1.
func (r Result) Write(output io.Writer, diff bool) int {
	text, err := r.encode(diff)
	if err != nil {
		r = Fail(fmt.Errorf("cannot encode the result: %w", err))
		text, _ = r.encode(false)
	}
	if _, err := fmt.Fprintf(output, "%s\n", text); err != nil {
		return 1
	}
	if r.Err != nil {
		return 1
	}
	return 0
}

// Encode is the result as JSON, to be shown later.
func (r Result) Encode(diff bool) []byte {
	text, err := r.encode(diff)
	if err != nil {
		text, _ = Fail(fmt.Errorf("cannot encode the result: %w", err)).encode(false)
	}
	return text
}

func (r Result) encode(diff bool) ([]byte, error) {
	out := schema.Object{{Key: "changed", Value: r.Changed}}
	if r.Err != nil {
		out.Set("failed", true)
		out.Set("msg", validUTF8(message(r.Err)))
		if problems := problemsOf(r.Err); problems != nil {
			out.Set("problems", problems)
		}
	} else if r.Message != "" {
		out.Set("msg", validUTF8(r.Message))
	}
	if diff && r.Err == nil && (r.Before != nil || r.After != nil) {
		before, err := YAML(r.Before)
		if err != nil {
			return nil, err
		}
		after, err := YAML(r.After)
		if err != nil {
			return nil, err
		}
		out.Set("diff", schema.Object{
			{Key: "before", Value: before}, {Key: "after", Value: after},
			{Key: "before_header", Value: "observed"}, {Key: "after_header", Value: "declared"},
		})
	}
	if len(r.Warnings) > 0 {
		out.Set("warnings", r.Warnings)
	}
	for _, entry := range r.Values {
		out.Set(entry.Key, entry.Value)
	}
	return json.Marshal(out)
}

// message is one line for one problem and a list for more.
func message(err error) string {
	var problems schema.Problems
	if !errors.As(err, &problems) || len(problems) == 1 {
		return err.Error()
	}
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = "- " + problem.String()
	}
	return fmt.Sprintf("%d problems in the arguments; nothing was touched:\n%s", len(problems), strings.Join(lines, "\n"))
}

func problemsOf(err error) []schema.Object {
	var problems schema.Problems
	if !errors.As(err, &problems) {
		return nil
	}
	out := make([]schema.Object, len(problems))
	for i, problem := range problems {
		out[i] = schema.Object{{Key: "path", Value: problem.Path}, {Key: "message", Value: problem.Message}}
	}
	return out
}

// validUTF8 keeps the controller's parser alive: file and interface names may hold any byte.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
