#!/bin/sh
# Counts: Ansible starts ssh once a round trip. Checks and ends of the shared connection are none.
for argument; do
	[ "$argument" != -O ] || exec /usr/bin/ssh "$@"
done
echo ssh >>"$SSH_LOG"
exec /usr/bin/ssh "$@"
