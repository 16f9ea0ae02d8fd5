# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd does for knelld, and what a test does to it at one of its failpoints (daemon/failpoint.hpp)."""
import contextlib
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
import time

STOPPED_FOR = 8         # beyond every deadline that a story with failpoints sets, s
FROZEN_FOR = 90         # beyond the life of a session at a BMC, s
LINGERING = 0.2         # what was given away before knelld was halted arrives within, s


class Supervisor(threading.Thread):
    """Starts knelld again whenever it ends, until it is told to end. `action` is done at `point`, once:
    kill   kill -9
    term   SIGTERM, after which knelld must end in order
    stop   SIGSTOP for longer than any deadline
    frozen SIGSTOP for longer than a BMC keeps a session
    full   from there on the journal's disk is full, for as long
    eio    from there on the journal's disk fails every fsync, for as long"""

    def __init__(self, story, point, action):
        super().__init__(daemon=True)
        self.story, self.point, self.action = story, point, action
        self.leaves_an_heir = action in ('kill', 'term', 'eio')     # another knelld goes on, not the one that was struck
        self.rows, self.passed_at, self.over_at, self.released_at, self.problem = [], 0.0, 0.0, 0.0, ''
        self.passed, self.over, self.ending = threading.Event(), threading.Event(), threading.Event()

    def run(self):
        try:
            self._run()
        except Exception as error:      # pylint: disable=broad-except
            self.problem = '%s: %s' % (type(error).__name__, error)
            self.ending.set()

    def _run(self):
        process = self._begin(self.point + ':' + ('kill' if self.action == 'kill' else 'stop'))
        while not self.ending.wait(0.02):
            if not self.passed.is_set() and self._is_halted(process):
                self._act(process)
                self._end_strike()
            code = process.poll()
            if code is None:
                continue
            if not self.passed.is_set() and code == -signal.SIGKILL:
                self._note()
                self._end_strike()
            if code == 78 or self.ending.wait(0.2):     # RestartPreventExitStatus, RestartSec
                break
            self.released_at = self.released_at or time.time()
            process = self._begin('')
        self.ending.set()

    def end(self):
        """What went wrong with it, if anything did."""
        self.ending.set()
        self.join(30)
        return self.problem

    def _begin(self, failpoint):
        process = self.story.spawn(KNELL_FAILPOINT=failpoint)
        self.story.process = process
        return process

    def _note(self):
        self.rows, self.passed_at = rows_of(self.story), time.time()
        self.passed.set()

    def _end_strike(self):
        self.over_at = time.time()
        self.over.set()

    def _is_halted(self, process):
        with contextlib.suppress(OSError), open('/proc/%d/stat' % process.pid) as f:
            return f.read().rpartition(')')[2].split()[0] == 'T'
        return False

    def _act(self, process):
        self._note()
        if self.action == 'term':
            self._terminate(process)
        elif self.action in ('stop', 'frozen'):
            time.sleep(FROZEN_FOR if self.action == 'frozen' else STOPPED_FOR)
            self._go_on(process)
        elif self.action == 'full':
            self.story.fill_disk()
            self._go_on(process)
            time.sleep(STOPPED_FOR)
            self.story.free_disk()
        else:
            with self.story.failing_syncs():
                self._go_on(process)
                end = time.monotonic() + STOPPED_FOR
                while process.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)

    def _go_on(self, process):
        time.sleep(LINGERING)
        self.released_at = time.time()
        process.send_signal(signal.SIGCONT)

    def _terminate(self, process):
        process.send_signal(signal.SIGTERM)
        self._go_on(process)
        code = process.wait(15)
        last = self.story.log()[-1].id
        if code or last != 'KNELL_STOPPING':
            raise RuntimeError('knelld ended with %d after SIGTERM, its last word is %s' % (code, last))


def rows_of(story):
    """The journal's rows as [(at, what, host, episode, seq)], whether knelld runs or not: of a copy, which sqlite may tidy."""
    return rows_in(os.path.join(story.dir, 'state'))


def rows_in(directory, log_length=None):
    """With as much of the write-ahead log."""
    with tempfile.TemporaryDirectory() as copy:
        for name in 'journal.sqlite', 'journal.sqlite-wal':
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(os.path.join(directory, name), copy)
        if not os.path.exists(copy + '/journal.sqlite'):
            return []
        if log_length is not None:
            os.truncate(copy + '/journal.sqlite-wal', log_length)
        with contextlib.closing(sqlite3.connect(copy + '/journal.sqlite')) as database:
            return database.execute('SELECT at, what, host, episode, seq FROM entry ORDER BY seq').fetchall()


def cut_journal(story, what):
    """`log-lost`: the write-ahead log, with every row; `log-cut`: all behind the row `fencing`; `file-cut`: half of the file."""
    here = os.path.join(story.dir, 'state')
    file, log = here + '/journal.sqlite', here + '/journal.sqlite-wal'
    if what == 'file-cut':
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        return os.truncate(file, os.path.getsize(file) // 2)
    length = 0
    if what == 'log-cut':
        def ends_with_fencing(size):
            return [row[1] for row in rows_in(here, size) if row[1] != 'told'][-1:] == ['fencing']
        length = next(size for size in range(os.path.getsize(log), 0, -1024) if ends_with_fencing(size))
    return os.truncate(log, length)
