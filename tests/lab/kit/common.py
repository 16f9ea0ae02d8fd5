# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie, and processes that are found again by pid and start time."""
import contextlib
import fcntl
import hashlib
import hmac
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAB = os.path.realpath(os.environ.get('KNELL_LAB_DIR', '/tmp/knell-lab'))
BIN = os.path.realpath(os.environ.get('KNELL_BIN', os.path.join(HERE, '../../build/dev/bin')))
PYTHON = '/usr/bin/python3'             # Debian's own, whatever else is in PATH
MGMT, STORAGE = '10.213.77.', 'fd6b:6e65::'
HEARTBEAT_PORT = 7412
CHANNEL_PORT = 7413


class LabError(Exception):
    """Something to tell the user in one sentence."""


def die(text):
    sys.exit('lab: ' + text)


def path(*parts):
    return os.path.join(LAB, *parts)


def read(*parts):
    with contextlib.suppress(OSError), open(path(*parts)) as f:
        return f.read().strip()
    return ''


def write(text, *parts, mode=0o600):
    """Whole or not at all: other processes read these files."""
    target = path(*parts)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(os.open(target + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w') as f:
        f.write(text)
    os.replace(target + '.new', target)


def append(text, *parts):
    with open(path(*parts), 'a') as f:
        f.write(text)


@contextlib.contextmanager
def locked(*parts):
    with open(path(*parts), 'w') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


# --- hosts
def host_names():
    return ['compute%d' % (i + 1) for i in range(int(read('hosts.count') or 0))]


def number(host):
    if host not in host_names():
        raise LabError('no such host: %s (there are %s)' % (host, ' '.join(host_names()) or 'none: `lab up`'))
    return int(host.removeprefix('compute'))


def mgmt_address(i):
    return MGMT + str(10 + i)


def storage_address(i):
    return STORAGE + str(10 + i)


def bmc_address(i):
    return '127.0.10.%d' % i


def system_uuid(i):
    return '6b6e656c-6c00-4000-8000-%012d' % i


def heartbeat_key(site_key, host):
    """HKDF-SHA256 (RFC 5869) with an empty salt, one block: the key of one host, from the site's."""
    prk = hmac.new(bytes(32), site_key, hashlib.sha256).digest()
    return hmac.new(prk, b'knell heartbeat ' + host.encode() + b'\x01', hashlib.sha256).digest()


# --- processes; a pidfile holds "pid starttime", so that a recycled pid is never taken for ours
def stat_of(pid):
    """(state, process group, start time) of a process, or None."""
    with contextlib.suppress(OSError), open('/proc/%s/stat' % pid) as f:
        fields = f.read().rsplit(')', 1)[1].split()
        return fields[0], int(fields[2]), fields[19]
    return None


def start_time(pid):
    stat = stat_of(pid)
    return stat[2] if stat and stat[0] not in 'ZX' else ''


def record(pid, *parts):
    write('%d %s' % (pid, start_time(pid)), *parts)


def pid_of(*parts):
    """The pid in a pidfile, if it is still that process; else 0."""
    pid, _, started = read(*parts).partition(' ')
    return int(pid) if started and start_time(pid) == started else 0


def group_alive(pgid):
    """Whether any process of the group lives; zombies do not count, pid 1 may be slow to reap."""
    return any(stat and stat[1] == pgid and stat[0] not in 'ZX'
               for stat in (stat_of(d) for d in os.listdir('/proc') if d.isdigit()))


def send(pid, number_of_signal):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number_of_signal)


def until(condition, seconds, interval=0.02):
    """Wait for a condition; its value, which is false if it never came true."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(interval)
    return value


def end_process(*parts, patience=10):
    """TERM, then KILL, the process of a pidfile; also if it is stopped."""
    pid = pid_of(*parts)
    if pid:
        send(pid, signal.SIGTERM)
        send(pid, signal.SIGCONT)
        if not until(lambda: not pid_of(*parts), patience):
            send(pid, signal.SIGKILL)
            until(lambda: not pid_of(*parts), 5)


def start_process(command, log, *pidfile, environment=None):
    """In a session of its own, with a log and a pidfile."""
    with open(path(log), 'ab') as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True, env=environment)
    record(process.pid, *pidfile)
    return process
