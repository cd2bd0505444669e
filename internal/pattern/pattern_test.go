package pattern

import "testing"

func TestOf(t *testing.T) {
	t.Parallel()
	numbers := Of(`^[0-9]+$`)
	if !numbers().MatchString("42") || numbers().MatchString("4x") {
		t.Error("the expression is not the one that was given")
	}
	if first, second := numbers(), numbers(); first != second {
		t.Error("it was compiled twice")
	}
	defer func() {
		if recover() == nil {
			t.Error("an expression that is none was taken")
		}
	}()
	Of(`(`)()
}
