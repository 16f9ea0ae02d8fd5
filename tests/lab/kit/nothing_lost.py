# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of an episode whatever happened to knelld in it: judged from outside, by the journal's rows, the
BMC's log, the proxy's log and what knelld said."""
import datetime

from kit.common import read, path

OFF, STATUS = 'netfn 00 cmd 02 00', 'netfn 00 cmd 01'      # IPMI v2.0, 28.3 and 28.2
OVER = 'readmitted', 'cancelled'
ASIDE = 'told', 'refused', 'unrefused', 'ordered'   # an order that was killed before its answer was never promised


def seconds(at):
    return datetime.datetime.fromisoformat(at.replace('Z', '+00:00')).timestamp()


def problems(story, host, rows, rows_then):
    """`rows` are the journal's now, `rows_then` when the process was struck."""
    if rows[:len(rows_then)] != rows_then:
        yield 'what the journal held when knelld was struck is not what it holds now'
    if [row[4] for row in rows] != list(range(1, len(rows) + 1)):
        yield 'the journal has gaps'
    of_host = [(seconds(at), what) for at, what, name, _, _ in rows if name == host and what not in ASIDE]
    if not of_host or of_host[-1][1] not in OVER:
        yield 'the episode is not over: %s' % ' '.join(what for _, what in of_host)
    if len({episode for _, what, name, episode, _ in rows if name == host and what in OVER}) != len(
            {episode for _, what, name, episode, _ in rows if name == host and what not in ASIDE and episode}):
        yield 'an episode was forgotten'

    def durable_before(moment, what):
        return any(t <= moment and w == what for t, w in of_host)
    commands = bmc_commands(story, host)
    offs = [t for t, text in commands if text == OFF]
    reads = [t for t, text in commands if text.startswith(STATUS)]
    if not offs:
        yield 'power off was never commanded'
    yield from ('power off was commanded without an intent in the journal' for t in offs if not durable_before(t, 'fencing'))
    starts = [line.time for line in story.log() if line.id == 'KNELL_STARTED']
    for moment, wanted in puts(story):
        if not durable_before(moment, 'forcing_down' if wanted else 'clearing'):
            yield 'Nova was told without an intent in the journal'
        began = max((t for t in starts if t < moment), default=0)
        if wanted and not any(began < t < moment for t in reads):
            yield 'Nova was told forced_down by a process that had not read the power itself'
    for word in 'HOST_FENCING', 'HOST_FORCED_DOWN', 'HOST_READMITTED':
        if not any(line.id == word and line.host == host for line in story.log()):
            yield '%s was never said' % word


def bmc_commands(story, host):
    with open(path('hosts', host, 'bmc.log')) as f:
        f.seek(story.bmc_from.get(host, 0))
        lines = [line.strip().split(' ', 1) for line in f]
    return [(float(t), text) for t, text in lines if text.startswith('netfn')]


def puts(story):
    """(when, wanted) of every PUT of the flag that reached the proxy."""
    for line in read('proxy.log').splitlines():
        moment, method, rest = line.split(' ', 2)
        if method == 'PUT' and float(moment) > story.began:
            yield float(moment), '"forced_down": true' in rest or '"forced_down":true' in rest
