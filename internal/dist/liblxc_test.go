package dist

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostnet.linux/internal/cache"
)

// TestOldestGlibc reads what the programs ask the loader for, and starts the one of the other architecture.
func TestOldestGlibc(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "bin")
	if err := Build(t.Context(), "../..", bin, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, architecture := range Architectures {
		wantStatic(t, filepath.Join(bin, "linux_"+architecture, "hostnet"))
		wantLiblxc(t, filepath.Join(bin, "linux_"+architecture, "hostnet-lxc"))
	}
	const other = "arm64"
	root, err := runtimeOf(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hostnet", "hostnet-lxc"} {
		start := exec.CommandContext(t.Context(), "qemu-aarch64", "-L", root, filepath.Join(bin, "linux_"+other, name),
			"version")
		if said, err := start.CombinedOutput(); err != nil || strings.Count(string(said), ".") != 2 {
			t.Errorf("%s for %s: %v: %s", name, other, err, said)
		}
	}
	// The emulation passes no netlink on: that far, a task is read and judged.
	task := exec.CommandContext(t.Context(), "qemu-aarch64", filepath.Join(bin, "linux_"+other, "hostnet"), "module")
	task.Stdin = strings.NewReader(`{"_ansible_module_name": "hostnet.linux.bond", "name": "bond0", "mode": "802.3"}`)
	said, err := task.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(said), `did you mean \"802.3ad\"`) {
		t.Errorf("a task on %s: %v: %s", other, err, said)
	}
}

func wantStatic(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if section := program.Section(".interp"); section != nil {
		t.Errorf("%s is not static", path)
	}
}

func wantLiblxc(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	libraries, err := program.ImportedLibraries()
	if err != nil || !slices.Equal(libraries, []string{"liblxc.so.1", "libpthread.so.0", "libc.so.6"}) {
		t.Errorf("%s needs %v: %v", path, libraries, err)
	}
	symbols, err := program.ImportedSymbols()
	if err != nil || len(symbols) == 0 {
		t.Fatalf("%s: %d symbols: %v", path, len(symbols), err)
	}
	for _, symbol := range symbols {
		minor, isGlibc := strings.CutPrefix(symbol.Version, "GLIBC_2.")
		if !isGlibc {
			continue
		}
		first, _, _ := strings.Cut(minor, ".")
		if number, err := strconv.Atoi(first); err != nil || number > 34 {
			t.Errorf("%s needs %s of %s", path, symbol.Name, symbol.Version)
		}
	}
}

// runtimeOf is a folder with the C library and liblxc of another architecture, and all that these need.
func runtimeOf(ctx context.Context, architecture string) (string, error) {
	folder, err := cache.Folder(ctx, "runtime", architecture+"-"+lxcRelease,
		func(ctx context.Context, folder string) error {
			command := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=extract", "--format=directory",
				"--include=liblxc1",
				"--architectures="+architecture, lxcRelease, filepath.Join(folder, "root"))
			if said, err := command.CombinedOutput(); err != nil {
				return errors.Join(err, fmt.Errorf("%s", said))
			}
			return nil
		})
	return filepath.Join(folder, "root"), err
}
