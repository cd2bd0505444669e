#!/bin/sh
# The network stays as it is. An upgrade keeps the service; a removal would leave a link to a unit that is gone.
set -e
case $1 in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable hostnet.service >/dev/null 2>&1 || true
	else
		rm -f /etc/systemd/system/multi-user.target.wants/hostnet.service
	fi
	;;
esac
