package agent

import (
	"time"

	"hostnet.linux/internal/plan"
)

// The agent does not fight: what is taken away this often in this time is left.
const (
	mostRounds = 3
	within     = time.Minute
)

// fights are the times at which each thing was put back.
type fights map[string]*fight

type fight struct {
	repaired []time.Time
	left     bool
}

func keyOf(step plan.Step) string { return step.Action + " " + step.Object }

// wanted are the steps that are still worth it. The third time in a minute is told, and left.
func (f fights) wanted(steps []plan.Step, now time.Time, tell func(object string)) map[string]bool {
	out := map[string]bool{}
	for _, step := range steps {
		key := keyOf(step)
		one := f[key]
		if one == nil {
			out[key] = true
			continue
		}
		for len(one.repaired) > 0 && now.Sub(one.repaired[0]) > within {
			one.repaired = one.repaired[1:]
		}
		switch {
		case one.left:
		case len(one.repaired) >= mostRounds-1:
			one.left = true
			tell(step.Object)
		default:
			out[key] = true
		}
	}
	return out
}

func (f fights) done(steps map[string]bool, now time.Time) {
	for key := range steps {
		if f[key] == nil {
			f[key] = &fight{}
		}
		f[key].repaired = append(f[key].repaired, now)
	}
}

// objects are those that are left.
func (f fights) objects() []string {
	var out []string
	for key, one := range f {
		if one.left {
			out = append(out, key)
		}
	}
	return out
}
