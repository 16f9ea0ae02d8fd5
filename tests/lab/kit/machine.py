# SPDX-License-Identifier: GPL-3.0-or-later
"""A compute host: one process group in one network namespace, and the power that runs it.

Power on starts the group: knell-agent, nova-compute, a stand-in for libvirt, and the witness, which
appends the time to disk.log ten times a second. Power off kills the group at once with SIGKILL and
takes the links down, so that the namespace's kernel stops answering as well. Files per host:

  power.log   "time on|off by whom"     disk.log   the witness     agent.log  nova-compute.log
  cables      the networks whose cables are out, whatever the power does
"""
import contextlib
import os
import signal
import subprocess
import time
import uuid

from kit import config, net, openstack
from kit.common import (BIN, HERE, PYTHON, LabError, append, bmc_address, group_alive, host_names, locked, number,
                        path, pid_of, read, send, start_process, system_uuid, until, write)


def agent_program():
    return os.environ.get('KNELL_AGENT') or os.path.join(BIN, 'knell-agent')


class Machine:
    def __init__(self, host, by='lab'):
        self.host, self.by, self.i = host, by, number(host)
        self.dir = os.path.join('hosts', host)

    # --- the power; the same for the lab's button and for the BMC
    def group(self):
        pgid = int(read(self.dir, 'machine.pid').partition(' ')[0] or 0)
        return pgid if pgid and group_alive(pgid) else 0

    def is_on(self):
        return bool(self.group())

    def on(self, same_boot=False):
        with locked(self.dir, 'power.lock'):
            if self.is_on():
                return
            if not same_boot:
                write('%s\n' % uuid.uuid4(), self.dir, 'boot_id', mode=0o644)
            self.log('on')
            net.host_cables(self.i, 'up', [n for n in net.SENTINELS if n not in self.pulled()])
            machine = [PYTHON, '-B', os.path.join(HERE, 'lab'), '_machine', self.host]
            start_process(machine, os.path.join(self.dir, 'machine.log'), self.dir, 'machine.pid')

    def off(self):
        with locked(self.dir, 'power.lock'):
            pgid = self.group()
            if not pgid:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pgid, signal.SIGKILL)
            net.host_cables(self.i, 'down')
            if not until(lambda: not group_alive(pgid), 10, 0.002):
                raise LabError('%s survived SIGKILL' % self.host)
            self.log('off')

    def shutdown(self):
        """An order to the operating system, not to the power supply."""
        pid = pid_of(self.dir, 'machine.pid')
        if pid:
            send(pid, signal.SIGTERM)

    def log(self, what):
        append('%.3f %s %s\n' % (time.time(), what, self.by), self.dir, 'power.log')

    # --- what may befall it
    def pulled(self):
        """The networks whose cables are out."""
        return read(self.dir, 'cables').split()

    def cables(self, state, *networks):
        """Pull the cables of some networks, or of all; or plug them in again."""
        unknown = set(networks) - set(net.SENTINELS)
        if unknown:
            raise LabError('no such network: ' + ' '.join(unknown))
        networks = networks or tuple(net.SENTINELS)
        pulled = set(self.pulled()) - set(networks) | (set(networks) if state == 'down' else set())
        write(' '.join(sorted(pulled)), self.dir, 'cables')
        if state == 'down' or self.is_on():
            net.host_cables(self.i, state, networks)

    def signal_group(self, which):
        pgid = self.group()
        if not pgid:
            raise LabError('%s is off' % self.host)
        os.killpg(pgid, which)

    def nova_compute(self, what):
        """Stop nova-compute alone, or have the machine start it again."""
        if what == 'stop':
            pid = int(read(self.dir, 'nova-compute.pid') or 0)
            if pid:
                send(pid, signal.SIGTERM)
        else:
            send(pid_of(self.dir, 'machine.pid'), signal.SIGUSR1)


    def agent(self, what):
        """Kill knell-agent alone, or have the machine start it again."""
        if what == 'kill':
            pid = int(read(self.dir, 'agent.pid') or 0)
            if pid:
                send(pid, signal.SIGKILL)
        else:
            send(pid_of(self.dir, 'machine.pid'), signal.SIGUSR2)


class Body:
    """The inside of a machine that is on: the leader of its process group."""
    def __init__(self, host):
        self.machine, self.children, self.ending = Machine(host, by='host'), {}, False
        self.wanted = set()
        self.dir = self.machine.dir
        self.booted = int(time.clock_gettime(time.CLOCK_BOOTTIME))      # by the clock of the machine that the lab runs on

    def start(self, name, command, environment=None):
        with open(path(self.dir, name + '.log'), 'ab') as log:
            try:
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         env=environment)
            except OSError as error:
                log.write(b'%s\n' % str(error).encode())
                return
        self.children[name] = child
        write('%d\n' % child.pid, self.dir, name + '.pid', mode=0o644)

    def start_nova_compute(self):
        self.start('nova-compute', [os.path.join(HERE, 'openstack', 'lab'), 'run', self.machine.host],
                   openstack.environment(len(host_names())))

    def start_agent(self):
        """With an uptime of its own: a time namespace in which CLOCK_BOOTTIME began with this boot."""
        self.start('agent', ['unshare', '--time', '--boottime', '-%d' % self.booted, 'ip', 'netns', 'exec',
                             net.namespace(self.machine.i), agent_program(), '--config', path(self.dir, 'agent.yaml')],
                   {'PATH': os.environ['PATH']})        # ours may hold what is no agent's business

    def reap(self):
        for name, child in list(self.children.items()):
            if child.poll() is not None:
                del self.children[name]
                os.unlink(path(self.dir, name + '.pid'))

    def run(self):
        for name in 'agent', 'libvirt', 'nova-compute':     # what a boot clears: /run is in memory
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path(self.dir, name + '.pid'))

        def end(*_):
            self.ending = True

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGUSR1, lambda *_: self.wanted.add('nova-compute'))
        signal.signal(signal.SIGUSR2, lambda *_: self.wanted.add('agent'))
        self.start('libvirt', ['sleep', 'infinity'])
        if os.path.exists(path('os', 'etc', 'knobs')):
            self.start_nova_compute()
        self.start_agent()
        with open(path(self.dir, 'disk.log'), 'a', buffering=1) as witness:
            while not self.ending:
                witness.write('%.3f\n' % time.time())
                self.reap()
                starts = {'nova-compute': self.start_nova_compute, 'agent': self.start_agent}
                while self.wanted:
                    name = self.wanted.pop()
                    if name not in self.children:
                        starts[name]()
                time.sleep(0.1)
        self.end()

    def end(self):
        """Shut down as init would: ask first, pull the plug when all is quiet."""
        for name in 'agent', 'nova-compute', 'libvirt':
            child = self.children.get(name)
            if child:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(5)
        net.host_cables(self.machine.i, 'down')
        self.machine.log('off')
        os.killpg(0, signal.SIGKILL)


def make(i, host, key):
    """The files of a host that has never been on."""
    here = os.path.join('hosts', host)
    for name in 'power.log', 'disk.log', 'bmc.fault':
        write('', here, name)
    write('%s\n' % key.hex(), here, 'heartbeat.key')
    write(config.agent(i, host), here, 'agent.yaml')
    write(system_uuid(i) + '\n', here, 'system_uuid', mode=0o644)


def start_bmc(host):
    i, here = number(host), os.path.join('hosts', host)
    if not pid_of(here, 'bmc.pid'):
        start_process([PYTHON, '-B', os.path.join(HERE, 'bmc'), '--address', bmc_address(i), '--port', '623',
                       '--dir', path(here), '--machine', host, '--guid', system_uuid(i), '--slots', '8',
                       '--idle', '20'], os.path.join(here, 'bmc.log'), here, 'bmc.pid')


def bmc_signal(host, which):
    pid = pid_of('hosts', host, 'bmc.pid')
    if pid:
        send(pid, which)
        if which == signal.SIGKILL:
            until(lambda: not pid_of('hosts', host, 'bmc.pid'), 5)
