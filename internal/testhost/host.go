package testhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Host is a running machine.
type Host struct {
	machine Machine
	image   Image
	qemu    *process
	monitor *qmp
	ports   map[string]*port // by NIC, those on segments
	ssh     *sshClient
	stop    sync.Once
	stopErr error
}

// bootTimeout bounds a boot up to the login over SSH. Emulated on a loaded computer it can take many times the usual 20
// s.
const bootTimeout = 4 * time.Minute

// bootPatience is after how long the first boot is begun anew: once in some hundred, an emulated kernel spins for ever.
const bootPatience = 100 * time.Second

// Start builds the machine's image if need be, boots it and waits until SSH works. The caller must call Stop.
func Start(ctx context.Context, m Machine) (*Host, error) {
	m = m.withDefaults()
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("testhost: machine %s: %w", m.Name, err)
	}
	image, err := m.recipe().Build(ctx, m.Log)
	if err != nil {
		return nil, err
	}
	accel, err := chooseAccelerator(ctx, image, m.Log)
	if err != nil {
		return nil, fmt.Errorf("testhost: %w", err)
	}
	start := time.Now()
	fmt.Fprintf(m.Log, "%s: booting Debian %s (%s)\n", m.Name, m.recipe(), accel)
	h := &Host{machine: m, image: image, ports: map[string]*port{}}
	if err := h.boot(ctx, accel); err != nil {
		return nil, errors.Join(fmt.Errorf("testhost: machine %s: %w", m.Name, err), h.Stop())
	}
	fmt.Fprintf(m.Log, "%s: up after %.1f s\n", m.Name, time.Since(start).Seconds())
	return h, nil
}

func (h *Host) boot(ctx context.Context, accel accelerator) error {
	if err := h.startQEMU(accel); err != nil {
		return err
	}
	port, err := h.forwardedPort()
	if err != nil {
		return err
	}
	if h.ssh, err = newSSHClient(SSH{Address: "127.0.0.1", Port: port, KeyFile: h.image.Key()}); err != nil {
		return err
	}
	return h.waitForBoot(ctx, "")
}

func (h *Host) startQEMU(accel accelerator) error {
	monitor, file, err := socketPair(syscall.SOCK_STREAM)
	if err != nil {
		return err
	}
	files := []*os.File{file}
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	for i, nic := range h.machine.NICs {
		if nic.User {
			continue
		}
		segment := nic.Segment
		if segment == nil {
			segment = NewSegment(h.machine.Name + " " + NICName(i))
		}
		port, file, err := segment.attach(h.machine.Name, NICName(i), h.machine.mac(byte(i)))
		if err != nil {
			monitor.Close()
			return err
		}
		files = append(files, file)
		h.ports[NICName(i)] = port
	}
	if h.qemu, err = startProcess(qemuArguments(h.machine, h.image, accel), files, h.machine.ConsoleLog); err != nil {
		monitor.Close()
		return err
	}
	h.monitor, err = newQMP(monitor)
	if err != nil {
		return h.withConsole(err)
	}
	return nil
}

// userForward matches a line of the monitor's "info usernet": protocol and state, descriptor, source, port,
// destination.
var userForward = regexp.MustCompile(`TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+(\S+)\s`)

// forwardedPort asks QEMU which port it took: choosing one here first would race with every other process.
func (h *Host) forwardedPort() (int, error) {
	table, err := h.monitor.human("info usernet")
	if err != nil {
		return 0, err
	}
	found := userForward.FindStringSubmatch(table)
	if found == nil {
		return 0, fmt.Errorf("qemu forwards no port: %s", table)
	}
	return strconv.Atoi(found[1])
}

// Forward makes another address of the machine's User NIC reachable, and returns the port of this computer that leads
// to SSH there: what a test needs that moves the machine's address.
func (h *Host) Forward(address string) (int, error) {
	for i, nic := range h.machine.NICs {
		if !nic.User {
			continue
		}
		said, err := h.monitor.human(fmt.Sprintf("hostfwd_add %s tcp:127.0.0.1:0-%s:22", NICName(i), address))
		if err != nil || strings.TrimSpace(said) != "" {
			return 0, fmt.Errorf("qemu does not forward to %s: %w: %s", address, err, said)
		}
		table, err := h.monitor.human("info usernet")
		if err != nil {
			return 0, err
		}
		for _, found := range userForward.FindAllStringSubmatch(table, -1) {
			if found[2] == address {
				return strconv.Atoi(found[1])
			}
		}
		return 0, fmt.Errorf("qemu forwards nothing to %s: %s", address, table)
	}
	return 0, fmt.Errorf("the machine has no User NIC")
}

// waitForBoot waits until a boot other than the given one is complete: units that still start would disturb the test.
func (h *Host) waitForBoot(ctx context.Context, previous string) error {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	start, stuck := time.Now(), time.NewTicker(bootPatience)
	defer stuck.Stop()
	for {
		boot, err := h.bootID(ctx)
		if err == nil && boot != previous {
			// Its exit status says whether all units are well, which a recipe's may not be and need not be.
			return h.ssh.run(ctx, "systemctl is-system-running --wait || true", nil, io.Discard, io.Discard)
		}
		if err == nil {
			err = errors.New("still the boot from before")
		}
		h.ssh.disconnect()
		select {
		case <-h.qemu.done:
			return h.withConsole(fmt.Errorf("qemu ended during the boot: %w", h.qemu.err))
		case <-ctx.Done():
			return h.withConsole(fmt.Errorf("no login over SSH within %.0f s (%w): %w", time.Since(start).Seconds(), ctx.Err(),
				err))
		case <-stuck.C:
			if previous != "" {
				continue // what a boot does after a crash is not done twice
			}
			fmt.Fprintf(h.machine.Log, "%s: no login after %.0f s: booting once more\n", h.Name(), time.Since(start).Seconds())
			if err := h.monitor.execute("system_reset", nil, nil); err != nil {
				return h.withConsole(err)
			}
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (h *Host) bootID(ctx context.Context) (string, error) {
	var output bytes.Buffer
	err := h.ssh.run(ctx, "cat /proc/sys/kernel/random/boot_id", nil, &output, io.Discard)
	return strings.TrimSpace(output.String()), err
}

// withConsole adds what the machine printed last.
func (h *Host) withConsole(err error) error {
	return fmt.Errorf("%w\nthe console's last lines:\n%s", err, h.Console(30))
}

// Console returns the last lines that the machine's console and QEMU have printed.
func (h *Host) Console(lines int) string { return h.qemu.console.lines(lines) }

// Name is the machine's host name.
func (h *Host) Name() string { return h.machine.Name }

// MAC is the address of the NIC number index.
func (h *Host) MAC(index int) string { return h.machine.mac(byte(index)).String() }

// SSH is how to log in.
func (h *Host) SSH() SSH { return h.ssh.login }

// Done is closed when the machine has ended, by Stop or by itself.
func (h *Host) Done() <-chan struct{} { return h.qemu.done }

// Reset restarts the machine as its reset button does, without a shutdown, and waits for the next boot. The disk keeps
// what was written to it, though not what still was in the machine's memory.
func (h *Host) Reset(ctx context.Context) error {
	return h.restart(ctx, "reset", func() error { return h.monitor.execute("system_reset", nil, nil) })
}

// Reboot shuts the machine down in an orderly way and waits for the next boot.
func (h *Host) Reboot(ctx context.Context) error {
	return h.restart(ctx, "reboot", func() error {
		err := h.ssh.run(ctx, "systemctl reboot", nil, io.Discard, io.Discard)
		var exit *ExitError
		if errors.As(err, &exit) {
			return err
		}
		return nil // the connection may end before the answer
	})
}

func (h *Host) restart(ctx context.Context, what string, begin func() error) error {
	before, err := h.bootID(ctx)
	// A machine that cannot be reached can be reset all the same; whatever answers afterwards is a new boot, or it stays
	// away.
	if err == nil || what == "reset" {
		if err = begin(); err == nil {
			h.ssh.disconnect()
			err = h.waitForBoot(ctx, before)
		}
	}
	if err != nil {
		return fmt.Errorf("testhost: %s of %s: %w", what, h.Name(), err)
	}
	return nil
}

// SetLink gives a NIC its carrier or takes it away, as plugging the cable does.
func (h *Host) SetLink(nic string, up bool) error {
	if err := h.monitor.execute("set_link", map[string]any{"name": "nic-" + nic, "up": up}, nil); err != nil {
		return fmt.Errorf("testhost: link of %s's %s: %w", h.Name(), nic, err)
	}
	return nil
}

// SetCut makes a NIC's wire lose every frame, or carry them again, while the NIC keeps its carrier: a failure behind
// the next switch.
func (h *Host) SetCut(nic string, cut bool) error {
	port, found := h.ports[nic]
	if !found {
		return fmt.Errorf("testhost: %s has no NIC %s on a segment", h.Name(), nic)
	}
	port.setCut(cut)
	return nil
}

// Stop ends the machine at once and drops its disk. It can be called again.
func (h *Host) Stop() error {
	h.stop.Do(func() {
		if h.ssh != nil {
			h.ssh.disconnect()
		}
		if h.monitor != nil {
			h.monitor.close()
		}
		if h.qemu != nil {
			h.stopErr = h.qemu.kill()
		}
		for _, port := range h.ports {
			port.close()
		}
	})
	return h.stopErr
}
