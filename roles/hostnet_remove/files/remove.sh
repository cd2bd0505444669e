#!/bin/sh
# Removes what the collection has put on this host, and leaves the network as it is. Each line of the output is a path that
# was removed or changed. Arguments: yes or no for containers that need our hooks; a folder to work in instead of /.
set -eu
with_containers=$1 root=${2:-} lxc=${3:-/var/lib/lxc}

removed() { echo "removed $1"; }
delete() {
	for path; do
		[ -e "$path" ] || [ -L "$path" ] || continue
		rm -rf "$path"
		removed "${path#"$root"}"
	done
}
# change EXPRESSION FILE: the file as the expression of sed makes it, if that differs.
change() {
	sed "$1" "$2" >"$2.hostnet-new"
	if cmp -s "$2" "$2.hostnet-new"; then
		rm "$2.hostnet-new"
		return
	fi
	# The file keeps its owner and its mode.
	cat "$2.hostnet-new" >"$2"
	rm "$2.hostnet-new"
	removed "what is ours in ${2#"$root"}"
}
systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

if [ -e "$root/var/lib/hostnet/journal.json" ]; then
	echo "a change waits for its confirmation, or was left half-way: run \`hostnet confirm\` or \`hostnet recover\` first" >&2
	exit 1
fi
hooked=$(grep -ls "/usr/local/lib/hostnet/" "$root$lxc"/*/config 2>/dev/null || true)
if [ -n "$hooked" ] && [ "$with_containers" != yes ]; then
	echo "these containers would not start any more without our hooks: $(echo $hooked). Set hostnet_remove_containers to true" \
		"to take the hooks out of their configurations: addresses by our DHCP client, routes and rate limits then end with their next start" >&2
	exit 1
fi
for config in $hooked; do
	change '/^lxc\.hook\.[a-z-]* *= *\/usr\/local\/lib\/hostnet\//d; /^# hostnet\.linux: /d' "$config"
	delete "${config%/config}/hostnet.json"
done

# The watcher would put back what goes now. The rest is disabled, never stopped: stopping would end DHCP and DNS of containers
# that run.
if systemd; then
	systemctl disable --quiet --now hostnet-watch.service 2>/dev/null || true
elif [ -z "$root" ] && [ -s /run/hostnet/watch.pid ]; then
	watcher=$(cat /run/hostnet/watch.pid)
	[ "$(cat "/proc/$watcher/comm" 2>/dev/null)" != hostnet ] || kill "$watcher" 2>/dev/null || true
fi
if systemd; then
	for unit in hostnet.service $(cd /etc/systemd/system && ls -d multi-user.target.wants/hostnet-dnsmasq@*.service 2>/dev/null | sed 's#.*/##'); do
		systemctl disable --quiet "$unit" 2>/dev/null || true
	done
fi
for script in "$root/etc/init.d/hostnet"; do
	[ ! -e "$script" ] || {
		delete "$script"
		[ -n "$root" ] || update-rc.d hostnet remove 2>/dev/null || rc-update del hostnet 2>/dev/null || true
	}
done

# What served a bridge before a takeover has it again from the next boot on. The files in /var/lib/hostnet/dnsmasq say what
# that was: one line of JSON each, with the content of files in base64.
defaults=$root/etc/default/lxc-net
for memory in "$root"/var/lib/hostnet/dnsmasq/*.json; do
	[ -f "$memory" ] || continue
	if [ -f "$defaults" ] && grep -q '"path":"/etc/default/lxc-net"' "$memory"; then
		before=$(sed -n 's#.*"path":"/etc/default/lxc-net","present":true,"content":"\([^"]*\)".*#\1#p' "$memory" | base64 -d |
			grep -E '^[[:blank:]]*(export[[:blank:]]+)?USE_LXC_BRIDGE=' | tail -n 1 | sed 's/[&\\|]/\\&/g' || true)
		if [ -n "$before" ]; then
			change "s|^USE_LXC_BRIDGE=\"false\"\$|$before|" "$defaults"
		else
			change '/^USE_LXC_BRIDGE="false"$/d' "$defaults"
		fi
		if [ ! -s "$defaults" ] && grep -q '"path":"/etc/default/lxc-net","present":false' "$memory"; then
			delete "$defaults"
		fi
	fi
	for unit in lxc-net.service lxc-dnsmasq.service; do
		if systemd && grep -q "\"name\":\"$unit\",\"known\":true,\"enabled\":true" "$memory"; then
			systemctl enable --quiet "$unit" 2>/dev/null || true
		fi
	done
done

# Bridges that were made trusted are so until firewalld starts anew.
if [ -z "$root" ] && [ -s /var/lib/hostnet/firewalld.json ] && command -v firewall-cmd >/dev/null; then
	sed 's/},/}\n/g' /var/lib/hostnet/firewalld.json | sed -n 's/.*"\([^"]*\)":{"now":"[^"]*","permanent":"\([^"]*\)".*/\1 \2/p' |
		while read -r link zone; do
			if [ -n "$zone" ]; then
				firewall-cmd --quiet --permanent --zone="$zone" --change-interface="$link" || true
			else
				firewall-cmd --quiet --permanent --zone=trusted --remove-interface="$link" || true
			fi
		done
fi

# Links that other programs set up before are theirs again from the next boot on.
for file in "$root/etc/network/interfaces" "$root"/etc/network/interfaces.d/*; do
	[ ! -f "$file" ] || change '/^#hostnet: the next line is what is left of the one above$/,+1d; s/^#hostnet([^)]*)# \{0,1\}//' "$file"
done
delete "$root"/etc/systemd/network/0-hostnet* "$root/etc/systemd/networkd.conf.d/hostnet.conf" "$root"/etc/NetworkManager/conf.d/zz-hostnet-*.conf
for file in "$root"/etc/dnsmasq.d/*.conf; do
	[ ! -f "$file" ] || ! grep -q "^# Written by the Ansible collection hostnet.linux" "$file" || delete "$file"
done

delete "$root/etc/systemd/system/hostnet.service" "$root"/etc/systemd/system/hostnet-dnsmasq* "$root/etc/systemd/system/hostnet-watch.service" \
	"$root"/etc/systemd/system/multi-user.target.wants/hostnet* "$root/var/lib/node_exporter/textfile/hostnet.prom" "$root/etc/sysctl.d/99-zz-hostnet.conf" \
	"$root/etc/hostnet" "$root/var/lib/hostnet" "$root/usr/local/lib/hostnet" "$root/usr/local/sbin/hostnet" "$root/usr/local/bin/hostnet" \
	"$root/usr/local/share/man/man8/hostnet.8" "$root/usr/local/share/bash-completion/completions/hostnet" \
	"$root/usr/local/share/zsh/site-functions/_hostnet" "$root/usr/local/share/fish/vendor_completions.d/hostnet.fish" \
	"$root"/root/.cache/hostnet "$root"/home/*/.cache/hostnet "$root"/var/tmp/hostnet-[0-9]* "$root"/tmp/hostnet-[0-9]* "$root/var/cache/hostnet"
# Open leases of DHCP clients that run for containers are in /run, which the next boot empties.
if [ -z "$root" ] && ! grep -qsx -e hostnet -e hostnet-lxc /proc/[0-9]*/comm; then
	delete /run/hostnet
fi
if systemd; then
	systemctl daemon-reload
fi
