package testhost

import (
	"fmt"
	"strings"
)

// managementIndex is the management NIC's place in Machine.mac.
const managementIndex = 255

// The files that QEMU inherits: first the monitor's socket, then one per NIC on a segment.
const (
	monitorFD  = 3
	firstNICFD = 4
)

// Slots on the root bus: q35 has its own devices at 0 and 31, the disk and the management NIC come first.
const firstNICSlot = 4

// qemuArguments is QEMU's command line for a machine.
func qemuArguments(m Machine, image Image, accel accelerator) []string {
	arguments := append(accel.arguments(),
		"-name", m.Name,
		"-machine", "q35", "-nodefaults", "-no-user-config", "-display", "none",
		"-m", fmt.Sprint(m.Memory), "-smp", fmt.Sprint(m.CPUs),
		"-serial", "stdio",
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", monitorFD), "-mon", "chardev=monitor,mode=control",
		"-kernel", image.kernel(), "-initrd", image.initramfs(), "-append", kernelCommandLine(m),
		// Writes go to a temporary file that lasts as long as QEMU: the image stays as it is, and resets keep the disk.
		// Nobody needs that file after a crash of this computer.
		"-drive", "if=none,id=disk,format=raw,snapshot=on,cache=unsafe,file="+strings.ReplaceAll(image.disk(), ",", ",,"),
		"-device", "virtio-blk-pci,drive=disk,addr=02.0",
		"-device", "virtio-rng-pci,addr=01.0",
	)
	if !m.userNIC() {
		arguments = append(arguments, userNetwork(managementNIC)...)
		arguments = append(arguments, "-device", nicDevice(m, managementNIC, managementIndex)+",addr=03.0")
	}
	return append(arguments, nicArguments(m)...)
}

// userNetwork is the user-mode network through which SSH arrives: QEMU picks the port, and nothing gets out.
func userNetwork(nic string) []string {
	return []string{"-netdev", "user,id=" + nic + ",ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"}
}

// nicDevice announces a speed, since bonding's 802.3ad mode takes only ports that have one into an aggregator.
func nicDevice(m Machine, name string, index byte) string {
	return fmt.Sprintf("virtio-net-pci,id=nic-%s,netdev=%s,mac=%s,romfile=,speed=10000,duplex=full", name, name,
		m.mac(index))
}

func nicArguments(m Machine) []string {
	var arguments []string
	fd, nextSlot := firstNICFD, firstNICSlot
	slots, functions := map[int]int{}, map[int]int{}
	for i, nic := range m.NICs {
		name := NICName(i)
		if nic.User {
			arguments = append(arguments, userNetwork(name)...)
		} else {
			arguments = append(arguments, "-netdev", fmt.Sprintf("dgram,id=%s,local.type=fd,local.str=%d", name, fd))
			fd++
		}
		slot, function := nextSlot, 0
		if known, found := slots[nic.Card]; found && nic.Card != 0 {
			slot, function = known, functions[nic.Card]
		} else {
			nextSlot++
		}
		slots[nic.Card], functions[nic.Card] = slot, function+1
		device := nicDevice(m, name, byte(i)) + fmt.Sprintf(",addr=%02x.%d", slot, function)
		if nic.Card != 0 && function == 0 {
			device += ",multifunction=on"
		}
		arguments = append(arguments, "-device", device)
	}
	return arguments
}

// kernelCommandLine also tells guest/init.sh the machine's name and NICs.
func kernelCommandLine(m Machine) string {
	words := []string{
		"console=ttyS0", "quiet", "panic=-1",
		"net.ifnames=0",
		// A test must not wait for what only guards production machines.
		"mitigations=off", "audit=0", "apparmor=0", "nowatchdog", "no_timer_check", "random.trust_cpu=on",
		"cryptomgr.notests",
		// Under emulation, code is translated again wherever it is mapped anew: with randomized addresses, in every process.
		"norandmaps", "init_on_alloc=0", "hardened_usercopy=off", "randomize_kstack_offset=off", "lsm=capability",
		"rcupdate.rcu_expedited=1", // namespaces come and go by the hundred, and each waits for several grace periods
		"testhost.hostname=" + m.Name,
		"testhost.machine_id=" + m.machineID(),
	}
	if !m.userNIC() {
		words = append(words, fmt.Sprintf("testhost.nic=%s,%s,%s", managementNIC, m.mac(managementIndex), userAddress))
	}
	for i, nic := range m.NICs {
		word := fmt.Sprintf("testhost.nic=%s,%s", NICName(i), m.mac(byte(i)))
		if nic.User {
			word += "," + userAddress + "," + userGateway
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
