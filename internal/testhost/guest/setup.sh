#!/bin/sh
# Runs once inside the new root file system, before it becomes an image. $1: the public key that may log in.
set -eu

# Debian has a group of that name, for backups. "*" is a password that nothing matches, on an account that is not locked.
useradd --create-home --shell /bin/bash --gid operator --password '*' operator
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator
chmod 440 /etc/sudoers.d/operator
for home in /root /home/operator; do
	install -d -m 700 "$home/.ssh"
	echo "$1" >"$home/.ssh/authorized_keys"
	chmod 600 "$home/.ssh/authorized_keys"
done
chown -R operator:operator /home/operator/.ssh

# A login under emulation costs 2 s with Debian's settings and 1 s with these.
cat >/etc/ssh/sshd_config.d/testhost.conf <<END
UseDNS no
UsePAM no
PasswordAuthentication no
HostKey /etc/ssh/ssh_host_ed25519_key
END
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\n' >/etc/systemd/system/ssh.service.d/testhost.conf

# The initramfs has mounted the root file system for good, and has given the management NIC its address.
: >/etc/fstab
# systemd-resolved has made it a link to its own file, whose folder comes with the boot.
[ -h /etc/resolv.conf ] || : >/etc/resolv.conf
printf 'auto lo\niface lo inet loopback\n' >/etc/network/interfaces

# A container that a test has started from its session outlives its service; its init takes SIGTERM for something else,
# and a shutdown would wait 90 s for it (systemd-system.conf(5), DefaultTimeoutStopSec).
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStopSec=10s\n' >/etc/systemd/system.conf.d/testhost.conf

# Below: what a test machine can do without and what costs time under emulation. A recipe's own packages are enabled as
# Debian does; a test that is about one of the units below unmasks or starts it.

# Would wait for udev, bring up lo a second time, and claim lxcbr0.
systemctl --quiet disable networking.service lxc.service lxc-monitord.service lxc-net.service
# Stays on offer through its socket.
rm -f /usr/lib/systemd/system/multi-user.target.wants/dbus.service
mask() {
	for unit; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
}
# Upkeep of a machine that lives for years.
mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	logrotate.timer man-db.timer systemd-tmpfiles-clean.timer systemd-pstore.service systemd-random-seed.service \
	systemd-journal-flush.service systemd-journal-catalog-update.service systemd-sysusers.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-machine-id-commit.service systemd-update-done.service
# Consoles, seats and passwords asked for at boot.
mask getty@tty1.service serial-getty@ttyS0.service getty-static.service systemd-logind.service \
	systemd-ask-password-console.path systemd-ask-password-wall.path
# Mounts and modules that nobody here looks at; the kernel loads the modules when asked.
mask dev-hugepages.mount dev-mqueue.mount run-lock.mount sys-fs-fuse-connections.mount sys-kernel-config.mount \
	sys-kernel-debug.mount sys-kernel-tracing.mount tmp.mount systemd-remount-fs.service systemd-binfmt.service \
	proc-sys-fs-binfmt_misc.automount modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service \
	modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service
# Each generator is a program that every boot and every daemon-reload runs.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
	case $generator in
	*/systemd-sysv-generator | */systemd-fstab-generator) ;;
	*) ln -s /dev/null "/etc/systemd/system-generators/${generator##*/}" ;;
	esac
done
# Drivers that udev would load for the emulated processor and chipset.
for module in acpi_cpufreq aesni_intel ahci button crc32_pclmul crc32c_intel crct10dif_pclmul evdev ghash_clmulni_intel \
	i2c_i801 iTCO_wdt joydev kvm_amd kvm_intel lpc_ich mousedev pcspkr polyval_clmulni powernow_k8 psmouse qemu_fw_cfg \
	serio_raw sha1_ssse3 sha256_ssse3 sha512_ssse3; do
	echo "blacklist $module"
done >/etc/modprobe.d/testhost.conf

# The management NIC belongs to the test, whichever network manager a recipe adds.
mkdir -p /etc/NetworkManager/conf.d
printf '[keyfile]\nunmanaged-devices=interface-name:mgmt0\n' >/etc/NetworkManager/conf.d/testhost.conf

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
# Newer than /usr, so that no boot takes itself for the first after an update (systemd.unit(5), ConditionNeedsUpdate).
touch /etc/.updated /var/.updated
