package backend

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/system"
)

// TestPackagedProgramIsTheOnlyOne: with a package of the same version, no second program goes into /usr/local.
func TestPackagedProgramIsTheOnlyOne(t *testing.T) {
	Version = "1.2.3"
	t.Cleanup(func() { Version = "" })
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		program string
		want    string
	}{
		"this very program":   {string(own), PackagedProgram},
		"the same version":    {"#!/bin/sh\necho 1.2.3\n", PackagedProgram},
		"another version":     {"#!/bin/sh\necho 1.2.2\n", Program},
		"one that fails":      {"#!/bin/sh\necho 1.2.3\nexit 1\n", Program},
		"nothing that starts": {"\x7fELF", Program},
		"no package":          {"", Program},
	} {
		t.Run(name, func(t *testing.T) {
			files := &system.System{Root: t.TempDir()}
			put(t, files, PackagedProgram, one.program)
			put(t, files, "/etc/init.d/README", "scripts")
			installation, err := Install(files)
			if err != nil {
				t.Fatal(err)
			}
			copies := false
			for _, step := range installation.Steps {
				copies = copies || step.Object == "file "+Program
				if err := step.Run(); err != nil {
					t.Fatal(err)
				}
			}
			if copies != (one.want == Program) || copies != files.Exists(Program) {
				t.Errorf("a copy is made: %t", copies)
			}
			if content, err := os.ReadFile(files.Path(ProgramLink)); err == nil != copies || copies &&
				!bytes.Equal(content, own) {
				t.Errorf("the link leads elsewhere: %d bytes, %v", len(content), err)
			}
			if script, err := files.File(initFile); err != nil ||
				!strings.Contains(string(script.Content), " "+one.want+" boot") {
				t.Errorf("%v: the script does not run %s: %s", err, one.want, script.Content)
			}
			if second, err := Install(files); err != nil || len(second.Steps) > 0 {
				t.Errorf("a second run has %d steps: %v", len(second.Steps), err)
			}
		})
	}
}

func TestUnitsNameTheProgramThatThereIs(t *testing.T) {
	for _, text := range []string{UnitText(PackagedProgram), withProgram(recoverText, PackagedProgram)} {
		if strings.Contains(text, "/usr/local") || !strings.Contains(text, "ExecStart="+PackagedProgram+" ") {
			t.Error(text)
		}
	}
}

func put(t *testing.T, files *system.System, path, content string) {
	t.Helper()
	if content == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(files.Path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.Path(path), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}
