# Runs tasks about containers and their bridge in any order and kills them at any moment, until $kills were: the next
# task puts back what a killed one has done, or it was done. It prints what is neither, and the counts.
mkdir -p /etc/lxc /etc/default /etc/sysctl.d /run/lxc /run/cgroup
mount -t tmpfs tmpfs /usr/local/lib
# LXC looks for a bridge in /sys, which is of the network namespace that it was mounted in.
mount --rbind /sys/fs/cgroup /run/cgroup; mount -t sysfs sysfs /sys; mount --rbind /run/cgroup /sys/fs/cgroup
ip link set lo up
host='"confirm": "off", "watch": false, "persist": true'
in_folder='"lxc_path": "'$containers'"'
by() { case $1 in container*) echo "$lxc";; *) echo "$hostnet";; esac; }
call() { printf '{"_ansible_module_name": "%s", %s}' "$1" "$2"; }
task() { call "$1" "$2" | $(by "$1") module; }
number() { echo $((RANDOM % 9 + $1)); }

# change sets $module and $arguments to the change of a number.
change() {
  case $1 in
    0) module=container_network arguments='"container": "runs", '$in_folder', "interfaces": [{"name": "eth1", "bridge": "br-tx", "addresses": ["10.77.0.'$(number 2)'/24"], "mtu": 14'$(number 0)'0}]' ;;
    1) module=container_network arguments='"container": "runs", '$in_folder', "interfaces": [{"name": "eth1", "bridge": "br-tx", "addresses": ["10.77.0.'$(number 2)'/24"]},
         {"name": "eth2", "bridge": "br-tx", "addresses": ["10.78.0.2/24"], "routes": [{"to": "10.79.0.0/16", "via": "10.78.0.1"}]}]' ;;
    2) module=container_interface arguments='"container": "runs", '$in_folder', "name": "eth'$((RANDOM % 3 + 1))'", "bridge": "br-tx", "addresses": ["10.8'$(number 0)'.0.2/24"]' ;;
    3) module=container_interface arguments='"container": "runs", '$in_folder', "name": "eth'$((RANDOM % 3 + 1))'", "state": "absent"' ;;
    4) module=container arguments='"name": "stands", '$in_folder', "config": ["lxc.start.order = '$(number 0)'"], "wait_for": "none", "state": "'$([ $((RANDOM % 2)) = 0 ] && echo started || echo stopped)'"' ;;
    5) module=container_network arguments='"container": "stands", '$in_folder', "interfaces": [{"name": "eth0", "bridge": "br-tx", "addresses": ["10.77.0.'$(number 20)'/24"]}]' ;;
    6) module=lxc_host arguments='"packages": [], "bridge": "br'$(number 0)'"' ;;
    7) module=lxc_host arguments='"state": "absent"' ;;
    8) module=lxc_bridge arguments="$host"', "verify": false, "replace": true, "domain": "d'$(number 0)'.example", "upstream_servers": ["192.0.2.'$(number 1)'"], "port_forwards": [{"port": '$(number 8000)', "to": "10.0.3.77", "to_port": 80}]' ;;
    9) module=lxc_bridge arguments="$host"', "state": "absent"' ;;
  esac
}

# A bridge whose last port has gone says NO-CARRIER, and one that never had any does not: carrier is no one's to put back.
tidy() { sed 's/^[0-9]*: //; s/@[^:]*:/:/; s/,M-DOWN//; s/NO-CARRIER,//; s/,LOWER_UP//; s/ brd [^ ]*//; s/ proto static//; s/link-netnsid.*//; s/ state .*//; s/ *$//'; }

# state is all that a killed task may have changed, dot-files and folders among it.
state() {
  for name in runs stands; do
    echo "== $name $(lxc-info -P "$containers" -n $name -sH)"
    cat "$containers/$name/config"
    pid=$(lxc-info -P "$containers" -n $name -pH)
    [ "$pid" -gt 0 ] 2>/dev/null || continue
    for what in "-o -4 address" "-o link" route; do nsenter -t "$pid" -n ip $what | tidy | grep -v ' lo' | sort; done
  done
  (cd "$containers" && find . -path '*/rootfs/*' -prune -o -print | grep -v '\.log$\|/lxc.*lock\|partial' | sort)
  find /etc/hostnet /etc/lxc /etc/default /etc/sysctl.d /var/lib/hostnet | grep -v 'generations\|lock$\|previous\|undone\|leases' | sort
  find /etc/hostnet /etc/lxc /etc/default /etc/sysctl.d -type f -exec sha256sum {} + | sort -k 2
  nft -s list ruleset; cat /proc/sys/net/ipv4/ip_forward
  ip -o link show type bridge | tidy; ip -o -4 address | grep -v ' lo ' | tidy | sed 's/ scope .*//' | sort
  for pid in $(pgrep -x dnsmasq); do
    [ "$(readlink /proc/"$pid"/ns/net)" = "$(readlink /proc/self/ns/net)" ] && tr '\0' ' ' </proc/"$pid"/cmdline && echo
  done | sort
}

# wrong tells of a run that left the host neither as it was nor as declared.
wrong() { echo "WRONG: $1: $(cat /run/in)"; cut -c1-900 "$2"; diff /run/before /run/after; }

set +e
lxc-start -P "$containers" -n runs
task bridge "$host, \"name\": \"br-tx\", \"addresses\": [\"10.77.0.1/24\"]" >/dev/null
runs=0 killed=0 undone=0 RANDOM=$seed
# The first task about a container puts the program there that LXC calls.
task container '"name": "runs", '"$in_folder"', "state": "started", "wait_for": "none"' >/dev/null
state >/run/before
while [ $killed -lt "$kills" ]; do
  runs=$((runs + 1)); change $((RANDOM % 10)); call $module "$arguments" >/run/in
  after=0.$(printf %03d $((RANDOM % 300 + 20))); [ $((RANDOM % 4)) = 0 ] && after=60
  $(by $module) module </run/in >/run/out 2>&1 & task=$!
  { sleep $after; kill -9 $task; } >/dev/null 2>&1 & killer=$!
  wait $task; ended=$?
  kill $killer; wait $killer
  if [ $ended = 137 ]; then
    killed=$((killed + 1))
    task container '"name": "runs", '"$in_folder"', "state": "started", "wait_for": "none"' >/run/next 2>&1
    state >/run/after
    if cmp -s /run/before /run/after; then undone=$((undone + 1)); else
      sed 's/^{/{"_ansible_check_mode": true, /' /run/in | $(by $module) module >/run/check 2>&1
      grep -q '"changed":false' /run/check || wrong "killed after $after" /run/next
    fi
  else
    state >/run/after
    grep -q '"changed":' /run/out || wrong "ended by $ended" /run/out
    ! grep -q '"failed":true' /run/out || cmp -s /run/before /run/after || wrong "failed" /run/out
  fi
  cp /run/after /run/before
done 2>/dev/null
echo "$runs runs: $killed killed, $undone of them as before"
for name in runs stands; do lxc-stop -k -P "$containers" -n $name; done 2>/dev/null
task lxc_bridge "$host, \"state\": \"absent\"" >/dev/null
