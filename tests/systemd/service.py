# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload, secrets, journal: what systemd and knelld owe each other while all is well."""
import subprocess

from inside import BMC_PASSWORD, HOSTS, NOVA_PASSWORD, SITE_KEY, beats_are_heard, said
from machine import check, until

STARTED = '39f53479d3a045ac8e11786248231fbf'    # systemd's own MESSAGE_ID of "a start job has finished", sd-messages.h


def ready(machine):
    """knelld.service is active when, and only when, knelld itself says that it is ready, and shows what it watches"""
    machine.systemctl('start', 'knelld')
    check(machine.property('knelld', 'Type') == 'notify', 'it is not of type notify')
    check(machine.property('knelld', 'ActiveState') == 'active', 'it is not active')
    check('watching 2 hosts' in machine.property('knelld', 'StatusText'), 'its status does not tell what it watches')
    own = said(machine, 'KNELL_STARTED')
    check(own['_PID'] == str(machine.pid('knelld')), 'another process said that it had started')
    job = next(iter(machine.journal(MESSAGE_ID=STARTED, UNIT='knelld.service')), None)
    check(job, 'systemd never said that it had started')
    check(int(job['__MONOTONIC_TIMESTAMP']) >= int(own['__MONOTONIC_TIMESTAMP']), 'systemd believed it to be ready too early')


def agent(machine):
    """knell-agent.service is active when its agent says so, and knelld hears its beats"""
    cursor = machine.cursor()
    machine.systemctl('start', 'nova-compute', 'knell-agent')
    check(machine.property('knell-agent', 'ActiveState') == 'active', 'it is not active')
    check('beating as compute1' in machine.property('knell-agent', 'StatusText'), 'its status does not tell for whom it beats')
    said(machine, 'HOST_SEEN')
    beats_are_heard(machine)
    told = machine.texts('knell-agent', cursor)
    check(any('nova-compute runs' in text for text in told), 'the agent does not see nova-compute.service: %s' % told)


def files(machine):
    """Users, groups, directories and sockets have the owners and modes that are written down for them"""
    wanted = {'/etc/knell': '755 root:root', '/etc/knell/knell.d': '755 root:root', '/etc/knell/secrets': '750 root:knell',
              '/var/lib/knell': '700 knell:knell', '/var/lib/knell/journal.sqlite': '600 knell:knell',
              '/run/knell': '755 knell:knell', '/run/knell/control': '660 knell:knell',
              '/usr/sbin/knelld': '755 root:root', '/usr/libexec/knell/knell-fence-ipmi': '755 root:root',
              '/usr/lib/systemd/system/knelld.service': '644 root:root'}
    said_of = machine.run('stat', '--format=%n %a %U:%G', *wanted).splitlines()
    wrong = ['%s, not %s' % (line, wanted[line.split(' ')[0]]) for line in said_of
             if line.split(' ', 1)[1] != wanted[line.split(' ')[0]]]
    check(not wrong, '; '.join(wrong))
    for group in 'knell-operators', 'knell-readers':
        check(machine.ask('getent', 'group', group), 'there is no group ' + group)
    check(machine.ask('getent', 'passwd', 'knell').endswith('nologin'), 'somebody could log in as knell')
    for user, status in (('olga', 0), ('rita', 0), ('otto', 4)):
        ended = machine.as_user(user, 'knellctl', 'status')
        check(ended.returncode == status, '%s: knellctl status ends with %d, not %d: %s' % (
            user, ended.returncode, status, ended.stderr))


def roles(machine):
    """Who is an operator may look and give orders, who is a reader may look, and nobody else can even connect"""
    looks = ('status',), ('host', 'list'), ('host', 'show', 'compute1'), ('host', 'explain', 'compute1'), ('plan', 'show')
    why = ('--reason', 'a test')
    orders = (('hold', 'on', *why), ('hold', 'off', *why), ('disarm', *why), ('arm', *why), ('reload',),
              ('maintenance', 'start', 'compute2', '--for', '1h', *why), ('maintenance', 'end', 'compute2', *why), ('host', 'inspect', 'compute1'))
    graver = tuple(('host', verb, 'compute2', *why, *sure) for verb, *sure in (('fence', '--yes'), ('confirm-off', '--yes'), ('release',))) + (('readmit',),)
    wrong = []
    for user, may_look, may_order in (('root', 0, 0), ('olga', 0, 0), ('rita', 0, 3), ('otto', 4, 4)):
        for words, wanted in [(w, may_look) for w in looks] + [
                (w, may_order) for w in (*orders, *(graver if may_order else ()))]:
            ended = machine.as_user(user, 'knellctl', *words)
            if ended.returncode != wanted:
                wrong.append('%s: %s: %d, not %d: %s' % (user, ' '.join(words), ended.returncode, wanted, ended.stderr.strip()))
    check(not wrong, '; '.join(wrong))


def credentials(machine):
    """Credentials are for knelld alone: no other user can read them, and they are in no argument and no environment"""
    for unit, names, secrets in (('knelld', ('secret_site.key', 'secret_bmc.password'), (SITE_KEY, BMC_PASSWORD)),
                                 ('knell-agent', ('heartbeat.key',), ())):
        where = '/run/credentials/%s.service' % unit
        for name in names:
            check(machine.ask('cat', where + '/' + name), '%s is not there' % name)
            for user in ('otto', 'olga', 'nobody', 'knell' if unit == 'knell-agent' else 'rita'):
                ended = machine.try_run('setpriv', '--reuid', user, '--clear-groups', '--', 'cat', where + '/' + name)
                check(ended.returncode and 'denied' in ended.stderr, '%s can read %s/%s' % (user, where, name))
        pid = machine.outer_pid(unit)
        for place in 'cmdline', 'environ':
            with open('/proc/%d/%s' % (pid, place), 'rb') as f:
                text = f.read()
            check(b'CREDENTIALS_DIRECTORY=' in text or place == 'cmdline', 'there are no credentials')
            check(not any(s.encode() in text for s in (*secrets, NOVA_PASSWORD)), 'a secret is in %s of %s' % (place, unit))
    for user in 'otto', 'olga', 'nobody':
        for name in '/etc/knell/secrets/site.key', '/etc/knell/clouds.yaml':
            check(machine.try_run('setpriv', '--reuid', user, '--clear-groups', '--', 'cat', name).returncode,
                  '%s can read %s' % (user, name))


def fields(machine):
    """The journal's records carry MESSAGE_ID, KNELL_ID, KNELL_HOST and a priority, and journalctl -x explains them"""
    record = next((r for r in machine.journal(KNELL_ID='HOST_SEEN', KNELL_HOST='compute1')), None)
    check(record, 'no HOST_SEEN of compute1 by its fields')
    check(record['PRIORITY'] == '6' and record['_SYSTEMD_UNIT'] == 'knelld.service', 'priority or unit is wrong: %s' % record)
    machine.run('journalctl', '--update-catalog')
    entry = machine.run('journalctl', '--dump-catalog', record['MESSAGE_ID'])
    check('heard' in entry or 'seen' in entry.lower(), 'the catalog does not know its MESSAGE_ID: ' + entry)
    # It is news once it has lasted.
    lost = until(lambda: next(iter(machine.journal(KNELL_ID='NOVA_LOST')), None), 20)
    check(lost and lost['PRIORITY'] == '4', 'NOVA_LOST is no warning')
    explained = machine.run('journalctl', '--catalog', '--no-pager', 'KNELL_ID=NOVA_LOST')
    check('Nova or Keystone does not answer' in explained, 'journalctl -x explains nothing: ' + explained)


def reload(machine):
    """systemctl reload returns when the new configuration is in force"""
    machine.write('/etc/knell/knell.d/budget.yaml', 'fencing: {budget: {fences: 7, per: 10m}}\n')
    pid = machine.pid('knelld')
    machine.systemctl('reload', 'knelld')
    check('7 fences' in machine.run('knellctl', 'status'), 'the new budget is not in force')
    check(machine.pid('knelld') == pid, 'it is another process')


def told_status(machine):
    """systemctl status shows mode, hold and a reload as they are, not as they were at the start"""
    def shows(*words):
        return until(lambda: all(w in machine.property('knelld', 'StatusText') for w in words), 5, 0.1)
    why = ('--reason', 'a test')
    for order, words in ((('hold', 'on', *why), ('armed', 'on hold', 'a test')), (('hold', 'off', *why), ('armed',)),
                         (('disarm', *why), ('observing only',)), (('arm', *why), ('armed',))):
        machine.run('knellctl', *order)
        check(shows('watching 2 hosts', *words), '%s: %s' % (' '.join(order), machine.property('knelld', 'StatusText')))
    check('hold' not in machine.property('knelld', 'StatusText'), 'the hold is still shown')
    cursor = machine.cursor()
    machine.systemctl('kill', '--signal=HUP', 'knelld')
    record = said(machine, 'KNELL_RELOADED', after=cursor)
    check('nothing has changed' in record['MESSAGE'], 'it says: ' + record['MESSAGE'])
    check(until(lambda: machine.property('knelld', 'ActiveState') == 'active', 5), 'it is not active again after SIGHUP')
    check(shows('watching 2 hosts', 'armed'), 'after SIGHUP: ' + machine.property('knelld', 'StatusText'))


def bad_reload(machine):
    """With a wrong file systemctl reload fails, and says so; knelld goes on with the configuration that it had"""
    cursor = machine.cursor()
    machine.write('/etc/knell/knell.d/budget.yaml', 'fencing: {budget: {fencez: 9, per: 10m}}\n')
    pid = machine.pid('knelld')
    check(machine.try_run('systemctl', 'reload', 'knelld').returncode, 'it did not fail')
    said(machine, 'KNELL_NOT_RELOADED', after=cursor)
    check(any('fencez' in text for text in machine.texts('knelld', cursor)),
          'the journal does not show the mistake')
    check(machine.property('knelld', 'ActiveState') == 'active' and machine.pid('knelld') == pid, 'it went down')
    check('7 fences' in machine.run('knellctl', 'status'), 'the old budget is not in force any more')
    machine.write('/etc/knell/knell.d/budget.yaml', '')


def fenced(machine):
    """Out of its sandbox knelld powers a lost host off, through a helper of its own and a real session with the BMC"""
    cursor = machine.cursor()
    subprocess.run(machine.beyond('ip', 'address', 'del', HOSTS['compute2'] + '/24', 'dev', 'far'), check=True)
    record = said(machine, 'HOST_FENCED', after=cursor)
    check(record.get('KNELL_HOST') == 'compute2' and int(record.get('KNELL_EPISODE', 0)) > 0, 'its fields are wrong: %s' % record)
    check(record['PRIORITY'] == '4', 'it is no warning')
    with open(machine.here + '/compute2/bmc.log', encoding='ascii') as f:
        check('netfn 00 cmd 02 00' in f.read(), 'the BMC was never told to power off')
    check(not machine.journal(cursor, KNELL_ID='HOST_SUSPECTED', KNELL_HOST='compute1'),
          'compute1 was suspected')


TESTS = (ready, agent, files, roles, credentials, fields, reload, told_status, bad_reload, fenced)
