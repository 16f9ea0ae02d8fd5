# SPDX-License-Identifier: GPL-3.0-or-later
"""Deaths and restarts: what systemd does when knelld ends or hangs, and what is lost by it."""
import os
import signal
import subprocess
import threading

from inside import AGENT, BMC_PASSWORD, BUILD, NOVA_PASSWORD, SITE_KEY, beats_are_heard, knell_yaml, said
from machine import check, until

CONTROL = '/run/knell/control'


def is_new(machine, pid):
    """Active again, as another process."""
    return machine.property('knelld', 'ActiveState') == 'active' and machine.pid('knelld') not in (0, pid)


def killed(machine):
    """After kill -9 systemd starts knelld again at once; nobody is suspected, and the agent's beats are heard again"""
    pid, cursor = machine.pid('knelld'), machine.cursor()
    os.kill(machine.outer_pid('knelld'), signal.SIGKILL)
    check(until(lambda: is_new(machine, pid), 10), 'it was not started again')
    said(machine, 'HOST_SEEN', after=cursor)
    beats_are_heard(machine)
    check(not machine.journal(cursor, KNELL_ID='HOST_SUSPECTED'), 'somebody was suspected')


def beats_meanwhile(_):
    """Heartbeats that are sent while knelld is down are heard afterwards"""
    return ('knelld opens its heartbeat sockets itself. A new process draws new nonces, so beats from before it would '
            'prove nothing (doc/adr/0004); the agent is heard again within its next few beats, as shown above')


def asked_meanwhile(machine):
    """With knelld.socket, who asks or orders while knelld hangs, is killed and started again is answered by the new one, and
    what was ordered is done"""
    machine.systemctl('stop', 'knelld')
    machine.systemctl('start', 'knelld.socket')
    machine.systemctl('start', 'knelld')
    pid, inner, answers = machine.outer_pid('knelld'), machine.pid('knelld'), {}
    os.kill(pid, signal.SIGSTOP)
    words = {'look': ('status',), 'look again': ('host', 'list'), 'order': ('hold', 'on', '--reason', 'a test')}

    def ask(what):
        answers[what] = machine.as_user('olga', 'knellctl', *words[what])
    asking = [threading.Thread(target=ask, args=(what,)) for what in words]
    for one in asking:
        one.start()
    queued = until(lambda: waiting(machine) == len(words), 20)
    os.kill(pid, signal.SIGKILL)
    for one in asking:
        one.join()
    check(queued, 'not all of them have connected to the stopped process')
    check(until(lambda: is_new(machine, inner), 10), 'it was not started again')
    wrong = {what: (a.returncode, a.stderr) for what, a in answers.items() if a.returncode}
    check(len(answers) == len(words) and not wrong, 'not answered: %s' % wrong)
    check('hold' in machine.run('knellctl', 'status').lower(), 'the order was lost')
    rita = machine.as_user('rita', 'knellctl', 'status')
    check(not rita.returncode, 'a reader cannot connect to the socket of systemd: ' + rita.stderr)
    machine.run('knellctl', 'hold', 'off', '--reason', 'a test')
    machine.systemctl('stop', 'knelld')
    check(machine.as_user('olga', 'knellctl', 'status').returncode == 0, 'the first question does not start knelld')
    machine.systemctl('stop', 'knelld.socket', 'knelld')
    machine.systemctl('start', 'knelld')


def waiting(machine):
    """How many have connected to the control socket and are not accepted yet."""
    listed = subprocess.run(machine.network('ss', '-xlH', 'src', CONTROL), capture_output=True, text=True, check=True).stdout
    return sum(int(line.split()[2]) for line in listed.splitlines())


def refused_meanwhile(machine):
    """Without one, knellctl says that knelld is not running, and with which command to look, and ends with 4"""
    machine.systemctl('stop', 'knelld')
    ended = machine.try_run('knellctl', 'status')
    machine.systemctl('start', 'knelld')
    check(ended.returncode == 4 and 'systemctl' in ended.stderr, 'exit status %d: %s' % (ended.returncode, ended.stderr))


def watched(machine, hang, *more):
    """A knelld under a short watchdog, with more in its unit; after `hang` it must be aborted and started again."""
    machine.write('/etc/systemd/system/knelld.service.d/short.conf',
                  '\n'.join(('[Service]', 'WatchdogSec=2s', 'TimeoutAbortSec=2s', *more, '')))
    machine.systemctl('daemon-reload')
    machine.systemctl('restart', 'knelld')
    pid, cursor = machine.pid('knelld'), machine.cursor()
    hang()
    check(until(lambda: is_new(machine, pid), 20), 'it was not started again')
    records = machine.journal(cursor, UNIT='knelld.service')
    ended = [r for r in records if 'EXIT_CODE' in r]
    check(any('Watchdog timeout' in r['MESSAGE'] for r in records),
          'systemd did not speak of the watchdog')
    check(any(r['EXIT_CODE'] == 'killed' and r['EXIT_STATUS'] == str(int(signal.SIGABRT)) for r in ended),
          'it did not end by SIGABRT, or left a core: %s' % [(r['EXIT_CODE'], r['EXIT_STATUS']) for r in ended])
    machine.remove('/etc/systemd/system/knelld.service.d')
    machine.systemctl('daemon-reload')
    machine.systemctl('restart', 'knelld')


def watchdog(machine):
    """A knelld that is stopped is aborted within WatchdogSec and started again, and leaves no core behind"""
    watched(machine, lambda: os.kill(machine.outer_pid('knelld'), signal.SIGSTOP))


def spinning(machine):
    """So is one whose loop goes round and round without getting anywhere"""
    with open(os.path.join(BUILD, 'CMakeCache.txt'), encoding='utf-8') as f:
        if 'KNELL_FAILPOINTS:BOOL=ON' not in f.read():
            return 'this build has no failpoints'

    def order():
        # Never answered: it spins when the order is durable.
        subprocess.Popen(machine.inside('knellctl', 'hold', 'on', '--reason', 'a test'), stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watched(machine, order, 'Environment=KNELL_FAILPOINT=after-answer:spin')
    check('hold' in machine.run('knellctl', 'status').lower(), 'what was ordered before it span is forgotten')
    machine.run('knellctl', 'hold', 'off', '--reason', 'a test')
    return None


def wrong_configuration(machine):
    """With a wrong configuration knelld ends with 78, and systemd does not start it again and again"""
    machine.write('/etc/knell/knell.yaml', 'mode: armd\n')
    cursor = machine.cursor()
    check(machine.try_run('systemctl', 'restart', 'knelld').returncode, 'it started')
    check(until(lambda: machine.property('knelld', 'ActiveState') == 'failed', 3), 'it is not failed, but ' +
          machine.property('knelld', 'ActiveState') + '/' + machine.property('knelld', 'SubState'))
    starts = len([r for r in machine.journal(cursor, UNIT='knelld.service') if 'Starting' in r['MESSAGE']])
    check(not until(lambda: machine.property('knelld', 'SubState') != 'failed', 2), 'it was started again')
    check(starts == 1, 'it was started %d times' % starts)
    check(any('armd' in text for text in machine.texts('knelld', cursor)),
          'the journal does not show the mistake')
    machine.write('/etc/knell/knell.yaml', knell_yaml())
    machine.systemctl('reset-failed', 'knelld')
    machine.systemctl('start', 'knelld')


def goodbye(machine):
    """An agent that is told to stop says goodbye first, and its host is left alone"""
    beats_are_heard(machine)
    cursor = machine.cursor()
    machine.systemctl('stop', 'knell-agent')
    record = said(machine, 'HOST_GOODBYE', after=cursor)
    check(record.get('KNELL_HOST') == 'compute1', 'of another host: %s' % record)
    check(not machine.journal(cursor, KNELL_ID='HOST_FENCING', KNELL_HOST='compute1'), 'it is fenced')


def shutdown(machine):
    """By default an agent's restart is no farewell, and the shutdown of its host is"""
    machine.write('/etc/knell/agent.yaml', AGENT.replace('goodbye: always', 'goodbye: on_shutdown'))
    machine.systemctl('start', 'knell-agent')
    cursor = machine.cursor()
    machine.systemctl('restart', 'knell-agent')
    ends = [text for text in machine.texts('knell-agent', cursor) if 'stopped' in text]
    check(ends == ['knell-agent: stopped'], 'the restart: %s' % ends)
    machine.try_run('systemctl', 'poweroff')
    check(until(lambda: machine.process.poll() is not None, 40), 'the machine does not power off')
    logs = [d for d in ('/var/log/journal', '/run/log/journal') if os.path.isdir(machine.path(d))]
    told = subprocess.run(['journalctl', '--no-pager', '--output=cat', '--directory', machine.path(logs[0]), '--lines=60',
                           '--unit=knell-agent.service'], capture_output=True, text=True, check=False).stdout
    check('stopped with a goodbye' in told, 'it said: ' + told)


def nothing_told(machine):
    """In all that the machine's journal holds of this there is no secret, in no field"""
    if machine.process.poll() is None:
        return 'the machine still runs: this comes after its shutdown'
    logs = [d for d in ('/var/log/journal', '/run/log/journal') if os.path.isdir(machine.path(d))]
    text = subprocess.run(['journalctl', '--output=export', '--directory', machine.path(logs[0])], capture_output=True,
                          check=True).stdout
    check(b'KNELL_ID=HOST_SEEN' in text, 'the journal does not hold what happened')
    found = [name for name, secret in (('site key', SITE_KEY), ('BMC password', BMC_PASSWORD), ('Nova password', NOVA_PASSWORD))
             if secret.encode() in text]
    check(not found, 'it holds: ' + ', '.join(found))
    return None


TESTS = (killed, beats_meanwhile, asked_meanwhile, refused_meanwhile, watchdog, spinning, wrong_configuration, goodbye,
         shutdown, nothing_told)
