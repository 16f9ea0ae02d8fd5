# SPDX-License-Identifier: GPL-3.0-or-later
"""What a story can do and see. A story is a Python file whose names are the public methods below."""
import contextlib
import os
import signal
import subprocess
import time

from kit import config, log, openstack
from kit.common import (BIN, LabError, end_process, host_names, mgmt_address, path, read, record, start_time,
                        storage_address, until)
from kit.machine import Machine

WHO = 'LAB'     # our own marks in the log


class Failed(Exception):
    """The story did not go as told."""


class Story:
    def __init__(self, act, directory, variant):
        self.act, self.dir, self.variant = act, directory, variant
        self.process = None
        self.log_path, self.marked, self.proxy_from = os.path.join(directory, 'knelld.log'), 0, 0
        with contextlib.suppress(OSError):
            self.proxy_from = os.path.getsize(path('proxy.log'))

    def names(self):
        """What a story may say."""
        own = {n: getattr(self, n) for n in dir(self) if not n.startswith('_') and callable(getattr(self, n))}
        verbs = {verb: (lambda *args, verb=verb: self.act(verb, *args))
                 for verb in ('host', 'bmc', 'controller', 'nova', 'keystone', 'proxy', 'flag', 'token')}
        return {**own, **verbs, 'variant': self.variant, 'hosts': host_names(), 'sleep': time.sleep}

    # --- knelld
    def start(self, *settings, seen=True):
        """Start knelld with a fresh configuration; by default wait until it has seen every host."""
        config.write_knell(self.dir, settings)
        self.go(seen=seen)

    def go(self, seen=False):
        """Start knelld (again) on what is there: configuration, journal."""
        marked = len(self.log())
        self.process = self._spawn()
        self.wait_for('KNELL_STARTED', since=marked)
        for host in host_names() if seen else []:
            self.wait_for('HOST_SEEN', host, since=marked)
        if seen:
            self._wait_until_quiet()

    def _spawn(self):
        with open(self.log_path, 'a') as out:
            process = subprocess.Popen([os.path.join(BIN, 'knelld'), '--config', self.dir + '/knell.yaml'],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.dir)
        record(process.pid, 'knelld.pid')
        return process

    def _wait_until_quiet(self):
        """Every monitor of every host needs its first beats before its silence means anything."""
        time.sleep(2.5)

    def end(self):
        """SIGTERM, as systemd does it; knelld must end by itself and without complaint."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGCONT)
            try:
                code = self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed('knelld did not end within 15 s of SIGTERM') from None
            if code:
                raise Failed('knelld ended with %d after SIGTERM' % code)

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self._mark('KNELLD_KILLED')

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def usr1(self):
        self.process.send_signal(signal.SIGUSR1)

    def second_knelld(self):
        """Start another one on the same configuration; its exit status and what it said."""
        other = subprocess.run([os.path.join(BIN, 'knelld'), '--config', self.dir + '/knell.yaml'], timeout=20,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return other.returncode, other.stdout + other.stderr

    def knellctl(self, *arguments, status=0):
        done = subprocess.run([os.path.join(BIN, 'knellctl'), '--socket', self.dir + '/control', *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != status:
            raise Failed('knellctl %s: exit status %d, not %d: %s' % (
                ' '.join(arguments), done.returncode, status, (done.stderr or done.stdout).strip()))
        return done.stdout

    def order(self, *arguments, status=0):
        """An operator's order, with a reason; refused orders end with status 3."""
        sure = ('--yes',) if set(arguments) & {'fence', 'confirm-off'} else ()
        return self.knellctl(*arguments, '--reason', 'the story wants it', *sure, status=status)

    def refused(self, *arguments):
        return self.order(*arguments, status=3)

    # --- the log
    def log(self):
        with contextlib.suppress(OSError), open(self.log_path, errors='replace') as f:
            return log.parse(f.read())
        return []

    def _mark(self, word):
        moment = time.time()
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(moment)) + '.%06dZ' % (moment % 1 * 1e6)
        with open(self.log_path, 'a') as f:
            f.write('%s %s %s\n' % (stamp, WHO, word))

    def mark(self):
        """wait_for and never look only at what comes from here on."""
        self.marked = len(self.log())

    def last_words(self):
        """The end of the log, for whoever has to find out why."""
        lines = ['%s  %s' % (log.say(line), line.text[:100]) for line in self.log()[-8:]]
        if not lines:
            with contextlib.suppress(OSError), open(self.log_path, errors='replace') as f:
                lines = f.read().splitlines()[-8:]
        return lines

    def _find(self, word, host, since=None):
        first = self.marked if since is None else since
        return next((l for l in self.log()[first:] if l.id == word and (host is None or l.host == host)), None)

    def wait_for(self, word, host=None, seconds=40, since=None):
        found = until(lambda: self._find(word, host, since) or self.process.poll() is not None, seconds)
        if not found:
            raise Failed('waited %d s for %s' % (seconds, ' '.join(filter(None, (word, host)))))
        line = self._find(word, host, since)
        if not line:
            raise Failed('knelld ended with status %s' % self.process.returncode)
        return line

    def never(self, word, host=None, seconds=5):
        line = until(lambda: self._find(word, host), seconds)
        if line:
            raise Failed('must not be: ' + log.say(line))

    # --- the world
    def check(self, truth, otherwise):
        if not truth:
            raise Failed(otherwise)

    def nova_flag(self, host, value, seconds=10):
        """forced_down, as an administrator reads it."""
        if not until(lambda: openstack.services()[host]['forced_down'] == value, seconds, 0.2):
            raise Failed('Nova does not say forced_down=%s of %s' % (str(value).lower(), host))

    def host_status(self, server, value):
        """As the server's owner sees it, through Nova's 2.16 host_status."""
        seen = openstack.servers()[server]['host_status']
        self.check(seen == value, 'host_status of %s is %s, not %s' % (server, seen, value))

    def power(self, host, value, seconds=0.2):
        if not until(lambda: Machine(host).is_on() == (value == 'on'), seconds):
            raise Failed('%s is not %s' % (host, value))

    def writes(self, host):
        """The times at which the host's witness wrote."""
        return [float(t) for t in read('hosts', host, 'disk.log').split()]

    def witness_silent(self, host):
        """Nothing on the host writes any more."""
        last = self.writes(host)[-1]
        time.sleep(0.5)
        self.check(self.writes(host)[-1] == last, '%s still writes' % host)

    def witness_writes(self, host):
        last = self.writes(host)[-1]
        if not until(lambda: self.writes(host)[-1] > last, 2):
            raise Failed('%s does not write any more' % host)

    def requests(self):
        """The lines of the proxy's log since the story began: method, path, body, what became of it."""
        with contextlib.suppress(OSError), open(path('proxy.log')) as f:
            f.seek(self.proxy_from)
            return [line.split(' ', 1)[1] for line in f.read().splitlines()]
        return []

    def puts(self):
        return [r for r in self.requests() if r.startswith('PUT ')]

    # --- audits, after every story
    def audit(self):
        """What must be true of every story, whatever it tells."""
        for line in self.log():
            if line.id in ('HOST_FENCED', 'HOST_FORCED_DOWN'):
                events = [e.split() for e in read('hosts', line.host, 'power.log').splitlines()]
                again = min((float(e[0]) for e in events if e[1] == 'on' and float(e[0]) > line.time),
                            default=float('inf'))
                late = [t for t in self.writes(line.host) if line.time < t < again]
                if late:
                    raise Failed('%s wrote %.1f s after %s' % (line.host, late[-1] - line.time, line.id))
        with open(self.log_path, errors='replace') as f:
            text = f.read()
        for secret in (config.BMC_PASSWORD, openstack.PASSWORD, read('site.key')):
            if secret in text:
                raise Failed('a secret is in the log')


# --- between stories
def all_well(act):
    """Everything as `lab up` leaves it, whatever a story did."""
    end_process('knelld.pid')       # of a run that was killed
    act('proxy', 'none')
    act('controller', 'restore')
    for name, port in (('keystone', openstack.KEYSTONE_PORT), ('nova-api', openstack.NOVA_PORT)):
        pid, _, started = read('os', 'run', name + '.pid').partition(' ')
        if not started or start_time(pid) != started:
            act('nova' if name == 'nova-api' else name, 'start')
    for host in host_names():
        act('bmc', host, 'fault', 'none')
        act('bmc', host, 'start')
        act('bmc', host, 'cont')
        it = Machine(host)
        it.cables('up')
        if it.is_on():
            it.signal_group(signal.SIGCONT)
            if not read('hosts', host, 'agent.pid') or not read('hosts', host, 'nova-compute.pid'):
                it.off()
        it.on()
    for host, service in openstack.services().items():
        if service['forced_down']:
            openstack.set_forced_down(host, False)
    for i, host in enumerate(host_names(), 1):
        for address in mgmt_address(i), storage_address(i):
            if not until(lambda address=address: pings(address), 20):
                raise LabError('%s does not answer at %s' % (host, address))
        if not until(lambda host=host: read('hosts', host, 'agent.pid'), 10):
            raise LabError('%s has no agent: see %s' % (host, path('hosts', host, 'agent.log')))


def pings(address):
    return not subprocess.run(['ping', '-n', '-q', '-c', '1', '-W', '1', address], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
