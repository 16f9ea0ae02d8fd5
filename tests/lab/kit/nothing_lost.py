# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of an episode whatever happened to knelld in it: judged from outside, by the journal's rows, the
BMC's log, the proxy's log and what knelld said."""
import datetime

from kit import openstack
from kit.common import read, path

OFF, READS = 'netfn 00 cmd 02 00', 'power reads '       # IPMI v2.0, 28.3; and what the BMC said of the power, 28.2
OVER = 'readmitted', 'cancelled'
ASIDE = 'told', 'refused', 'unrefused', 'ordered'   # an order that was killed before its answer was never promised
FRESH = 2 + 1                       # fencing.fresh of a story, and what it takes from knelld to Nova, s
TOLD = 'HOST_FENCING', 'HOST_FENCED', 'HOST_FORCED_DOWN', 'HOST_READMITTED'
# Struck there the record is queued and not durable, so that nothing may have left that needs it.
TOO_SOON = {'after-record-fencing': 'power off was commanded', 'after-record-forcing_down': 'forced_down was set',
            'after-record-clearing': 'forced_down was cleared'}


def seconds(at):
    return datetime.datetime.fromisoformat(at.replace('Z', '+00:00')).timestamp()


def acts_without_proof(story, host, rows_of):
    """What may not be at any time, also in the midst of an episode. The rows come last: what was done needs them."""
    commands, told, log = bmc_log(story, host), list(puts(story, host)), story.log()
    rows = [(seconds(at), what) for at, what, name, _, _ in rows_of(story) if name == host]
    offs = [t for t, text in commands if text.startswith(OFF)]
    reads = [(t, text.removeprefix(READS)) for t, text in commands if text.startswith(READS)]

    def durable_before(moment, what):
        return any(t <= moment and w == what for t, w in rows)
    yield from ('power off was commanded without an intent in the journal' for t in offs if not durable_before(t, 'fencing'))
    starts = [line.time for line in log if line.id == 'KNELL_STARTED']
    for moment, wanted in told:
        if not durable_before(moment, 'forcing_down' if wanted else 'clearing'):
            yield 'Nova was told without an intent in the journal'
        if wanted and host not in story.on_a_word:
            began = max((t for t in starts if t < moment), default=0)
            yield from lack_of_proof(moment, began, offs, reads)
    struck = story.supervisor
    if struck and struck.released_at and struck.point in TOO_SOON:
        left = {'power off was commanded': offs, 'forced_down was set': [t for t, wanted in told if wanted],
                'forced_down was cleared': [t for t, wanted in told if not wanted]}[TOO_SOON[struck.point]]
        if any(t <= struck.released_at for t in left):
            yield TOO_SOON[struck.point] + ' before its record was durable'


def lack_of_proof(moment, began, offs, reads):
    """Of a PUT of true at that moment, by the process that began then."""
    off = max((t for t in offs if began < t < moment), default=None)
    if off is None:
        yield 'Nova was told forced_down by a process that had not commanded power off'
        return
    last, said = max(((t, said) for t, said in reads if off < t < moment), default=(0, 'nothing'))
    if said != 'off' or moment - last > FRESH:
        yield 'Nova was told forced_down %.1f s after the power was last read, as %s' % (moment - last, said)


def problems(story, host, rows_of, rows_then):
    """`rows_then`: the journal's when the process was struck. The episode is over."""
    yield from acts_without_proof(story, host, rows_of)
    rows, log = rows_of(story), [line for line in story.log() if line.host == host or line.id == 'KNELL_STARTED']
    if rows[:len(rows_then)] != rows_then:
        yield 'what the journal held when knelld was struck is not what it holds now'
    if [row[4] for row in rows] != list(range(1, len(rows) + 1)):
        yield 'the journal has gaps'
    if host not in story.on_a_word and not any(text.startswith(OFF) for _, text in bmc_log(story, host)):
        yield 'power off was never commanded'
    of_host = [(seconds(at), what, episode) for at, what, name, episode, _ in rows if name == host and what not in ASIDE]
    if not of_host or of_host[-1][1] not in OVER:
        yield 'the episode is not over: %s' % ' '.join(what for _, what, _ in of_host)
    if {episode for _, what, episode in of_host if what in OVER} != {episode for _, _, episode in of_host if episode}:
        yield 'an episode was forgotten'
    yield from not_resumed(log, of_host)
    said = {(line.id, line.episode) for line in log}
    if not any(all((word, episode) in said for word in TOLD) for _, _, episode in of_host):
        yield 'no one episode was told whole: %s' % sorted(said & {(word, line.episode) for word in TOLD for line in log})


def not_resumed(log, of_host):
    """Each heir says which episode it found open."""
    starts = [place for place, line in enumerate(log) if line.id == 'KNELL_STARTED'] + [len(log)]
    for begin, end in list(zip(starts, starts[1:]))[1:]:
        found = [(what, episode) for t, what, episode in of_host if t < log[begin].time]
        if found and found[-1][0] not in OVER and not any(
                line.id == 'HOST_RESUMED' and line.episode == found[-1][1] for line in log[begin:end]):
            yield 'HOST_RESUMED was not said of episode %d, which was left at %s' % (found[-1][1], found[-1][0])


def bmc_log(story, host):
    """(when, what) of the BMC's own log since the story began."""
    with open(path('hosts', host, 'bmc.log')) as f:
        f.seek(story.bmc_from.get(host, 0))
        lines = [line.strip().split(' ', 1) for line in f]
    return [(float(line[0]), line[1]) for line in lines if len(line) == 2]


def puts(story, host):
    """(when, wanted) of every PUT of the host's flag that reached the proxy."""
    service = '/os-services/%s ' % openstack.services()[host]['id']
    for line in read('proxy.log').splitlines():
        moment, method, rest = line.split(' ', 2)
        if method == 'PUT' and service in rest and float(moment) > story.began:
            yield float(moment), '"forced_down": true' in rest or '"forced_down":true' in rest
