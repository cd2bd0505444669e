// Package openstack reads the configuration of an OpenStack-Ansible cloud and plans its networks.
//
// It reads what OpenStack-Ansible (OSA) reads: openstack_user_config.yml, conf.d, env.d and, as the memory of names and
// addresses, openstack_inventory.json. Planning is pure; only Allocate writes.
package openstack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, and where. Line and Column count from 1; 0 is unknown.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
}

func (p Problem) String() string {
	at := p.File
	if p.Line > 0 {
		at += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column > 0 {
		at += fmt.Sprintf(":%d", p.Column)
	}
	switch {
	case at == "" && p.Path == "":
		return p.Message
	case p.Path == "":
		return at + ": " + p.Message
	}
	return strings.TrimSpace(at+" "+p.Path) + ": " + p.Message
}

// report collects every problem and warning, each once.
type report struct {
	problems, warnings []Problem
	seen               map[Problem]bool
}

func (r *report) add(to *[]Problem, p Problem) {
	if r.seen == nil {
		r.seen = map[Problem]bool{}
	}
	if !r.seen[p] {
		r.seen[p] = true
		*to = append(*to, p)
	}
}

func (r *report) problem(at Place, path, format string, arguments ...any) {
	r.add(&r.problems, Problem{at.File, at.Line, at.Column, path, fmt.Sprintf(format, arguments...)})
}

func (r *report) warn(at Place, path, format string, arguments ...any) {
	r.add(&r.warnings, Problem{at.File, at.Line, at.Column, path, fmt.Sprintf(format, arguments...)})
}

// inOrder sorts by place, as an operator goes through a file.
func inOrder(all []Problem) []Problem {
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return all
}

// shown is a value as YAML 1.1 has it, for a message.
func shown(v any) any {
	if v == nil {
		return "nothing"
	}
	return v
}
