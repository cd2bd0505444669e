package testhost

import "os/exec"

// tools are the programs that building and running a machine takes, and the Debian packages that bring them.
var tools = []struct{ program, debianPackage string }{
	{"mmdebstrap", "mmdebstrap"},
	{"mke2fs", "e2fsprogs"},
	{"xz", "xz-utils"},
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"ssh", "openssh-client"},
}

// MissingTools names the programs that this computer lacks.
func MissingTools() []string {
	var missing []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool.program); err != nil {
			missing = append(missing, tool.program)
		}
	}
	return missing
}

// ToolPackages names the Debian packages that bring every program, and the keys of every release that is built.
func ToolPackages() []string {
	packages := []string{"debian-archive-keyring"}
	for _, tool := range tools {
		packages = append(packages, tool.debianPackage)
	}
	return packages
}
