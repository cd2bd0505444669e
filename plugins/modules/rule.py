#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: rule
short_description: Sets one routing policy rule
version_added: 1.0.0
description:
  - Sets or removes one routing policy rule. A rule is known by its priority and by what it matches; others stay.
author:
  - The hostnet.linux authors (@hostnet)
options:
  priority:
    description:
      - 'The place of the rule: those with lower numbers are consulted first. Left out, a rule that matches the same is taken whatever its priority,
          and a new one gets the number before the lowest that is in use, not counting 0. From 0 to 4294967295.'
    type: int
  family:
    description:
      - The family of the rule. Required unless O(from) or O(to) tells it.
    type: str
    choices:
      - inet
      - inet6
  invert:
    description:
      - Whether the rule is for what does not match (C(not) in C(ip rule)).
    type: bool
    default: false
  from:
    description:
      - The network or address that packets come from. Left out or V(all), any.
    type: str
  to:
    description:
      - The network or address that packets go to. Left out or V(all), any.
    type: str
  iif:
    description:
      - The link that packets come in on; V(lo) is for packets of this host. It need not exist.
    type: str
  oif:
    description:
      - The link that packets of sockets bound to it go out on. It need not exist.
    type: str
  fwmark:
    description:
      - The packet's mark. From 0 to 4294967295.
    type: int
  fwmask:
    description:
      - The bits of the packet's mark that count. Left out, all do. From 1 to 4294967295.
    type: int
  tos:
    description:
      - The packet's type of service; 0 is any. From 0 to 255.
    type: int
  ipproto:
    description:
      - The packet's protocol; 0 is any. One of V(ah), V(dccp), V(esp), V(gre), V(icmp), V(ipv6-icmp), V(sctp), V(tcp), V(udp), or a number to 255.
    type: str
  sport:
    description:
      - The source port or range of ports, such as 8000-8080. From 1 to 65534.
    type: str
  dport:
    description:
      - The destination port or range of ports. From 1 to 65534.
    type: str
  uidrange:
    description:
      - The number of the user that sends, or a range such as 1000-1999. From 0 to 4294967294.
    type: str
  l3mdev:
    description:
      - Whether the table is that of the VRF which the packet's link belongs to.
    type: bool
    default: false
  action:
    description:
      - What is done with packets that match. Left out, it is V(goto) with O(goto), and else V(lookup).
    type: str
    choices:
      - lookup
      - goto
      - nop
      - blackhole
      - unreachable
      - prohibit
  table:
    description:
      - The routing table to look into. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
          4294967295.
    type: str
  suppress_prefixlength:
    description:
      - Routes whose prefix is at most that long do not count, such as 0 for all but the default route; -1 is none. From -1 to 128.
    type: int
  goto:
    description:
      - The priority of the rule to go on with, which must be a later one. From 1 to 4294967295.
    type: int
  state:
    description:
      - Whether the rule is to be there. V(absent) removes the rule that matches the same and, of what else is given, is the same.
    type: str
    default: present
    choices:
      - present
      - absent
  netns:
    description:
      - 'The network namespace to work in: a name under /run/netns, a path, or the number of a process in it. Left out, the host''s.'
    type: str
  confirm:
    description:
      - The change undoes itself unless the controller reaches the host again, over a new connection, and confirms it. A mode alone may be given
          instead.
    type: raw
    suboptions:
      mode:
        description:
          - Whether a change waits for the controller to reach the host again. V(auto) does so for changes to a link, an address or a route on the
              path of the SSH connection that the task came over.
        type: str
        default: auto
        choices:
          - auto
          - "on"
          - "off"
      timeout:
        description:
          - After how many seconds without a confirmation the change undoes itself. From 5 to 3600.
        type: int
        default: 60
      host:
        description:
          - The address or name at which the controller finds the host after the change, for a change of the management address itself. Left out,
              where it found it before. Tasks that follow need it as C(ansible_host).
        type: str
      port:
        description:
          - The port of SSH there. Left out, the one from before. From 1 to 65535.
        type: int
  probes:
    description:
      - Checks from the host that must pass after the change, or it is undone. Those that did not pass before are not held against it.
    type: dict
    suboptions:
      gateway:
        description:
          - Ping the gateway of each default route, IPv4 and IPv6.
        type: bool
      controller:
        description:
          - Ping the address that the SSH connection came from.
        type: bool
      tcp:
        description:
          - 'Open TCP connections to these, each an address and a port: C(192.0.2.1:443), C([2001:db8::1]:443).'
        type: list
        elements: str
      dns:
        description:
          - Resolve these names.
        type: list
        elements: dict
        suboptions:
          server:
            description:
              - The address of the DNS server.
            type: str
            required: true
          name:
            description:
              - The name to resolve.
            type: str
            required: true
      force:
        description:
          - Hold a check against the change even if it did not pass before.
        type: bool
        default: false
  persist:
    description:
      - Whether to keep what is declared in /etc/hostnet, and to apply it at boot. With V(networkd), systemd-networkd does that, from files in
          /etc/systemd/network that say the same, for all that is kept on this host; what it has no setting for is an error. Left out, what is kept
          already decides. Namespaces other than the host's are not kept.
    type: str
    default: "true"
    choices:
      - "true"
      - "false"
      - networkd
  manager:
    description:
      - What to do when systemd-networkd, NetworkManager, ifupdown or netplan sets up one of the links as well. V(takeover) takes the links, and
          their ports, out of its hands, until they are declared absent; V(release) gives them back.
    type: str
    default: warn
    choices:
      - warn
      - takeover
      - release
  replace:
    description:
      - Whether the task's objects are declared exactly so, and what earlier tasks declared of them is forgotten. Otherwise an option that is left
          out stays as it was declared before, and an option that is null is not managed any more.
    type: bool
    default: false
  watch:
    description:
      - 'Whether hostnet-watch.service puts back on this host what is declared and was taken away: V(repair) rules, such as after a restart of
          nftables or Docker, and what waited for a link that was missing; V(enforce) everything; V(false) nothing. Left out, it stays as it is on
          this host, or is V(repair) where something declared needs it.'
    type: str
    choices:
      - repair
      - enforce
      - "false"
  return:
    description:
      - 'What is returned of the links that the task declares, as they are afterwards: the options that the task gives (V(declared)), these of links
          that have changed alone (V(changed)), or every option there is (V(full)).'
    type: str
    default: declared
    choices:
      - declared
      - changed
      - full
attributes:
  check_mode:
    description: Shows exactly the steps that a run then performs.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: full
  platform:
    description: Linux 6.1 or newer on amd64 or arm64.
    support: full
    platforms: Linux
notes:
  - 'The target needs neither Python nor C(ip) nor C(nft): the module is a static binary.'
seealso:
  - module: hostnet.linux.network
  - module: hostnet.linux.route
"""

EXAMPLES = r"""
- name: Answers from the storage network leave by it
  hostnet.linux.rule:
    priority: 1000
    from: 172.29.244.0/22
    table: 244

- name: Marked packets have a table of their own
  hostnet.linux.rule:
    family: inet6
    priority: 1001
    fwmark: 7
    table: 245

- name: No rule for marked packets
  hostnet.linux.rule:
    family: inet6
    priority: 1001
    fwmark: 7
    state: absent
"""

RETURN = r"""
actions:
  description:
    - The steps in the order in which they run. In check mode, and after a failure, those that would have run.
  returned: when the plan could be made, also if it then failed
  type: list
  elements: dict
  sample:
    - action: change
      changes:
        - new: 50
          old: 100
          option: miimon
      disruption: none
      object: bond bond0
  contains:
    action:
      description:
        - What is done.
      returned: always
      type: str
      sample: change
    object:
      description:
        - The object that it is done to.
      returned: always
      type: str
      sample: bond bond0
    changes:
      description:
        - The options that change.
      returned: when options change
      type: list
      elements: dict
      sample:
        - new: 50
          old: 100
          option: miimon
      contains:
        option:
          description:
            - The option.
          returned: always
          type: str
          sample: miimon
        old:
          description:
            - Its value before; null if it has none.
          returned: always
          type: raw
          sample: 100
        new:
          description:
            - Its value afterwards; null if it has none.
          returned: always
          type: raw
          sample: 50
    disruption:
      description:
        - 'What the step costs the traffic: V(none), V(port flap), V(connections lost), V(link down) or V(recreate). V(connections lost) is what an
            address or a route that goes costs: what runs over it ends.'
      returned: always
      type: str
      sample: none
    cause:
      description:
        - Why it happens. Such steps show what the kernel does by itself along with others, and what is put back after it.
      returned: when nobody has declared it
      type: str
      sample: mtu 1200 of eth0 is below 1280, the least of IPv6
confirm:
  description:
    - How the confirmation over a new connection went.
  returned: when the change had to be confirmed, also if it was rolled back
  type: dict
  sample:
    attempts: 1
    reason: eth0 carries this SSH session
    seconds: 2.1
    verdict: confirmed
  contains:
    verdict:
      description:
        - V(not asked) in check mode; V(confirmed); V(too late), V(failed) or V(unreachable), after which the host undoes the change; or V(unknown),
            when the host has forgotten the change.
      returned: always
      type: str
      sample: confirmed
    seconds:
      description:
        - How long the controller waited, in seconds.
      returned: always
      type: float
      sample: 2.1
    attempts:
      description:
        - How many connections were tried.
      returned: unless the host was unreachable
      type: int
      sample: 1
    reason:
      description:
        - Why a confirmation was asked for.
      returned: unless the host was unreachable
      type: str
      sample: eth0 carries this SSH session
    host:
      description:
        - Where the controller looks for the host after the change.
      returned: when it is given
      type: str
      sample: 192.0.2.99
    port:
      description:
        - The port of SSH there.
      returned: when it is given
      type: int
      sample: 22
    timeout:
      description:
        - After how many seconds the host would undo the change.
      returned: in check mode
      type: int
      sample: 60
    rollback:
      description:
        - What the host would then put back.
      returned: in check mode
      type: list
      elements: str
      sample:
        - 'bond bond0: miimon: 100 again, not 50'
msg:
  description:
    - What went wrong, with which object and option, and what to do about it.
  returned: on failure
  type: str
  sample: 'bonds[0].mode: must be one of balance-rr, active-backup, …, not "802.3": did you mean "802.3ad"?'
problems:
  description:
    - Every problem with the arguments. Nothing was touched.
  returned: on failure, when the arguments are wrong
  type: list
  elements: dict
  sample:
    - message: is the port of two links
      path: bonds[0].ports[1]
  contains:
    path:
      description:
        - The way to the option.
      returned: always
      type: str
      sample: bonds[0].ports[1]
    message:
      description:
        - What is wrong with it.
      returned: always
      type: str
      sample: is the port of two links
"""
