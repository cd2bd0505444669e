#!/bin/sh
# Says of each container of these names: its links, the MTU of its eth2, and its way to 10.176.0.0/12.
for name; do
	inside="nsenter --net=/proc/$(lxc-info --name "$name" --pid --no-humanize)/ns/net"
	links=$($inside ip -brief link | sed 's/[@ ].*//' | sort | tr '\n' ' ')
	mtu=$($inside ip link show eth2 2>/dev/null | sed -n 's/.* mtu \([0-9]*\) .*/\1 /p')
	echo "$name: $links$mtu$($inside ip route show 10.176.0.0/12)"
done
