package plan

import "fmt"

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
