package dist

import (
	"context"
	"fmt"
	"path/filepath"

	"hostnet.linux/internal/pypi"
)

// zig compiles C for every architecture, and knows what the C library was like in each of its versions.
const zig = "ziglang==0.13.0\n"

// oldestGlibc is the C library that hostnet-lxc still runs with: RHEL 9's. Ubuntu 22.04 and Debian 12 have newer ones.
const oldestGlibc = "2.34"

// machines are the architectures' names in compilers and in Debian's folders.
var machines = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

type compiler struct {
	program, cache string
}

func openCompiler(ctx context.Context) (compiler, error) {
	folder, err := pypi.Environment(ctx, "zig", []byte(zig))
	if err != nil {
		return compiler{}, fmt.Errorf("cannot install the C compiler: %w", err)
	}
	found, err := filepath.Glob(filepath.Join(folder, "lib", "python3*", "site-packages", "ziglang", "zig"))
	if err != nil || len(found) != 1 {
		return compiler{}, fmt.Errorf("%s has %d compilers: delete it and build again", folder, len(found))
	}
	return compiler{program: found[0], cache: filepath.Join(folder, "cache")}, nil
}

func (c compiler) command(architecture string) string {
	return fmt.Sprintf("%s cc -target %s.%s", c.program, machines[architecture], oldestGlibc)
}
