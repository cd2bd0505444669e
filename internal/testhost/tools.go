package testhost

import "os/exec"

// tools are the programs that building and running a machine takes.
var tools = []string{"mmdebstrap", "mke2fs", "xz", "qemu-system-x86_64", "ssh"}

// MissingTools names the programs that this computer lacks.
func MissingTools() []string {
	var missing []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	return missing
}
