#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: rollback
short_description: Goes back to an earlier state of the host's network
version_added: 1.0.0
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
notes:
  - 'The target needs neither Python nor C(ip) nor C(nft): the module is a static binary.'
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
    - 'The steps in the order in which they run (in check mode: would run): what is done, on which object, which options go from what to what, and
        what it costs the traffic (none, port flap, link down, recreate).'
  returned: success
  type: list
  elements: dict
confirm:
  description:
    - The C(verdict) (confirmed, too late, failed, unknown, unreachable), the C(seconds) and C(attempts) that it took, and the C(reason) to ask for
        it.
  returned: when the change had to be confirmed
  type: dict
problems:
  description:
    - Every problem with the arguments, each with the path of the option and a message.
  returned: when the arguments are wrong
  type: list
  elements: dict
generation:
  description:
    - The generation whose state the host has afterwards, 0 for the one before the first.
  returned: success
  type: int
"""
