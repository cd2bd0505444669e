package ansible

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServe: whatever happens, the answer is JSON that says what went wrong.
func TestServe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "arguments")
	if err := os.WriteFile(file, []byte(`{"name": "d0", "_ansible_module_name": "hostnet.linux.dummy"}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		path string
		run  func(Call) Result
		code int
		want string
	}{
		"a crash": {file, func(Call) Result { var nothing *Call; return Fail(errors.New(nothing.Module)) }, 1,
			"internal error: runtime error: invalid memory address"},
		"no file":  {file + "x", nil, 1, "cannot read the arguments: open "},
		"not JSON": {os.Args[0], nil, 1, "are not a JSON object"},
		"an answer": {file, func(call Call) Result {
			return Result{Changed: call.Module == "dummy" && call.Arguments["name"] == "d0"}
		}, 0, `"changed":true`},
		"a failure": {file, func(Call) Result { return Fail(errors.New("no such link")) }, 1, `"msg":"no such link"`},
	} {
		var output bytes.Buffer
		code := ServeFile(one.path, "hostnet", &output, one.run)
		if code != one.code || !strings.Contains(output.String(), one.want) {
			t.Errorf("%s: exit code %d, %s", name, code, output.String())
		}
	}
}
