# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long quiet time costs knelld: its memory, its descriptors, and how late its loop is."""
import collections
import json
import os
import time

from kit import config

Usage = collections.namedtuple('Usage', 'memory descriptors')       # KiB of resident memory; how many
LAG = 'knell_eventloop_lag_seconds_bucket{le="'


def seconds():
    return int(os.environ.get('KNELL_SOAK', '120'))


def verbs(story):
    def with_hosts(more):
        """The inventory and these hosts, as a setting."""
        return json.dumps(config.knell(story.dir)['hosts'] + more)

    def usage():
        here = '/proc/%d' % story.process.pid
        with open(here + '/status') as f:
            memory = next(int(line.split()[1]) for line in f if line.startswith('VmRSS:'))
        return Usage(memory, len(os.listdir(here + '/fd')))

    def stay_quiet(long):
        """Nothing happens, and nobody is suspected."""
        end = time.monotonic() + long
        while time.monotonic() < end:
            story.never('HOST_SUSPECTED', seconds=0)
            story.check(story.process.poll() is None, 'knelld ended')
            time.sleep(min(5, max(0, end - time.monotonic())))

    def counted(name, began, ended):
        """How much the counter grew, over all its labels."""
        return sum(value - began.get(key, 0) for key, value in ended.items() if key.split('{')[0] == name)

    def lag(began, ended, share):
        """The bound below which that share of the loop's wakes was late."""
        grown = sorted((float(key[len(LAG):-2]), value - began.get(key, 0)) for key, value in ended.items()
                       if key.startswith(LAG))
        return next(bound for bound, count in grown if count >= share * grown[-1][1])

    return {'soak_seconds': seconds, 'with_hosts': with_hosts, 'usage': usage, 'stay_quiet': stay_quiet,
            'counted': counted, 'lag': lag}
