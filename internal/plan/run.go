package plan

import (
	"fmt"
	"slices"
)

// StepError says which step failed. Steps before it are done, steps after it are not.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s: cannot %s: %v", e.Step.Object, e.Step.Action, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// Run performs the steps in their order and stops at the first that fails. before is called ahead of each
// step with its number from 0; an error from it stops the run as if that step had failed. It may be nil.
func Run(steps []Step, before func(number int) error) error {
	for i, step := range steps {
		if before != nil {
			if err := before(i); err != nil {
				return &StepError{Step: step, Err: err}
			}
		}
		if err := step.Run(); err != nil {
			return &StepError{Step: step, Err: err}
		}
	}
	return nil
}

// RunAll performs the steps in their order, and goes on past those that fail. What fails after its links have failed
// already follows from that, and is not told again.
func RunAll(steps []Step) []*StepError {
	var failures []*StepError
	broken := map[string]bool{}
	for _, step := range steps {
		err := step.Run()
		if err == nil {
			continue
		}
		follows := slices.ContainsFunc(step.Links, func(name string) bool { return broken[name] })
		for _, name := range step.Links {
			// An address or a route that fails takes nothing else along.
			broken[name] = broken[name] || name != "" && step.Phase < Address
		}
		if !follows {
			failures = append(failures, &StepError{Step: step, Err: err})
		}
	}
	return failures
}
