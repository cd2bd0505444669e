package testhost

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// accelerator is QEMU's way to run the guest's code.
type accelerator string

const (
	kvm accelerator = "kvm"
	tcg accelerator = "tcg" // emulation: slow, and works everywhere
)

func (a accelerator) arguments() []string {
	if a == kvm {
		return []string{"-accel", "kvm", "-cpu", "host"}
	}
	// Newer processors' features only make the guest choose instructions that are dear to emulate.
	return []string{"-accel", "tcg,thread=multi", "-cpu", "Nehalem"}
}

// probeTimeout is how long KVM gets to boot the initramfs. Working, it takes well under a second.
const probeTimeout = 5 * time.Second

// chooseAccelerator uses KVM only where it has booted the image's kernel: the device exists in many nested machines
// where guests hang. The answer holds until the computer's next boot.
func chooseAccelerator(ctx context.Context, image Image, log io.Writer) (accelerator, error) {
	device, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return tcg, nil
	}
	device.Close()
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	bootID, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	remembered := filepath.Join(cache, "accelerator")
	unlock, err := lock(ctx, remembered+".lock", func() {})
	if err != nil {
		return "", err
	}
	defer unlock()
	if content, err := os.ReadFile(remembered); err == nil {
		if boot, answer, _ := strings.Cut(string(content), " "); boot == strings.TrimSpace(string(bootID)) {
			return accelerator(answer), nil
		}
	}
	fmt.Fprintln(log, "trying KVM with a first boot")
	answer := tcg
	if err := probe(ctx, kvm, image); err == nil {
		answer = kvm
	} else {
		fmt.Fprintf(log, "no KVM, emulating: %v\n", err)
	}
	return answer, os.WriteFile(remembered, fmt.Appendf(nil, "%s %s", strings.TrimSpace(string(bootID)), answer), 0o600)
}

// probe boots the image's kernel as far as its initramfs.
func probe(ctx context.Context, accel accelerator, image Image) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	arguments := append(accel.arguments(),
		"-machine", "q35", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "256",
		"-serial", "stdio", "-kernel", image.kernel(), "-initrd", image.initramfs(), "-append",
		"console=ttyS0 quiet testhost.probe")
	qemu, err := startProcess(arguments, nil, nil)
	if err != nil {
		return err
	}
	select {
	case <-qemu.done:
	case <-ctx.Done():
		if err := qemu.kill(); err != nil {
			return err
		}
	}
	if !strings.Contains(qemu.console.String(), "testhost: alive") {
		return fmt.Errorf("the first boot did not reach its end within %s: %s", probeTimeout, qemu.console.lines(1))
	}
	return nil
}
