# SPDX-License-Identifier: GPL-3.0-or-later
"""That the sandbox is in force: by the kernel's own words on the real processes, and by `probe` in their stead."""
import json
import os
import re
import subprocess
import sysconfig

from inside import HERE
from machine import check

# What the probe must be able to do outside: else its failing inside shows nothing.
FREE_OUTSIDE = ('exec_true', 'exec_shell', 'exec_systemd', 'exec_loader', 'exec_own', 'write_execute', 'set_user_id', 'ptrace',
                'unshare_user', 'vsock')
ALLOWED = {'knelld': {'exec_helper', 'exec_knellctl'}, 'knell-agent': set()}
# /run/lock is everybody's; systemd-nspawn has mounted it in a way that systemd cannot make read-only.
OWN = {'knelld': {'/var/lib/knell', '/run/knell', '/tmp', '/var/tmp', '/run/lock'}, 'knell-agent': {'/tmp', '/var/tmp', '/run/lock'}}


def probed(machine, unit):
    """What the probe found in the stead of that service; None: outside every sandbox, as the user knell."""
    python = os.path.realpath('/usr/bin/python3')
    machine.write('/usr/libexec/knell-probe', open(os.path.join(HERE, 'probe'), encoding='utf-8').read(), 0o755)
    text = '[Service]\nUser=knell\n'
    if unit:
        with open(machine.path('/usr/lib/systemd/system/%s.service' % unit), encoding='utf-8') as f:
            text = ''.join(line for line in f if not re.match(r'(Exec(Start|StartPre|Reload)|Restart\w*|Type|Notify\w+|WatchdogSec|\[Install\]|WantedBy)\b', line))
        check('ExecPaths=' in text and '[Service]' in text, 'the unit has lost its sandbox')
    text += '[Service]\nType=oneshot\nStandardOutput=truncate:/run/probe.out\nExecStart=%s -B /usr/libexec/knell-probe\n' % python
    if unit:
        # The interpreter, and the modules of it that are shared libraries.
        text += 'ExecPaths=%s %s\n' % (python, sysconfig.get_config_var('DESTSHARED'))
    machine.write('/etc/systemd/system/probe.service', text)
    machine.systemctl('daemon-reload')
    machine.systemctl('start', 'probe')
    return json.loads(machine.run('cat', '/run/probe.out'))


def compare(machine, unit):
    outside, within = probed(machine, None), probed(machine, unit)
    useless = [name for name in FREE_OUTSIDE if outside['results'][name] != 'done']
    check(not useless, 'outside the sandbox these fail as well: %s' % {n: outside['results'][n] for n in useless})
    check(set(outside['users']) - {outside['me']}, "outside there are no other users' processes: %s" % outside['users'])
    check(outside['home'] not in ([], 'EACCES'), 'outside there is no home directory: %s' % outside['home'])
    check('/tmp' in outside['mounts'], 'outside nothing can be written: %s' % outside['mounts'])
    check(len(outside['programs']) > 20, 'outside there are few programs below /usr/lib: %d' % len(outside['programs']))
    could = {name for name, result in within['results'].items() if result == 'done'}
    check(could <= ALLOWED[unit], 'within it can: %s' % sorted(could - ALLOWED[unit]))
    check(could == ALLOWED[unit], 'within it cannot: %s' % {n: within['results'][n] for n in ALLOWED[unit] - could})
    writable = {m for m in within['mounts'] if not m.startswith(('/dev', '/proc'))} - OWN[unit]
    check(not writable, 'within these are writable: %s' % sorted(writable))
    executable = [m for m in within['executable'] if not m.startswith('/proc')]
    check(not executable, 'within one can write programs and execute them in: %s' % executable)
    libraries = '/usr/lib/%s/' % sysconfig.get_config_var('MULTIARCH')
    stray = [p for p in within['programs'] if not p.startswith(libraries)]
    check(not stray, 'within one can execute: %s' % stray[:5])
    check(within['home'] in ([], 'EACCES') and within['root'] in ([], 'EACCES'), 'home directories are visible')
    check(within['users'] == [within['me']], "other users' processes are visible: %s" % within['users'])
    return within


def privileges(machine):
    """Neither service has a capability or may gain one, and each is under a filter of system calls"""
    for unit in 'knelld', 'knell-agent':
        with open('/proc/%d/status' % machine.outer_pid(unit), encoding='ascii') as f:
            status = dict(line.rstrip().split(':\t', 1) for line in f if ':\t' in line)
        for name in 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb':
            check(int(status[name], 16) == 0, '%s has %s %s' % (unit, name, status[name]))
        check(status['NoNewPrivs'] == '1', unit + ' may gain privileges')
        check(status['Seccomp'] == '2', unit + ' is under no filter of system calls')
        check(status['Uid'].split()[0] != '0', unit + ' runs as root')


def knelld_mounts(machine):
    """In knelld's own mounts not even root can execute anything but knelld, its helper and knellctl"""
    enter = ['nsenter', '--target', str(machine.outer_pid('knelld')), '--mount', '--']
    for program, may in (('/usr/bin/true', False), ('/bin/sh', False), ('/lib/systemd/systemd', False), ('/usr/bin/python3', False),
                         ('/usr/sbin/knell-agent', False), ('/usr/bin/knellctl', True), ('/usr/sbin/knelld', True),
                         ('/usr/libexec/knell/knell-fence-ipmi', True)):
        done = subprocess.run([*enter, program, '--version'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        denied = done.returncode and 'Permission denied' in done.stderr
        check(bool(denied) != may, '%s %s executed: %s' % (program, 'cannot be' if may else 'can be', done.stderr))


def knelld_sandbox(machine):
    """A program in knelld's stead can execute only the helper and knellctl, write only to knelld's directories, see no
    other user's process and no home directory, and make none of the dangerous system calls"""
    within = compare(machine, 'knelld')
    for denied in 'exec_true', 'exec_shell', 'exec_systemd', 'exec_own':
        check(within['results'][denied] == 'EACCES', '%s: %s' % (denied, within['results'][denied]))


def agent_sandbox(machine):
    """A program in knell-agent's stead can execute nothing at all and write nowhere, and does not see knelld's secrets"""
    within = compare(machine, 'knell-agent')
    check(within['secrets'] in ('EACCES', []), 'it sees /etc/knell/secrets')


TESTS = (privileges, knelld_mounts, knelld_sandbox, agent_sandbox)
