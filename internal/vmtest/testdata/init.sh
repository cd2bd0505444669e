# Runs the scripts for hosts without systemd, as their init would, in namespaces of its own: $1 is the script for init
# scripts, $2 the one for OpenRC.
mkdir -p /etc/hostnet
for folder in /run /var/lib /etc/hostnet /etc/init.d; do
	mount -t tmpfs tmpfs $folder
done
mkdir -p /etc/hostnet/bridges /run/openrc/exclusive /run/openrc/starting /run/openrc/started /run/openrc/stopping
printf 'bridges:\n  - name: br-a\n    addresses: [10.1.1.1/24]\n' >/etc/hostnet/bridges/br-a.yml
echo boot >/run/openrc/softlevel
for script in "$1" "$2"; do
	echo "--- $script"
	install -m 755 "$script" /etc/init.d/hostnet
	for command in status start status stop restart nonsense; do
		/etc/init.d/hostnet $command
		echo "$command: $?"
		ip -4 -brief address show br-a
	done
	ip link delete br-a
done
