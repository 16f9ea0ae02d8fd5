# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with systemd as its first process: this one's file system under an overlay in memory, booted to
basic.target by systemd-nspawn, with a network and processes of its own. It ends with whoever made it."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

CGROUPS = [d for d in ('/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified')
           if os.path.exists(d + '/cgroup.procs')]


class Failed(Exception):
    """What was expected is not so."""


def check(truth, otherwise):
    if not truth:
        raise Failed(otherwise)


def until(condition, seconds, interval=0.05):
    """Wait for a condition; its value, which is false if it never came true."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(interval)
    return value


class Machine:
    def __init__(self):
        """Must be called in a mount namespace of its own."""
        self.here = tempfile.mkdtemp(prefix='knell-systemd.')
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1g,mode=755', 'tmpfs', self.here], check=True)
        for name in 'up', 'work', 'root':
            os.mkdir(os.path.join(self.here, name))
        self.root = os.path.join(self.here, 'root')
        subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=/,upperdir=%s/up,workdir=%s/work' % (
            self.here, self.here), self.root], check=True)
        self.cgroups = []
        self.process, self.leader, self.switch = None, 0, None

    # --- files
    def path(self, name):
        return self.root + name

    def write(self, name, text, mode=0o644, owner=None):
        """`owner` is user:group by the machine's own users; it must have booted for that."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        if owner:
            self.run('chown', owner, name)

    def remove(self, name):
        """The lower file system keeps what it has."""
        if os.path.isdir(self.path(name)) and not os.path.islink(self.path(name)):
            shutil.rmtree(self.path(name))
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path(name))

    # --- power
    def boot(self):
        """Until systemd has reached its target."""
        for parent in CGROUPS:
            mine = '%s/knell-test-%d' % (parent, os.getpid())
            os.makedirs(mine, exist_ok=True)
            self.cgroups.append(mine)

        def move():
            for mine in self.cgroups:
                with open(mine + '/cgroup.procs', 'w') as f:
                    f.write('0')
        with open(self.here + '/console', 'w') as console:
            self.process = subprocess.Popen(
                ['systemd-nspawn', '--quiet', '--directory', self.root, '--private-network', '--register=no',
                 '--keep-unit', '--machine=knelltest', '--boot', 'systemd.unit=basic.target'],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, preexec_fn=move)   # pylint: disable=W1509
        check(until(self.find_leader, 20), 'systemd-nspawn has not started:\n' + self.console())
        check(until(self.has_booted, 60, 0.2), 'systemd has not booted:\n' + self.console())

    def console(self):
        with open(self.here + '/console', errors='replace') as f:
            return ''.join(f.readlines()[-15:])

    def find_leader(self):
        with contextlib.suppress(OSError), open('/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)) as f:
            for pid in f.read().split():
                with open('/proc/%s/comm' % pid) as comm:
                    if comm.read().strip() == 'systemd':
                        self.leader = int(pid)
        return self.leader

    def has_booted(self):
        return self.ask('systemctl', 'is-active', 'basic.target') == 'active'

    def power_off(self):
        """At once and for good."""
        if self.switch:
            self.switch.kill()
            self.switch.wait()
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        for mine in self.cgroups:
            for directory, _, _ in os.walk(mine, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
        for mount in self.root, self.here:
            subprocess.run(['umount', '--lazy', mount], check=False)
        with contextlib.suppress(OSError):
            os.rmdir(self.here)

    # --- what is done inside
    def inside(self, *command):
        return ['nsenter', '--target', str(self.leader), '--mount', '--uts', '--ipc', '--net', '--pid', '--', *command]

    def try_run(self, *command, seconds=60, text=None):
        return subprocess.run(self.inside('env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8', *command),
                              stdin=subprocess.DEVNULL if text is None else None, input=text, capture_output=True,
                              text=True, timeout=seconds, check=False)

    def run(self, *command, text=None):
        done = self.try_run(*command, text=text)
        if done.returncode:
            raise Failed('%s: %s' % (' '.join(command), (done.stderr or done.stdout).strip()))
        return done.stdout.strip()

    def ask(self, *command):
        return self.try_run(*command).stdout.strip()

    def as_user(self, user, *command):
        """As that user with his groups; what came of it."""
        return self.try_run('setpriv', '--reuid', user, '--regid', user, '--init-groups', '--', *command)

    def network(self, *command):
        """A program of ours, in the machine's network."""
        return ['nsenter', '--target', str(self.leader), '--net', '--', *command]

    def plug_in(self, own, others):
        """A cable to a network of other hosts: the machine's addresses at one end, theirs at the other."""
        self.switch = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'], stdin=subprocess.DEVNULL)
        here = os.readlink('/proc/self/ns/net')
        check(until(lambda: os.readlink('/proc/%d/ns/net' % self.switch.pid) != here, 5), 'no network for other hosts')
        subprocess.run(self.beyond('ip', 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'near', 'netns',
                                   str(self.leader)), check=True)
        for prefix, device, addresses in ((self.network(), 'near', own), (self.beyond(), 'far', others)):
            lines = ['link set lo up', 'link set %s up' % device] + ['addr add %s/24 dev %s' % (a, device) for a in addresses]
            subprocess.run([*prefix, 'ip', '-batch', '-'], input='\n'.join(lines) + '\n', text=True, check=True)

    def beyond(self, *command):
        """A program of ours, in the network of the other hosts."""
        return ['nsenter', '--target', str(self.switch.pid), '--net', '--', *command]

    def systemctl(self, *arguments):
        return self.run('systemctl', '--no-ask-password', *arguments)

    def property(self, unit, name):
        return self.ask('systemctl', 'show', '--value', '--property', name, unit)

    def pid(self, unit):
        """As the machine counts; see outer_pid()."""
        return int(self.property(unit, 'MainPID') or 0)

    def outer_pid(self, unit):
        """The same process as we see it."""
        pid = self.pid(unit)
        for name in os.listdir('/proc') if pid else []:
            with contextlib.suppress(OSError, IndexError):
                if not name.isdigit() or os.readlink('/proc/%s/ns/pid' % name) != os.readlink('/proc/%d/ns/pid' % self.leader):
                    continue
                with open('/proc/%s/status' % name) as f:
                    if [line.split()[-1] for line in f if line.startswith('NSpid:')] == [str(pid)]:
                        return int(name)
        raise Failed('%s has no process' % unit)

    def journal(self, after=None, **fields):
        """The journal's records, each a dict of its fields, behind that cursor and with these fields."""
        lines = self.ask('journalctl', '--output=json', '--no-pager', *(('--after-cursor', after) if after else ()))
        records = [json.loads(line) for line in lines.splitlines() if line.startswith('{')]
        return [r for r in records if all(r.get(key) == value for key, value in fields.items())]

    def texts(self, unit, after=None):
        """What the processes of a service said."""
        return [str(r.get('MESSAGE')) for r in self.journal(after, _SYSTEMD_UNIT=unit + '.service')]

    def cursor(self):
        """Where the journal ends now."""
        self.run('journalctl', '--sync')
        return self.journal()[-1]['__CURSOR']
