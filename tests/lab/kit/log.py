# SPDX-License-Identifier: GPL-3.0-or-later
"""knelld's log as a story sees it, and the `expect` files that it is held against.

A line of `expect` is one of
  ID host      this line of the log, or `ID` for a line that names no host
  ...          whatever the log says in between
  ! ID host    must not occur anywhere; `! ID` alone forbids it for every host
  # comment
Where no `...` stands between two lines, the log says nothing else about their hosts in between.
"""
import collections
import datetime
import re

Line = collections.namedtuple('Line', 'time weight id host episode text')
PATTERN = re.compile(r'(\d{4}-\d\d-\d\dT[\d:.]+Z) +([A-Z]+) +([A-Z_]{3,})(?: host=(\S+))?(?: episode=(\d+))?(?: (.*))?$')


def parse(text):
    lines = []
    for raw in text.splitlines():
        match = PATTERN.match(raw)
        if match and match.group(2) != 'DETAIL':        # kept for explanations
            stamp, weight, word, host, episode, rest = match.groups()
            moment = datetime.datetime.fromisoformat(stamp[:-1] + '+00:00').timestamp()
            lines.append(Line(moment, weight, word, host, int(episode or 0), rest or ''))
    return lines


def say(line):
    return line.id + (' ' + line.host if line.host else '')


def differences(expected, log):
    """What the log lacks, or says that it must not; empty if the story went as told."""
    wanted, forbidden = [], []
    for raw in expected.splitlines():
        text = raw.split('#')[0].strip()
        if text.startswith('!'):
            forbidden.append(text[1:].split())
        elif text:
            wanted.append(text)
    problems = ['must not be: ' + say(line) for word in forbidden for line in log
                if line.id == word[0] and (len(word) == 1 or line.host == word[1])]
    reached = furthest(wanted, [say(line) for line in log])
    if reached < len(wanted):
        problems.append('not found in this order: ' + wanted[reached])
    return problems


def furthest(wanted, said):
    """How many of the wanted lines can be matched, in order; all, if the log is right.

    A set of places in the log is carried along: each is where the lines so far may have ended.
    """
    places, gap, before = {0}, True, ''
    for number, want in enumerate(wanted):
        if want == '...':
            gap = True
            continue
        hosts = {w.split()[1] if ' ' in w else '' for w in (want, before) if w}
        found = set()
        for place in places:
            for i in range(place, len(said)):
                if said[i] == want:
                    found.add(i + 1)
                    if not gap:
                        break
                if not gap and (said[i].split() + [''])[1] in hosts:
                    break
        if not found:
            return number
        places, gap, before = found, False, want
    return len(wanted)
