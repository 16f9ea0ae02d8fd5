# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's networks: two bridges in a namespace of their own, and a cable to everybody.

  root namespace (the controller)           knsw (the switches)            kn1, kn2, ... (the hosts)
    knm0 10.213.77.1   ------------ ctlm -- mgmt  bridge .254 .253 -- hNm ------ mgmt    10.213.77.1N
    kns0 fd6b:6e65::1  ------------ ctls -- storage bridge ::fe ::fd -- hNs ---- storage fd6b:6e65::1N

The bridges' own addresses are the sentinels. A cable is pulled at the switch's end.
"""
import contextlib
import os
import signal
import subprocess

from kit.common import LAB, MGMT, STORAGE, LabError, mgmt_address, send, storage_address

SWITCH = 'knsw'
SENTINELS = {'mgmt': (MGMT + '254', MGMT + '253'), 'storage': (STORAGE + 'fe', STORAGE + 'fd')}


def namespace(i):
    return 'kn%d' % i


def batch(lines, netns=None, check=True):
    command = ['ip'] + (['-n', netns] if netns else []) + ['-force'] * (not check) + ['-batch', '-']
    done = subprocess.run(command, input='\n'.join(lines) + '\n', text=True, capture_output=True, check=False)
    if check and done.returncode:
        raise LabError('ip: %s (of: %s)' % (done.stderr.strip(), '; '.join(lines)))


def cable(switch_end, other_end, other_netns, bridge):
    batch(['link add %s netns %s type veth peer name %s%s' % (
        switch_end, SWITCH, other_end, ' netns ' + other_netns if other_netns else '')])
    batch(['link set %s master %s' % (switch_end, bridge)], SWITCH)


def up(hosts):
    batch(['netns add ' + SWITCH])
    lines = ['link set lo up']
    for bridge, (first, second) in SENTINELS.items():
        size = 24 if bridge == 'mgmt' else '64 nodad'
        lines += ['link add %s type bridge forward_delay 0 mcast_snooping 0' % bridge]
        lines += ['addr add %s/%s dev %s' % (a, size, bridge) for a in (first, second)]
        lines += ['link set %s up' % bridge]
    batch(lines, SWITCH)
    cable('ctlm', 'knm0', None, 'mgmt')
    cable('ctls', 'kns0', None, 'storage')
    batch(['addr add %s1/24 dev knm0' % MGMT, 'addr add %s1/64 dev kns0 nodad' % STORAGE,
           'link set knm0 up alias ' + LAB, 'link set kns0 up'])
    for i in range(1, hosts + 1):
        netns = namespace(i)
        batch(['netns add ' + netns])
        cable('h%dm' % i, 'mgmt', netns, 'mgmt')
        cable('h%ds' % i, 'storage', netns, 'storage')
        batch(['link set lo up', 'addr add %s/24 dev mgmt' % mgmt_address(i), 'link set mgmt up',
               'addr add %s/64 dev storage nodad' % storage_address(i), 'link set storage up'], netns)
    controller_cable('up')


def controller_cable(state):
    batch(['link set ctlm ' + state, 'link set ctls ' + state], SWITCH)


def host_cables(i, state, networks=('mgmt', 'storage')):
    batch(['link set h%d%s %s' % (i, network[0], state) for network in networks], SWITCH)


def other_lab():
    """The directory of another lab that lives, and whose networks these are; empty if there is none."""
    with contextlib.suppress(OSError), open('/sys/class/net/knm0/ifalias') as f:
        owner = f.read().strip()
        return owner if owner not in ('', LAB) and os.path.isdir(os.path.join(owner, 'hosts')) else ''
    return ''


def down():
    """Everything of this lab or of an earlier one that died. The names are ours alone."""
    if other_lab():
        return
    listed = subprocess.run(['ip', 'netns', 'list'], text=True, capture_output=True, check=False).stdout
    for name in [line.split()[0] for line in listed.splitlines() if line.split()]:
        if name == SWITCH or name.startswith('kn') and name[2:].isdigit():
            inside = subprocess.run(['ip', 'netns', 'pids', name], text=True, capture_output=True, check=False)
            for pid in inside.stdout.split():
                send(int(pid), signal.SIGKILL)
            batch(['netns del ' + name], check=False)
    for link in 'knm0', 'kns0':
        if os.path.exists('/sys/class/net/' + link):
            batch(['link del ' + link], check=False)
