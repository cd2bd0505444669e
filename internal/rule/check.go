package rule

import (
	"fmt"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/schema"
)

// CheckOptions finds what does not fit together in a declared rule, and completes it: from then on its family is known,
// and so is where it was declared.
func CheckOptions(r *Rule, at schema.Place) {
	r.Path = at.Path()
	problem := func(option, format string, args ...any) { at.Key(option).Problem(format, args...) }
	if r.Family == nil {
		switch {
		case r.From != nil && r.From.IsValid():
			name := familyName(r.From.Addr())
			r.Family = &name
		case r.To != nil && r.To.IsValid():
			name := familyName(r.To.Addr())
			r.Family = &name
		default:
			problem("family", "is required for a rule without from and to: inet or inet6")
			return
		}
	}
	if r.From != nil && r.From.IsValid() && familyName(r.From.Addr()) != *r.Family {
		problem("from", "%s is not of the family %s", *r.From, *r.Family)
	}
	if r.To != nil && r.To.IsValid() && familyName(r.To.Addr()) != *r.Family {
		problem("to", "%s is not of the family %s", *r.To, *r.Family)
	}
	if r.Mask != nil && r.Mark == nil {
		problem("fwmask", "needs a fwmark")
	}
	if (r.SourcePorts != nil || r.DestinationPorts != nil) && (r.IPProtocol == nil || *r.IPProtocol == 0) {
		problem("ipproto", "is required together with ports")
	}
	checkEffect(r, problem)
}

// checkEffect sees to it that the rule says what to do, once.
func checkEffect(r *Rule, problem func(option, format string, args ...any)) {
	effect := fresh(r)
	looksUp := effect.Action == unix.FR_ACT_TO_TBL
	switch {
	case r.Table != nil && (!looksUp || effect.L3MDev):
		problem("table", "has no meaning for a rule that looks into no table, or into that of the VRF")
	case looksUp && r.Table == nil && !effect.L3MDev && !r.Absent():
		problem("table", "is required, unless action, goto or l3mdev says what to do")
	}
	if effect.L3MDev && !looksUp {
		problem("l3mdev", "looks into a table, so action cannot be %s", actionNames[effect.Action])
	}
	if r.Suppress != nil && *r.Suppress >= 0 && !looksUp {
		problem("suppress_prefixlength", "has no meaning for a rule that looks into no table")
	}
	checkGoto(r, effect.Action, problem)
}

func checkGoto(r *Rule, action uint8, problem func(option, format string, args ...any)) {
	switch isGoto := action == unix.FR_ACT_GOTO; {
	case r.Goto != nil && !isGoto:
		problem("goto", "and action %s exclude each other", actionNames[action])
	case isGoto && r.Goto == nil && !r.Absent():
		problem("goto", "is required for action goto")
	case isGoto && r.Goto != nil && r.Priority != nil && *r.Goto <= *r.Priority:
		problem("goto", "%d is not after the rule itself, whose priority is %d", *r.Goto, *r.Priority)
	}
}

// advice is how two rules that match the same can both be declared, if they can.
func advice(one, other *Rule) string {
	if one.Priority == nil || other.Priority == nil {
		return ": give them different priorities"
	}
	return fmt.Sprintf(", also with priority %d: give them different priorities, or leave one out", *one.Priority)
}

// Check finds rules that cannot both be declared.
func Check(rules []Rule, problems *schema.Problems) {
	taken := map[selector][]*Rule{}
	for i := range rules {
		if problems.Full() {
			return
		}
		one := &rules[i]
		key := selectorOf(fresh(one))
		for _, other := range taken[key] {
			if one.Priority != nil && other.Priority != nil && *one.Priority != *other.Priority {
				continue
			}
			problems.Add(one.Path, "matches the same as %s%s", other.Path, advice(one, other))
		}
		taken[key] = append(taken[key], one)
	}
}
