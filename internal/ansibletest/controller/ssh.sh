#!/bin/sh
# Counts: Ansible starts ssh once a round trip. Checks and ends of the shared connection are none.
case " $* " in
*" -O "*) ;;
*) echo "$*" | tr '\n' ' ' >>"$SSH_LOG"; echo >>"$SSH_LOG" ;;
esac
exec /usr/bin/ssh "$@"
