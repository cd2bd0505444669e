#!/bin/busybox sh
# The first program of a test machine: loads the disk's and the NICs' drivers, gives every NIC the name that the test
# asked for and SSH its address, and hands over to Debian's init. Done here and not by a service, so that nothing inside
# Debian manages the network: the machine is as empty as a freshly racked one.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys

fail() {
	echo "testhost: init: $*"
	poweroff -f
}

while read -r module; do
	insmod "/modules/$module" || fail "module $module does not load"
done </modules/order

read -r cmdline </proc/cmdline
hostname=testhost
machine_id=
for word in $cmdline; do
	case $word in
	testhost.probe)
		echo "testhost: alive"
		poweroff -f
		;;
	testhost.hostname=*) hostname=${word#*=} ;;
	testhost.machine_id=*) machine_id=${word#*=} ;;
	esac
done

# Aside first: the kernel's own eth0 may be the test's eth1.
for device in /sys/class/net/*; do
	device=${device##*/}
	case $device in eth*) ip link set dev "$device" name "kernel-$device" || fail "cannot rename $device" ;; esac
done

# testhost.nic=NAME,MAC[,ADDRESS[,GATEWAY]]
for word in $cmdline; do
	case $word in testhost.nic=*) ;; *) continue ;; esac
	IFS=, read -r name mac address gateway <<-END
		${word#*=}
	END
	found=
	for device in /sys/class/net/kernel-*; do
		read -r device_mac <"$device/address"
		[ "$device_mac" = "$mac" ] && found=${device##*/}
	done
	[ "$found" ] || fail "no NIC has the MAC $mac of $name"
	ip link set dev "$found" name "$name" || fail "cannot name $mac $name"
	[ "$address" ] || continue
	ip link set dev "$name" up
	ip addr add "$address" dev "$name" || fail "cannot give $name $address"
	[ -z "$gateway" ] || ip route add default via "$gateway" dev "$name" || fail "no route via $gateway"
done

mount -t ext4 -o rw,noatime,noinit_itable /dev/vda /root || fail "cannot mount the disk"
# systemd makes the MAC of a bond or bridge of the machine's ID and its name: equal IDs would collide on a segment.
echo "$machine_id" >/root/etc/machine-id
echo "$hostname" >/root/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost\n' "$hostname" >/root/etc/hosts
umount /sys /proc
mount -o move /dev /root/dev
exec switch_root -c /dev/console /root /sbin/init
fail "cannot start /sbin/init"
