package testhost

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is one kernel module as the initramfs carries it.
type module struct {
	name    string
	content []byte
}

// loadModules reads the named modules of the kernel whose modules are in dir, and all that they need, in load order.
func loadModules(ctx context.Context, dir string, names ...string) ([]module, error) {
	dependencies, err := readModuleDependencies(dir)
	if err != nil {
		return nil, err
	}
	var modules []module
	for _, file := range dependencies.loadOrder(names...) {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		// Debian 13 compresses modules; the initramfs' insmod wants them plain.
		if strings.HasSuffix(file, ".xz") {
			if content, err = decompress(ctx, content, "xz", "--decompress", "--stdout"); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		modules = append(modules, module{moduleName(file) + ".ko", content})
	}
	return modules, nil
}

// decompress pipes data through a program.
func decompress(ctx context.Context, data []byte, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = bytes.NewReader(data)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(problem.Bytes()))
	}
	return output, nil
}

// writeInitramfs packs the program that runs first, a static busybox to run it, and the modules with their load order.
func writeInitramfs(out io.Writer, init, busybox []byte, modules []module) error {
	archive := newCPIOWriter(out)
	for _, name := range []string{"bin", "dev", "modules", "proc", "root", "sys"} {
		archive.directory(name)
	}
	// The kernel opens it before anything is mounted; without it init could not say what is wrong.
	archive.charDevice("dev/console", 5, 1)
	archive.file("init", 0o755, init)
	archive.file("bin/busybox", 0o755, busybox)
	var order strings.Builder
	for _, module := range modules {
		archive.file("modules/"+module.name, 0o644, module.content)
		order.WriteString(module.name + "\n")
	}
	archive.file("modules/order", 0o644, []byte(order.String()))
	return archive.close()
}
