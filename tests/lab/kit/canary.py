# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a secret could turn up, and whether it does: looked at all through a story."""
import contextlib
import os
import threading

from kit import config, openstack
from kit.common import host_names, path, read

PROGRAMS = 'knelld', 'knell-fence-ipmi', 'knell-agent', 'knellctl'
FOUND_IN = 'cmdline', 'environ'


class Watch(threading.Thread):
    """Reads arguments and environments of every process of ours, again and again; also how big a core each may leave."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ending = threading.Event()
        self.seen, self.texts, self.cores = {}, set(), set()

    def run(self):
        while not self.ending.wait(0.005):
            for pid in filter(str.isdigit, os.listdir('/proc')):
                with contextlib.suppress(OSError):
                    self._look(pid)

    def _look(self, pid):
        with open('/proc/%s/comm' % pid, encoding='utf-8') as f:
            name = f.read().strip()
        # The kernel keeps 15 characters of a name.
        program = next((p for p in PROGRAMS if p[:15] == name), None)
        if not program:
            return
        self.seen[program] = self.seen.get(program, 0) + 1
        for place in FOUND_IN:
            with open('/proc/%s/%s' % (pid, place), 'rb') as f:
                self.texts.add(('%s of %s' % (place, program), f.read()))
        with open('/proc/%s/limits' % pid, encoding='ascii') as f:
            self.cores.update((program, line.split()[4]) for line in f if line.startswith('Max core file size'))

    def end(self):
        self.ending.set()
        self.join(10)


def secrets():
    """{what it is: bytes}. The token is the one that was last used."""
    all_of_them = {'the BMC password': config.BMC_PASSWORD, 'the site key': read('site.key'), 'the Nova password': openstack.PASSWORD,
                   'the token': read('proxy.token')}
    all_of_them.update(('the key of ' + host, read('hosts', host, 'heartbeat.key')) for host in host_names())
    raw = {name + ', as bytes': bytes.fromhex(text) for name, text in all_of_them.items() if 'key' in name}
    return {**{name: text.encode() for name, text in all_of_them.items()}, **raw}


def files(story):
    """The logs, the journal's database and whatever else ours have written; not what we gave to knelld to read."""
    places = [path('hosts', host, 'agent.log') for host in host_names()]
    for directory, inner, names in os.walk(story.dir):
        inner[:] = [name for name in inner if name != 'secrets']
        places += [os.path.join(directory, name) for name in names if name != 'clouds.yaml']
    for place in filter(os.path.isfile, places):
        with open(place, 'rb') as f:
            yield place, f.read()


def found(texts):
    """"what in where" for each secret in each (where, bytes)."""
    wanted = secrets()
    unknown = [name for name, value in wanted.items() if not value and name != 'the token']     # that nobody asked for so far
    assert not unknown, 'a secret is not known: %s' % unknown
    return sorted({'%s in %s' % (name, where) for where, text in texts for name, value in wanted.items()
                   if value and value in text})
