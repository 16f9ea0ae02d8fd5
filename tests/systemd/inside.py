# SPDX-License-Identifier: GPL-3.0-or-later
"""What knell needs on the machine: its programs as a package would install them, a small configuration, and a BMC."""
import os
import re
import subprocess
import sys

from machine import Failed, check, until

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, 'tests', 'lab'))

from kit.common import heartbeat_key                                             # noqa: E402
from kit.config import BMC_PASSWORD, yaml                                        # noqa: E402

BUILD = os.environ.get('KNELL_BUILD', os.path.join(TOP, 'build', 'dev'))
SITE_KEY = '6b6e656c6c2d73697465' + 44 * '7'
NOVA_PASSWORD = 'nova-canary-pass'
UUID = '6b6e656c-6c00-4000-8000-00000000000%d'
CONTROLLER, SENTINEL, BMC = '10.99.0.1', '10.99.0.2', '10.99.0.101'
HOSTS = {'compute1': '10.99.0.11', 'compute2': '10.99.0.12'}


def install(machine):
    """cmake --install, and what a package does behind it. Must come before the boot: systemd reads the units then."""
    for leftover in 'knelld.service', 'knelld.socket', 'knell-agent.service':
        machine.remove('/etc/systemd/system/' + leftover)
    machine.remove('/etc/knell')
    machine.remove('/var/lib/knell')
    done = subprocess.run(['cmake', '--install', BUILD], env={**os.environ, 'DESTDIR': machine.root}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(not done.returncode, 'cmake --install: ' + done.stdout[-500:])
    # A clean machine has no users of ours, and this one's services are not wanted there.
    machine.write('/etc/systemd/system/nova-compute.service',
                  '[Unit]\nDescription=stands for nova-compute\n[Service]\nExecStart=/usr/bin/sleep infinity\n')


def prepare(machine):
    """Users, directories and sysctls by what was installed for them; then the network."""
    machine.systemctl('start', 'systemd-user-sessions')     # a boot beyond basic.target ends /run/nologin
    machine.run('systemd-sysusers')
    machine.run('systemd-tmpfiles', '--create', 'knell.conf')
    # nspawn lets nobody inside write to /proc/sys; the sysctls of its network are set from outside.
    subprocess.run(machine.network('sysctl', '--quiet', '--load', machine.path('/usr/lib/sysctl.d/60-knell.conf')),
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    machine.plug_in((CONTROLLER, HOSTS['compute1']), (SENTINEL, BMC, HOSTS['compute2']))
    machine.run('groupadd', '--force', 'lookers')
    for user, groups in (('olga', 'knell-operators'), ('rita', 'knell-readers'), ('otto', 'lookers')):
        machine.run('useradd', '--create-home', '--groups', groups, user)


def knell_yaml(**more):
    beats = {'interval': '200ms', 'fall': 5, 'rise': 3}
    return yaml({
        'mode': 'armed', 'networks': ['mgmt'], 'control': {'readers': ['knell-readers'], 'operators': ['knell-operators']},
        'sentinels': {'targets': [{'name': 'gateway', 'network': 'mgmt', 'address': SENTINEL}], 'need': 1},
        'monitors': {'icmp': {'interval': '200ms', 'timeout': '200ms', 'fall': 5, 'rise': 3}, 'heartbeat': beats},
        'heartbeat': {'listen': ['0.0.0.0:7412'], 'site_key': {'credential': 'secret_site.key'}},
        'fencing': {'budget': {'fences': 3, 'per': '10m'}, 'storm': 'none', 'settle': '1s', 'readings': 3,
                    'poll': '250ms', 'inspect': '10s'},
        'recovery': {'hold_down': '2s'},
        'nova': {'cloud': 'nowhere', 'clouds_file': '/etc/knell/clouds.yaml', 'region': 'RegionOne',
                 'unreachable': 'fence'},
        'hosts': [{'name': name, 'addresses': {'mgmt': address},
                   **({} if name == 'compute1' else {'monitors': {'heartbeat': 'none'}}),
                   'fence': [{'type': 'ipmi', 'address': BMC, 'port': 623 + n, 'username': 'knell',
                              'password': {'credential': 'secret_bmc.password'}, 'privilege': 'operator',
                              'identity': 'required', 'guid': UUID % n}]}
                  for n, (name, address) in enumerate(HOSTS.items(), 1)], **more})


CLOUDS = yaml({'clouds': {'nowhere': {'region_name': 'RegionOne', 'auth': {
    'auth_url': 'http://%s:5000/v3' % CONTROLLER, 'username': 'knell', 'password': NOVA_PASSWORD,
    'project_name': 'service', 'user_domain_name': 'Default', 'project_domain_name': 'Default'}}}})
AGENT = yaml({'host': 'compute1', 'interval': '200ms', 'key': {'credential': 'heartbeat.key'}, 'goodbye': 'always',
              'controllers': [{'address': CONTROLLER + ':7412', 'from': HOSTS['compute1']}],
              'health': {'nova_compute': {'unit': 'nova-compute.service'}}})


def configure(machine):
    machine.write('/etc/knell/knell.yaml', knell_yaml())
    machine.write('/etc/knell/clouds.yaml', CLOUDS, 0o640, 'root:knell')
    machine.write('/etc/knell/agent.yaml', AGENT)
    key = heartbeat_key(bytes.fromhex(SITE_KEY), 'compute1').hex()
    for name, text in (('site.key', SITE_KEY), ('bmc.password', BMC_PASSWORD), ('heartbeat.key', key)):
        machine.write('/etc/knell/secrets/' + name, text + '\n', 0o640, 'root:knell')


def start_bmcs(machine):
    """One for each host, as processes of ours."""
    for n, host in enumerate(HOSTS, 1):
        here = os.path.join(machine.here, host)
        os.mkdir(here)
        with open(here + '/bmc.log', 'w') as log:
            subprocess.Popen(machine.beyond('/usr/bin/python3', '-B', os.path.join(TOP, 'tests/lab/bmc'), '--address',
                                             BMC, '--port', str(623 + n), '--dir', here, '--guid', UUID % n),
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def said(machine, word, after=None, seconds=30):
    """knelld's first record with that KNELL_ID behind the cursor; waits for it."""
    record = until(lambda: next(iter(machine.journal(after, KNELL_ID=word)), None), seconds, 0.2)
    if not record:
        raise Failed('waited %d s for %s' % (seconds, word))
    return record


def beats_are_heard(machine):
    """Of compute1, and believed."""
    heard = re.compile(r'heartbeat@mgmt +up')
    check(until(lambda: heard.search(machine.ask('knellctl', 'host', 'show', 'compute1')), 15, 0.2),
          'no beats: ' + machine.ask('knellctl', 'host', 'show', 'compute1'))
