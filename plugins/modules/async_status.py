#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: async_status
short_description: Asks how a task in the background is
version_added: 1.1.0
description:
  - Returns the answer of a task of this collection that was started with C(async) and C(poll=0), or that it still runs.
  - Ansible's own module of this name needs Python on the target; this one does not.
author:
  - The hostnet.linux authors (@hostnet)
options:
  jid:
    description:
      - 'The job''s identifier: C(ansible_job_id) of the task that started it.'
    type: str
    required: true
  mode:
    description:
      - V(status) asks how the job is; V(cleanup) removes the file with its answer.
    type: str
    default: status
    choices:
      - status
      - cleanup
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
  - 'When the job has ended, its own answer is part of the result: C(changed), C(actions) and so on.'
  - 'A change in the background is not confirmed over a new connection: with C(poll=0), nobody waits to do that.'
seealso:
  - module: hostnet.linux.network
  - module: hostnet.linux.container_network
"""

EXAMPLES = r"""
- name: Wire many containers in the background
  hostnet.linux.network:
    bridges:
      - name: br-mgmt
  async: 300
  poll: 0
  register: wiring

- name: Wait for it
  hostnet.linux.async_status:
    jid: "{{ wiring.ansible_job_id }}"
  register: wired
  until: wired.finished
  retries: 60
  delay: 5

- name: Remove its answer
  hostnet.linux.async_status:
    jid: "{{ wiring.ansible_job_id }}"
    mode: cleanup
"""

RETURN = r"""
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
ansible_job_id:
  description:
    - The job's identifier.
  returned: with mode status
  type: str
  sample: j360874038559.4169
finished:
  description:
    - Whether the job has ended.
  returned: with mode status
  type: bool
  sample: true
started:
  description:
    - Whether the job was started.
  returned: with mode status
  type: bool
  sample: true
results_file:
  description:
    - The file with the answer.
  returned: with mode status
  type: str
  sample: /root/.ansible_async/j360874038559.4169
erased:
  description:
    - The file that was removed.
  returned: with mode cleanup
  type: str
  sample: /root/.ansible_async/j360874038559.4169
"""
