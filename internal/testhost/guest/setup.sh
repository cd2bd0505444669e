#!/bin/sh
# Runs once inside the new root file system, before it becomes an image. $1: the public key that may log in.
set -eu
export DEBIAN_FRONTEND=noninteractive

# Debian has a group of that name, for backups.
useradd --create-home --shell /bin/bash --gid operator operator
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator
chmod 440 /etc/sudoers.d/operator
for home in /root /home/operator; do
	install -d -m 700 "$home/.ssh"
	echo "$1" >"$home/.ssh/authorized_keys"
	chmod 600 "$home/.ssh/authorized_keys"
done
chown -R operator:operator /home/operator/.ssh

# Without these a connection waits for a name server that the machine does not have, or for a slow login.
cat >/etc/ssh/sshd_config.d/testhost.conf <<END
UseDNS no
PrintMotd no
PrintLastLog no
PasswordAuthentication no
END

cat >/etc/network/interfaces <<END
auto lo
iface lo inet loopback
END
: >/etc/resolv.conf
echo '/dev/vda / ext4 rw,noatime,noinit_itable 0 0' >/etc/fstab

# Nothing on a test machine needs these, and each costs time under emulation.
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
	fstrim.timer logrotate.timer man-db.timer systemd-networkd.service systemd-timesyncd.service systemd-journal-flush.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service getty@tty1.service serial-getty@ttyS0.service \
	systemd-random-seed.service systemd-pstore.service

# The tests start it themselves where they are about it: it would claim lxcbr0.
systemctl --quiet disable lxc-net.service lxc.service

# The management NIC belongs to the test, whichever network manager a recipe adds.
mkdir -p /etc/NetworkManager/conf.d
printf '[keyfile]\nunmanaged-devices=interface-name:mgmt0\n' >/etc/NetworkManager/conf.d/testhost.conf

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
