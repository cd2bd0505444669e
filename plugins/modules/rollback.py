#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: rollback
short_description: Goes back to an earlier state of the host's network
version_added: 1.1.0
description:
  - 'Undoes the last change of the network, or all changes after a generation: what is declared on the host, and the host itself.'
  - The host is read again afterwards; what could not be brought back fails the task and is named.
author:
  - The hostnet.linux authors (@hostnet)
options:
  to:
    description:
      - The generation to go back to, as C(hostnet log) and RV(generation) number them; 0 is the state before the first. Left out, it is the one
          before the present. From 0 to 1073741824.
    type: int
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
  - module: hostnet.linux.network_info
"""

EXAMPLES = r"""
- name: Undo the last change
  hostnet.linux.rollback:

- name: What going back to generation 7 would change
  hostnet.linux.rollback:
    to: 7
  check_mode: true
  diff: true
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
generation:
  description:
    - The generation whose state the host has afterwards, 0 for the one before the first.
  returned: success
  type: int
  sample: 7
"""
