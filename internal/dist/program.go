package dist

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
)

// program is one binary of the collection.
type program struct {
	name, source string
	// environment and linking are what it takes to compile and link it beside what all have in common.
	environment func(ctx context.Context, architecture string) ([]string, error)
	linking     string
}

// programs are what an artifact holds for each architecture. The second has what only liblxc can do.
var programs = []program{
	{name: "hostnet", source: "./modules", environment: static},
	// The linker is not Go's there, and -s is not passed on to it.
	{name: "hostnet-lxc", source: "./modules/hostnet-lxc", environment: withLXC, linking: " -extldflags=-Wl,--strip-all"},
}

func static(_ context.Context, architecture string) ([]string, error) {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOFLAGS="), nil
}

var toolchainLine = regexp.MustCompile(`(?m)^toolchain (\S+)$`)

// toolchain is the Go that compiles: exactly go.mod's, where a newer one would make other bytes.
func toolchain(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	match := toolchainLine.FindSubmatch(text)
	if match == nil {
		return "", errors.New("go.mod has no line toolchain")
	}
	return string(match[1]), nil
}

// withLXC compiles C as well. Neither the host's compiler nor its libraries have a say in it, so that each host makes
// the same bytes.
func withLXC(ctx context.Context, architecture string) ([]string, error) {
	compiler, err := openCompiler(ctx)
	if err != nil {
		return nil, err
	}
	library, err := liblxc(ctx, architecture)
	if err != nil {
		return nil, err
	}
	environment, err := static(ctx, architecture)
	return append(environment, "CGO_ENABLED=1", "CC="+compiler.command(architecture),
		"CGO_CFLAGS=-O2", "CGO_CPPFLAGS=", "CGO_LDFLAGS=",
		"ZIG_GLOBAL_CACHE_DIR="+compiler.cache, "ZIG_LOCAL_CACHE_DIR="+compiler.cache,
		"PKG_CONFIG_PATH=", "PKG_CONFIG_SYSROOT_DIR=", "PKG_CONFIG_LIBDIR="+library), err
}
