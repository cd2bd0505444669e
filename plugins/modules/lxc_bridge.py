#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: lxc_bridge
short_description: Gives containers DHCP, DNS and the outside world
version_added: 1.0.0
description:
  - Makes a bridge for containers with an address, DHCP and DNS by dnsmasq, translation to the outside, and the openings that these need, as one
      object.
  - The defaults are those of lxc-net and OpenStack-Ansible. A run ends with a proof from a throw-away network namespace on the bridge.
author:
  - The hostnet.linux authors (@hostnet)
options:
  name:
    description:
      - The bridge's name.
    type: str
    default: lxcbr0
  state:
    description:
      - Whether it is to be there. V(absent) leaves rules, files, services and settings as they were before the first run.
    type: str
    default: present
    choices:
      - present
      - absent
  address:
    description:
      - The host's IPv4 address on the bridge, with the prefix length.
    type: str
    default: 10.0.3.1/24
  address6:
    description:
      - The host's IPv6 address on the bridge, with the prefix length.
    type: str
  mtu:
    description:
      - The MTU of the bridge, which clients are told too. From 68 to 65535.
    type: int
  mac_address:
    description:
      - The bridge's MAC address. Without a fixed one it would change whenever a container comes or goes.
    type: str
    default: 00:16:3e:00:00:00
  dhcp:
    description:
      - Whether clients get IPv4 addresses.
    type: bool
    default: true
  dhcp_range:
    description:
      - The first and last IPv4 address to hand out, such as 10.0.3.2,10.0.3.253. Left out, it is the whole subnet but the host's own address and the
          last one.
    type: str
  dhcp_range6:
    description:
      - The first and last IPv6 address to hand out when O(ipv6_mode=stateful).
    type: str
  ipv6_mode:
    description:
      - 'How clients get IPv6: V(slaac) by router advertisements alone, V(stateless) with DNS and other options by DHCPv6, V(stateful) with addresses
          by DHCPv6, V(none) not at all. Left out, it is V(slaac) where there is an O(address6).'
    type: str
    choices:
      - slaac
      - stateless
      - stateful
      - none
  lease_time:
    description:
      - 'How long a lease lasts: seconds, or a number with m, h, d or w, or V(infinite). At least two minutes.'
    type: str
    default: 1h
  lease_limit:
    description:
      - The largest number of leases. Left out, it is 253 or, where the range is larger, the size of the range. From 1 to 1048576.
    type: int
  dns:
    description:
      - Whether names are answered, those of the clients among them.
    type: bool
    default: true
  domain:
    description:
      - The domain of the clients. Its names are answered here and never asked for elsewhere.
    type: str
  upstream_servers:
    description:
      - 'The DNS servers to ask, as addresses, with a port after a # or a domain as in /example.com/192.0.2.1. Left out, it is those of the host''s
          /etc/resolv.conf.'
    type: list
    elements: str
  dhcp_options:
    description:
      - DHCP options by name (router, dns_server, mtu, ntp_server, domain_search…) or number, each with a value or a list. An empty list keeps the
          option back. IPv6 clients are told domain_search, or else O(domain), and the IPv6 addresses of dns_server and ntp_server.
    type: dict
  static_leases:
    description:
      - Addresses that are kept for clients.
    type: list
    elements: dict
    suboptions:
      mac:
        description:
          - The client's MAC address. One of O(static_leases[].mac), O(static_leases[].client_id) and O(static_leases[].name) is required.
        type: str
      other_macs:
        description:
          - Further MAC addresses of the same client, of which only one is in use at a time, such as those of a laptop's cards.
        type: list
        elements: str
      client_id:
        description:
          - 'The client''s identifier: bytes as in 01:00:16:3e:00:00:05, which for IPv6 are its DUID, or a text. With V(*) the client is known by its
              MAC address alone, whatever identifier it gives.'
        type: str
      name:
        description:
          - The name that the client gives, or with O(static_leases[].mac) or O(static_leases[].client_id) that it is given.
        type: str
      address:
        description:
          - The address, within the subnet; it may be outside of O(dhcp_range).
        type: str
      address6:
        description:
          - The IPv6 address of a client that has an IPv4 address as well. It takes O(ipv6_mode=stateful).
        type: str
      release:
        description:
          - Whether the address is taken back if it is leased to another client. Otherwise the task warns of it, and says until when.
        type: bool
        default: false
  host_records:
    description:
      - Further names, which are answered forwards and backwards.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name, with or without a domain.
        type: str
        required: true
      addresses:
        description:
          - Its IPv4 and IPv6 addresses.
        type: list
        elements: str
        required: true
  gateway:
    description:
      - The router that clients are told, where that is not this host.
    type: str
  extra_lines:
    description:
      - Further lines of dnsmasq's configuration.
    type: list
    elements: str
  checksum_fix:
    description:
      - Whether DHCP answers get their UDP checksum before they leave by a bridge, which clients before about 2014 need.
    type: bool
    default: true
  user:
    description:
      - The user that dnsmasq runs as. Left out, it is the first of lxc-dnsmasq, dnsmasq and nobody that exists.
    type: str
  install:
    description:
      - Whether to install dnsmasq where it is missing.
    type: bool
    default: false
  takeover:
    description:
      - 'Whether to take over an interface that lxc-net or OpenStack-Ansible''s lxc-dnsmasq serves: their service goes, the leases stay.'
    type: bool
    default: false
  nat:
    description:
      - Whether IPv4 connections to the outside get an address of the host.
    type: bool
    default: true
  nat6:
    description:
      - Whether IPv6 connections to the outside get an address of the host (NAT66).
    type: bool
    default: false
  nat_address:
    description:
      - The IPv4 address that connections get. Left out, it is that of the outgoing interface (masquerade).
    type: str
  nat6_address:
    description:
      - The IPv6 address that connections get.
    type: str
  out_interface:
    description:
      - Translate only what leaves by these interfaces. Left out, it is every other interface.
    type: list
    elements: str
  nat_exclude:
    description:
      - Subnets and interfaces towards which nothing is translated, such as other bridges of the host.
    type: list
    elements: str
  port_forwards:
    description:
      - Ports of the host that lead inside.
    type: list
    elements: dict
    suboptions:
      protocol:
        description:
          - The protocol. Left out, it is V(tcp), and without O(port_forwards[].port) every protocol.
        type: str
        choices:
          - tcp
          - udp
          - sctp
      port:
        description:
          - 'The port of the host, or a range such as 8000-8010. Left out, it is all that comes for O(port_forwards[].address): one to one.'
        type: str
      to:
        description:
          - The address inside that answers.
        type: str
        required: true
      to_port:
        description:
          - The port there; of a range, the first one. Left out, they are the same ones. From 1 to 65535.
        type: int
      address:
        description:
          - The addresses that are forwarded, which the host has or others send to it. Left out, it is every address of the host.
        type: list
        elements: str
      source:
        description:
          - Forward only what comes from this subnet.
        type: str
      hairpin:
        description:
          - Whether neighbours inside, and the container itself, reach the port by the host's address too.
        type: bool
        default: true
  isolated:
    description:
      - Whether other bridges of the host can neither reach this one nor be reached from it, or a list of the interfaces that cannot.
          O(out_interface) stays open.
    type: raw
    default: false
  mss_clamp:
    description:
      - 'Lower the segment size that TCP connections agree on: V(pmtu) for what the way out takes, or a number of bytes.'
    type: str
  firewall:
    description:
      - 'What to do about another firewall that drops the traffic: add what Docker and firewalld provide for that and warn of others, only warn, or
          nothing.'
    type: str
    default: handle
    choices:
      - handle
      - warn
      - ignore
  verify:
    description:
      - Whether to prove, from a throw-away network namespace on the bridge, that a lease is given and taken back, that names are answered, and with
          translation that the host's own gateway is reached; and from one outside of the host, that each port forward whose container answers is
          reached. The result is returned as RV(checks).
    type: bool
    default: true
  force:
    description:
      - Whether O(state=absent) removes a bridge with containers on it.
    type: bool
    default: false
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
  - module: hostnet.linux.lxc_host
  - module: hostnet.linux.nat
  - module: hostnet.linux.dnsmasq
  - module: hostnet.linux.container_network
"""

EXAMPLES = r"""
- name: The bridge of LXC and OpenStack-Ansible
  hostnet.linux.lxc_bridge:

- name: Another one with a network of its own
  hostnet.linux.lxc_bridge:
    name: lxcbr1
    address: 10.0.4.1/24
    domain: containers.example
    mtu: 1400

- name: Neither is there any more
  hostnet.linux.lxc_bridge:
    name: lxcbr1
    address: 10.0.4.1/24
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
checks:
  description:
    - What a client on each bridge found, by the bridge's name.
  returned: when something was proved
  type: dict
  sample:
    lxcbr0:
      checksum: true
      gateway: 192.0.2.1
      gateway_reached: true
      lease: 10.0.3.57
      released: true
  contains:
    lxcbr0:
      description:
        - What a client on this bridge found.
      returned: when the bridge is called so
      type: dict
      sample:
        checksum: true
        gateway: 192.0.2.1
        gateway_reached: true
        lease: 10.0.3.57
        released: true
      contains:
        lease:
          description:
            - The address that it was given.
          returned: with DHCP
          type: str
          sample: 10.0.3.57
        released:
          description:
            - Whether it could give the address back.
          returned: with DHCP
          type: bool
          sample: true
        checksum:
          description:
            - Whether the checksum of the answer was right.
          returned: with DHCP
          type: bool
          sample: true
        resolved:
          description:
            - What its own name was resolved to.
          returned: with DNS
          type: str
          sample: '[10.0.3.57]'
        gateway:
          description:
            - The host's own default gateway.
          returned: with NAT
          type: str
          sample: 192.0.2.1
        gateway_reached:
          description:
            - Whether that gateway answered.
          returned: with NAT
          type: bool
          sample: true
        forwards:
          description:
            - What came of a connection from outside to each port forward that can be tried.
          returned: with port_forwards
          type: list
          elements: dict
          sample:
            - container_answers: true
              forward: tcp port 8080
              reached: true
              to: 10.0.3.7
          contains:
            forward:
              description:
                - The forward.
              returned: always
              type: str
              sample: tcp port 8080
            to:
              description:
                - The container's address.
              returned: always
              type: str
              sample: 10.0.3.7
            container_answers:
              description:
                - Whether the host itself reaches it; if not, nothing can be said of the forward.
              returned: always
              type: bool
              sample: true
            reached:
              description:
                - Whether it is reached from outside.
              returned: always
              type: bool
              sample: true
bridges:
  description:
    - These links as they are afterwards, with the options that O(return) asks for, in the form in which M(hostnet.linux.network) takes them.
  returned: when such a link is declared, and O(return) asks for it, but not in check mode
  type: list
  elements: dict
  sample:
    - mtu: 1500
      name: link0
  contains:
    name:
      description:
        - The link's name. Its options have their keys beside it.
      returned: always
      type: str
      sample: link0
"""
