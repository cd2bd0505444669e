#!/bin/sh
# Pings, all at the same time. Each argument is a container, or "host" for the host itself, a colon, and the addresses that it is to
# reach, with commas. Says whom nobody has answered, and how many have.
for one; do
	name=${one%%:*} addresses=$(echo "${one#*:}" | tr , ' ')
	process=self
	test "$name" = host || process=$(lxc-info --name "$name" --pid --no-humanize)
	# A ping to an address that nobody has yet asked for waits for its neighbour.
	nsenter --net="/proc/$process/ns/net" busybox sh -c '
		answers=0
		for address in $2; do
			if busybox ping -q -c 1 -W 5 "$address" >/dev/null; then answers=$((answers + 1)); else echo "$1: no answer from $address"; fi
		done
		echo "$1: $answers answers"' sh "$name" "$addresses" &
done
wait
