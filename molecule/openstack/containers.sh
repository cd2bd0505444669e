#!/bin/sh
# Makes and starts the containers of these names that do not run yet: busybox, and no network.
set -e
image=/srv/busybox
if ! test -d $image; then
	mkdir -p $image.new
	cd $image.new
	mkdir bin dev etc proc run sys tmp
	cp /bin/busybox bin
	for program in ip ping sh sleep; do ln -s busybox bin/$program; done
	mv $image.new $image
fi
for name; do
	folder=/var/lib/lxc/$name
	test "$(lxc-info --name "$name" --state --no-humanize 2>/dev/null)" != RUNNING || continue
	mkdir -p "$folder"
	test -d "$folder/rootfs" || cp -al $image "$folder/rootfs"
	test -f "$folder/config" || cat >"$folder/config" <<-CONFIG
		lxc.rootfs.path = dir:$folder/rootfs
		lxc.uts.name = $name
		lxc.mount.auto = proc:mixed sys:mixed
		lxc.init.cmd = /bin/sleep 1000000
		lxc.net.0.type = empty
	CONFIG
	lxc-start --name "$name"
	echo "$name started"
done
