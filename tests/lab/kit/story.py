# SPDX-License-Identifier: GPL-3.0-or-later
"""What a story can do and see. A story is a Python file whose names are the public methods below."""
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from kit import canary, config, crash, log, net, nothing_lost, openstack, soak
from kit.common import (BIN, HERE, LabError, end_process, host_names, mgmt_address, number, path, read, record,
                        start_time, storage_address, until)
from kit.machine import Machine

WHO = 'LAB'     # our own marks in the log


GRAVE = 'HOST_FENCING', 'HOST_FENCED', 'HOST_FORCED_DOWN', 'HOST_READMITTED'    # what must not be said where no story has it


class Failed(Exception):
    """The story did not go as told."""


class Broken(Failed):
    """What must hold in every telling did not."""


class Story:
    def __init__(self, act, directory, variant):
        self.act, self.dir, self.variant = act, directory, variant
        self.process, self.supervisor, self.replay, self.settings, self.clocks = None, None, None, (), []
        self.canaries, self.files, self.on_a_word, self.etc_files = None, None, set(), []
        self.began = time.time()
        self.log_path, self.marked, self.proxy_from = os.path.join(directory, 'knelld.log'), 0, 0
        self.bmc_from = {host: os.path.getsize(path('hosts', host, 'bmc.log')) for host in host_names()
                         if os.path.exists(path('hosts', host, 'bmc.log'))}
        with contextlib.suppress(OSError):
            self.proxy_from = os.path.getsize(path('proxy.log'))

    def names(self):
        """What a story may say."""
        own = {n: getattr(self, n) for n in dir(self) if not n.startswith('_') and callable(getattr(self, n))}
        verbs = {verb: (lambda *args, verb=verb: self.act(verb, *args))
                 for verb in ('host', 'bmc', 'controller', 'nova', 'keystone', 'proxy', 'flag', 'token')}
        return {**own, **verbs, **soak.verbs(self), 'variant': self.variant, 'hosts': host_names(), 'sleep': time.sleep,
                'until': until}

    # --- knelld
    def start(self, *settings, seen=True, clock=False):
        """Start knelld with a fresh configuration; by default wait until it has seen every host.
        With clock, set_clock can be used later."""
        self.settings = settings
        if clock:
            subprocess.run(['c++', '-O1', '-shared', '-fPIC', '-o', self.dir + '/wall_clock.so',
                            os.path.join(HERE, 'kit', 'wall_clock.cpp')], check=True)
            self.set_clock(0)
        config.write_knell(self.dir, settings)
        self.go(seen=seen)

    def go(self, seen=False):
        """Start knelld (again) on what is there: configuration, journal."""
        marked = len(self.log())
        self.process = self.spawn()
        self._wait_until_started(marked, seen)

    def start_supervised(self, point, action, *settings):
        """As start(), and again whenever knelld ends; `action` is done to it once, at that failpoint."""
        self.settings = settings
        config.write_knell(self.dir, settings)
        if action == 'full':
            self.on_a_small_disk()
        self.supervisor = crash.Supervisor(self, point, action)
        self.supervisor.start()
        self._wait_until_started(0, seen=True)
        return self.supervisor

    def episode_is_forgotten(self, host):
        """Of the host that has just lost its power: knelld was struck and ended before anything was durable."""
        struck = self.supervisor
        ends_later = struck.action == 'eio'     # with the next row that it writes
        done = struck.over if ends_later else struck.passed
        until(lambda: done.is_set() or self._find('HOST_FENCING', host), 20)
        fell = max(float(line.split()[0]) for line in read('hosts', host, 'power.log').splitlines() if ' off ' in line)
        return ((struck.over_at if ends_later else struck.passed_at) > fell and struck.leaves_an_heir
                and not self._find('HOST_FENCING', host)
                and not any(what == 'fencing' and name == host for _, what, name, _, _ in struck.rows))

    def ends_with(self, *whats):
        """The last words of the host's episodes, in the journal."""
        *whats, host = whats

        def has_ended():
            said = [what for _, what, name, _, _ in crash.rows_of(self) if name == host and what not in nothing_lost.ASIDE]
            return said and said[-1] in whats
        self.check(until(has_ended, 60, 0.2), 'the episode of %s does not end with %s' % (host, ' or '.join(whats)))

    def nothing_lost(self, host):
        """The host's episodes are over, and every record, command and word of them is in its place."""
        self.ends_with(*nothing_lost.OVER, host)
        time.sleep(0.5)
        found = list(nothing_lost.problems(self, host, crash.rows_of, self.supervisor.rows))
        self.hold(not found, '; '.join(found))

    def acts_are_proven(self):
        """Of a story that failed in its midst, and that strikes knelld: what may not be at any time was not."""
        for host in host_names() if self.supervisor else []:
            found = list(nothing_lost.acts_without_proof(self, host, crash.rows_of))
            self.hold(not found, '%s: %s' % (host, '; '.join(found)))

    def _wait_until_started(self, marked, seen):
        self.wait_for('KNELL_STARTED', since=marked)
        for host in host_names() if seen else []:
            self.wait_for('HOST_SEEN', host, since=marked)
        if seen:
            self._wait_until_quiet()

    def etc(self, name, text):
        """For knelld alone, whenever it is started after: /etc/NAME. Can be changed while it runs."""
        if name not in self.etc_files:
            self.etc_files.append(name)
        with open('%s/etc-%s' % (self.dir, name), 'w') as f:    # in place: it is bound there
            f.write(text)

    def spawn(self, **environment):
        """A knelld on the story's configuration, with more in its environment."""
        environment = {**os.environ, **environment, 'KNELL_FAILPOINTS_PASSED': self.dir + '/failpoints'}
        if self.clocks:
            environment.update(LD_PRELOAD=self.dir + '/wall_clock.so', WALL_CLOCK=self.dir + '/clock')
        with open(self.log_path, 'a') as out:
            command = [os.path.join(BIN, 'knelld'), '--config', self.dir + '/knell.yaml']
            if self.etc_files:
                binds = ' && '.join('mount --bind %s/etc-%s /etc/%s' % (shlex.quote(self.dir), name, name) for name in self.etc_files)
                command = ['unshare', '--mount', 'sh', '-c', binds + ' && exec "$@"', 'sh', *command]
            process = subprocess.Popen(command, cwd=self.dir,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
        record(process.pid, 'knelld.pid')
        return process

    def _wait_until_quiet(self):
        """Every monitor of every host needs its first beats before its silence means anything."""
        time.sleep(2.5)

    def end(self):
        """SIGTERM, as systemd does it; knelld must end by itself and without complaint."""
        try:
            if self.supervisor:
                self.check(not self.supervisor.end(), self.supervisor.problem)
            self._terminate()
        finally:
            if self.canaries:
                self.canaries.end()
            if self.replay:
                self.replay.terminate()
                self.replay.wait(10)
            state = self.dir + '/state'
            if os.path.ismount(state):
                subprocess.run(['umount', '--lazy', state], check=True)

    def _terminate(self):
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
            if self.log()[-1].id != 'KNELL_STOPPING':
                raise Failed('the last word is not KNELL_STOPPING')

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self._mark('KNELLD_KILLED')

    def cut_journal(self, what):
        """Of a knelld that was killed: see crash.cut_journal."""
        crash.cut_journal(self, what)

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def rewrite(self, *settings):
        """The configuration as start() wrote it, but for these; knelld is not told."""
        config.write_knell(self.dir, (*self.settings, *settings))

    def hosts_but(self, host):
        """The inventory without this one, as a setting."""
        return json.dumps([h for h in config.knell(self.dir)['hosts'] if h['name'] != host])

    def config_check(self):
        """How `knellctl config check` ends, and what it says."""
        return self._ask('config', 'check', self.dir + '/knell.yaml')

    def many_hosts(self, number):
        """An inventory of so many, as a setting; each third names a network that there is not, each other third a BMC that is
        no address."""
        template = config.knell(self.dir)['hosts'][0]
        made = []
        for n in range(number):
            one = {**template, 'name': 'many%03d' % n, 'addresses': {'mgmt': '10.9.%d.%d' % (n // 250, 1 + n % 250)},
                   'fence': [{**template['fence'][0], 'name': 'bmc%03d' % n, 'address': '10.8.%d.%d' % (n // 250, 1 + n % 250),
                              'guid': '6b6e656c-6c00-4000-8001-%012d' % n}]}
            if n % 3 == 0:
                one['addresses'] = {'nowhere': '10.9.0.1'}
            elif n % 3 == 1:
                one['fence'][0]['address'] = 'bmc%d.example' % n
            made.append(one)
        return 'hosts=' + json.dumps(made)

    def on_a_small_disk(self):
        """The journal's directory on a file system of its own, two megabytes."""
        state = os.path.join(self.dir, 'state')
        os.makedirs(state, mode=0o700, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', state], check=True)

    def fill_disk(self):
        with contextlib.suppress(OSError), open(self.dir + '/state/filler', 'wb', buffering=0) as f:
            while True:
                f.write(bytes(4096))

    def free_disk(self):
        os.unlink(self.dir + '/state/filler')

    def set_clock(self, seconds, slept=0):
        """knelld's wall clock, that far from the truth, and how long its machine slept; its other clocks go on."""
        self.clocks.append((len(self.log()), seconds))
        with open(self.dir + '/clock.new', 'w') as f:
            f.write('%+d %d\n' % (seconds, slept))
        os.replace(self.dir + '/clock.new', self.dir + '/clock')

    @contextlib.contextmanager
    def failing_syncs(self):
        """The disk accepts what is written and fails to make it durable."""
        tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', self.dir + '/strace', '-p', str(self.process.pid),
                                   '-e', 'inject=fsync,fdatasync:error=EIO'], stdin=subprocess.DEVNULL)
        try:
            self.check(until(lambda: self._is_traced(), 10), 'strace does not attach')
            yield
        finally:
            tracer.terminate()
            tracer.wait(10)

    def _is_traced(self):
        with open('/proc/%d/status' % self.process.pid) as f:
            return 'TracerPid:\t0\n' not in f.read()

    def ended_with(self):
        """knelld's exit status; it ends by itself."""
        return self.process.wait(15)

    def replays(self, host):
        """Takes down what the host sends over mgmt; the act by which it is sent again and again, until the story ends."""
        directory = self.dir + '/replay'
        os.makedirs(directory)
        self.replay = subprocess.Popen(['ip', 'netns', 'exec', net.SWITCH, os.path.join(HERE, 'replay'),
                                        mgmt_address(number(host)), directory], stdin=subprocess.DEVNULL)
        self.check(until(lambda: os.path.exists(directory + '/heard'), 20), 'nothing to replay')

        def begin():
            with open(directory + '/begin', 'w'):
                pass
        return begin

    def floods(self, kind, rate):
        """Begins a flood of lies at the controller that lasts until the story ends; the act that says how many were sent."""
        directory = self.dir + '/flood'
        os.makedirs(directory)
        self.replay = subprocess.Popen(['ip', 'netns', 'exec', net.SWITCH, os.path.join(HERE, 'flood'), kind, str(rate),
                                        directory], stdin=subprocess.DEVNULL)
        self.check(until(lambda: os.path.exists(directory + '/sent'), 20), 'no flood')

        def sent(ends=False):
            if ends:
                self.replay.terminate()
                self.replay.wait(10)
            packets, seconds = read(directory, 'sent').split()
            return int(packets), float(seconds)
        return sent

    def verdict_time(self, host):
        """Cuts the host's power; the seconds until knelld's verdict. Wants knelld to be at peace with it."""
        self.mark()
        cut = time.time()
        self.act('host', host, 'power-cut')
        return self.wait_for('HOST_FAILED', host).time - cut

    def watch_secrets(self):
        """From here on arguments and environments of all our processes are read; no_secrets() judges."""
        self.canaries = canary.Watch()
        self.canaries.start()

    def no_secrets(self, said):
        """In anything seen or written since watch_secrets(), nor in these {where: text}."""
        self.canaries.end()
        self.check(canary.secrets()['the token'], 'no token was ever seen')
        unseen = [p for p in canary.PROGRAMS if not self.canaries.seen.get(p)]
        self.check(not unseen, 'never seen at work: %s' % unseen)
        texts = [*self.canaries.texts, *canary.files(self), *((where, text.encode()) for where, text in said.items())]
        found = canary.found(texts)
        self.hold(not found, '; '.join(found))
        with open(self.dir + '/clouds.yaml', 'rb') as f:    # that the search finds what is there
            self.check(canary.found([('clouds.yaml', f.read())]), 'the search finds nothing')

    def no_core(self):
        """knelld and its helpers forbid their core dumps; knelld leaves none even where root can allow it again."""
        limits = {(program, most) for program, most in self.canaries.cores if program in ('knelld', 'knell-fence-ipmi')}
        self.check(('knelld', '0') in limits and ('knell-fence-ipmi', '0') in limits, 'limits seen: %s' % sorted(limits))
        left = []
        sleeper = subprocess.Popen(['bash', '-c', 'ulimit -c "$(ulimit -Hc)"; exec sleep 60'], cwd=self.dir)
        self.check(until(lambda: read('/proc/%d/comm' % sleeper.pid) == 'sleep', 5), 'bash has not become sleep')
        for victim in self.process, sleeper:
            subprocess.run(['prlimit', '--core=unlimited:unlimited', '--pid', str(victim.pid)], check=False,
                           stderr=subprocess.DEVNULL)
            victim.send_signal(signal.SIGABRT)
            victim.wait(20)
            left.append([name for name in os.listdir(self.dir) if name.startswith('core')])
        self.check(left[1], 'nobody leaves a core here, so that nothing was shown')
        self.check(not left[0], 'knelld left %s' % left[0])

    def secret_file(self, name):
        return os.path.join(self.dir, 'secrets', name)

    def set_file(self, name, mode=None, owner=None):
        if mode is not None:
            os.chmod(name, mode)
        if owner is not None:
            os.chown(name, owner, -1)

    def scrape_text(self):
        with urllib.request.urlopen('http://127.0.0.1:9712/metrics', timeout=10) as answer:
            return answer.read().decode()

    def say(self, text):
        print('    ' + text, flush=True)

    def few_files(self, more=None):
        """knelld may open so many files beside those that it has open now; without a number, as many as at the start."""
        if self.files is None:
            self.files = subprocess.run(['prlimit', '--nofile', '--raw', '--noheadings', '--output', 'SOFT,HARD', '--pid',
                                         str(self.process.pid)], check=True, capture_output=True, text=True).stdout.split()
        used = {int(name) for name in os.listdir('/proc/%d/fd' % self.process.pid)}
        free = next(n for n in range(len(used) + 1) if n not in used)       # the limit is one of numbers
        soft = self.files[0] if more is None else str(free + more)
        subprocess.run(['prlimit', '--nofile=%s:%s' % (soft, self.files[1]), '--pid', str(self.process.pid)], check=True)

    def seconds_used(self):
        """Of CPU, by knelld."""
        with open('/proc/%d/stat' % self.process.pid, encoding='utf-8') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

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

    def knellctl_fails(self, *arguments, status):
        """What it says when it ends with this status."""
        ended, said = self._ask(*arguments)
        self.check(ended == status, 'knellctl %s: exit status %d, not %d' % (' '.join(arguments), ended, status))
        return said

    def scrape(self):
        """knelld's metrics, {name{labels}: value}."""
        with urllib.request.urlopen('http://127.0.0.1:9712/metrics', timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {l.rsplit(' ', 1)[0]: float(l.rsplit(' ', 1)[1]) for l in lines if l and not l.startswith('#')}

    def asks(self, where):
        """One of the health endpoints: its status, and what it says."""
        try:
            with urllib.request.urlopen('http://127.0.0.1:9712/' + where, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self, *reasons, seconds=10):
        """/readyz says so, or names these words of what is missing; /healthz is well all the while."""
        def fits():
            status, said = self.asks('readyz')
            return status == (503 if reasons else 200) and all(word in said for word in reasons)
        self.check(until(fits, seconds, 0.3), '/readyz is %d: %s' % self.asks('readyz'))
        self.check(self.asks('healthz') == (200, 'ok\n'), '/healthz is %d: %s' % self.asks('healthz'))

    def owners_see(self, cloud='lab'):
        """{server: host_status} by `knellctl server list`, as the user of that entry of clouds.yaml."""
        asked = subprocess.run([os.path.join(BIN, 'knellctl'), 'server', 'list', '--os-cloud', cloud, '--format', 'json'],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                               env={**os.environ, 'OS_CLIENT_CONFIG_FILE': path('os', 'clouds.yaml')})
        self.check(not asked.returncode, 'server list as %s: %s' % (cloud, asked.stderr))
        return {server['name']: server['host_status'] for server in json.loads(asked.stdout)['servers']}

    def all_see(self, server, value):
        """knellctl and the OpenStack client show the same host_status; a user who owns no server sees none."""
        began = time.time()
        seen = self.owners_see()
        self.say('%s is %s to `server list`, asked in %.1f s' % (server, seen.get(server), time.time() - began))
        shown = subprocess.run(['openstack', '--os-cloud', 'lab', '--os-compute-api-version', '2.72', 'server', 'show', server,
                                '--format', 'json'], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                               check=False, env={**os.environ, 'OS_CLIENT_CONFIG_FILE': path('os', 'clouds.yaml')})
        self.check(not shown.returncode, 'openstack server show: ' + shown.stderr)
        theirs = json.loads(shown.stdout)['host_status']
        self.check(seen.get(server) == theirs == value, '%s is %s to knellctl and %s to openstack, not %s' % (
            server, seen.get(server), theirs, value))
        self.check(self.owners_see('lab-demo') == {}, 'another project sees %s' % self.owners_see('lab-demo'))

    def listens_on(self, port):
        """Somebody else's socket on this port."""
        return socket.create_server(('127.0.0.1', port))

    def order(self, *arguments, status=0):
        """An operator's order, with a reason; refused orders end with status 3."""
        return self.knellctl(*arguments, '--reason', 'the story wants it', *self._sure(arguments), status=status)

    def _sure(self, arguments):
        if 'confirm-off' in arguments:
            self.on_a_word.update(set(arguments) & set(host_names()))
        return ('--yes',) if set(arguments) & {'fence', 'confirm-off'} else ()

    def order_kept(self, *arguments, taken=lambda: True):
        """An order given to a knelld that may be killed while it takes it: again until it is answered. Refused when it
        is given again means that it was taken the first time, or, as long as nothing of that is seen, that it is too early."""
        sure, again = self._sure(arguments), False
        reason = () if 'readmit' in arguments else ('--reason', 'the story wants it')
        while True:
            status, said = self._ask(*arguments, *reason, *sure)
            if status == 0 or (again and status == 3 and taken()):
                return
            later = status == 4 or 'is not known' in said or (status == 3 and (again or not taken()))
            if not later or self._has_ended():
                raise Failed('knellctl %s: exit status %d: %s' % (' '.join(arguments), status, said))
            again = True
            time.sleep(0.3)

    def knellctl_again(self, *arguments):
        """Of a knelld that may just be starting."""
        answer = until(lambda: (lambda status, said: said if status == 0 else '')(*self._ask(*arguments)), 15, 0.2)
        self.check(answer, 'knellctl %s finds no knelld' % ' '.join(arguments))
        return answer

    def _ask(self, *arguments):
        done = subprocess.run([os.path.join(BIN, 'knellctl'), '--socket', self.dir + '/control', *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

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
        found = until(lambda: self._find(word, host, since) or self._has_ended(), seconds)
        if not found:
            raise Failed('waited %d s for %s' % (seconds, ' '.join(filter(None, (word, host)))))
        line = self._find(word, host, since)
        if not line:
            raise Failed(self.supervisor and self.supervisor.problem or
                         'knelld ended with status %s' % self.process.returncode)
        return line

    def _has_ended(self):
        """For good."""
        return self.supervisor.ending.is_set() if self.supervisor else self.process.poll() is not None

    def never(self, word, host=None, seconds=5):
        line = until(lambda: self._find(word, host), seconds)
        if line:
            raise (Broken if word in GRAVE else Failed)('must not be: ' + log.say(line))

    # --- the world
    def check(self, truth, otherwise):
        if not truth:
            raise Failed(otherwise)

    def hold(self, truth, otherwise):
        if not truth:
            raise Broken(otherwise)

    def flag_of(self, host):
        return openstack.services()[host]['forced_down']

    def nova_flag_stays(self, host, value):
        """It is so, and no patience makes it otherwise."""
        self.hold(self.flag_of(host) == value,
                  'Nova does not say forced_down=%s of %s any more' % (str(value).lower(), host))

    def nova_flag(self, host, value, seconds=10):
        """forced_down, as an administrator reads it."""
        if not until(lambda: self.flag_of(host) == value, seconds, 0.2):
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
        self.hold(self.writes(host)[-1] == last, '%s still writes' % host)

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

    def disable(self, host, reason):
        openstack.set_status(host, 'disabled', reason)

    def enable(self, host):
        openstack.set_status(host, 'enabled')

    def failed_logins(self, host):
        """Since the story began, as the host's BMC counts them: begun, and not to a good end."""
        with open(path('hosts', host, 'bmc.log')) as f:
            f.seek(self.bmc_from.get(host, 0))
            lines = f.read()
        return lines.count(' begins\n') - lines.count(' succeeds\n')

    # --- audits, after every story
    def audit(self):
        """What must be true of every story, whatever it tells."""
        for place, line in enumerate(self.log()):
            if line.id in ('HOST_FENCED', 'HOST_FORCED_DOWN') and 'told before' not in line.text:
                said = line.time - next((clock for since, clock in reversed(self.clocks) if since <= place), 0)
                events = [e.split() for e in read('hosts', line.host, 'power.log').splitlines()]
                again = min((float(e[0]) for e in events if e[1] == 'on' and float(e[0]) > said),
                            default=float('inf'))
                late = [t for t in self.writes(line.host) if said < t < again]
                if late:
                    raise Broken('%s wrote %.1f s after %s' % (line.host, late[-1] - said, line.id))
        found = canary.found(canary.files(self))
        self.hold(not found, '; '.join(found))


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
        if service['status'] == 'disabled':
            openstack.set_status(host, 'enabled')
    for i, host in enumerate(host_names(), 1):
        for address in mgmt_address(i), storage_address(i):
            if not until(lambda address=address: pings(address), 20):
                raise LabError('%s does not answer at %s' % (host, address))
        if not until(lambda host=host: read('hosts', host, 'agent.pid'), 10):
            raise LabError('%s has no agent: see %s' % (host, path('hosts', host, 'agent.log')))


def pings(address):
    return not subprocess.run(['ping', '-n', '-q', '-c', '1', '-W', '1', address], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
