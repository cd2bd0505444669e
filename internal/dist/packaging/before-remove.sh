#!/bin/sh
# The network stays as it is. An upgrade keeps the service; a removal would leave a link to a unit that is gone.
set -e
case $1 in
remove | 0)
	rm -f /etc/systemd/system/*.wants/hostnet.service
	;;
esac
