# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration files of the lab: knell.yaml and its secrets, and each host's agent.yaml."""
import json
import os
import re
import shutil

from kit import net, openstack
from kit.common import (BIN, CHANNEL_PORT, HEARTBEAT_PORT, MGMT, STORAGE, LabError, bmc_address, host_names, mgmt_address,
                        path, read, storage_address, system_uuid)

BMC_PASSWORD = 'knell-secret'           # of the user knell in `bmc`


def scalar(value):
    if isinstance(value, str) and re.fullmatch(r'[A-Za-z0-9_./-]*[A-Za-z_][A-Za-z0-9_./-]*', value) \
            and value not in ('true', 'false', 'null', 'yes', 'no', 'on', 'off'):
        return value
    return json.dumps(value)


def yaml(value, indent=''):
    """Plain block YAML of dicts, lists and scalars."""
    if isinstance(value, dict) and value:
        out = ''
        for key, item in value.items():
            nested = isinstance(item, (dict, list)) and item
            out += '%s%s:%s' % (indent, key, '\n' + yaml(item, indent + '  ') if nested else ' %s\n' % scalar(item))
        return out
    if isinstance(value, list) and value:
        return ''.join('%s- %s' % (indent, yaml(item, indent + '  ').lstrip() if isinstance(item, (dict, list))
                                   else scalar(item) + '\n') for item in value)
    return indent + scalar(value) + '\n'


def agent(i, host):
    here = path('hosts', host)
    return yaml({
        'host': host,
        'controllers': ['%s1:%d' % (MGMT, HEARTBEAT_PORT), '[%s1]:%d' % (STORAGE, HEARTBEAT_PORT)],
        'interval': os.environ.get('LAB_AGENT_INTERVAL', '200ms'),
        'channel': {'listen': ['%s:%d' % (mgmt_address(i), CHANNEL_PORT)]},
        'goodbye': 'always',            # no systemd here that could tell a shutdown from a restart
        'key': {'file': here + '/heartbeat.key'},
        'boot_id_file': here + '/boot_id',
        'system_uuid_file': here + '/system_uuid',
        'health': {'nova_compute': {'pidfile': here + '/nova-compute.pid'},
                   'libvirt': {'pidfile': here + '/libvirt.pid'}}})


def knell(directory):
    """Quick enough for stories, patient enough for a machine with two busy cores."""
    secrets = os.path.join(directory, 'secrets')
    return {
        'mode': 'armed',
        'state': os.path.join(directory, 'state'),
        'control': {'socket': os.path.join(directory, 'control'), 'readers': ['root'], 'operators': ['root']},
        'networks': list(net.SENTINELS),
        'sentinels': {
            'targets': [{'name': '%s-sentinel-%d' % (network, n), 'network': network, 'address': address}
                        for network, addresses in net.SENTINELS.items() for n, address in enumerate(addresses, 1)],
            'need': 1},
        'stall': '250ms',
        'monitors': {'icmp': {'interval': '200ms', 'timeout': '200ms', 'fall': 5, 'rise': 3},
                     'heartbeat': {'interval': '200ms', 'fall': 5, 'rise': 3}},
        'heartbeat': {'listen': ['0.0.0.0:%d' % HEARTBEAT_PORT, '[::]:%d' % HEARTBEAT_PORT],
                      'site_key': {'file': secrets + '/site.key'}},
        'fencing': {'helper': os.path.join(BIN, 'knell-fence-ipmi'), 'budget': {'fences': 3, 'per': '10m'}, 'storm': 'none',
                    'settle': '1s', 'readings': 3, 'poll': '250ms', 'reply': '3s', 'per_device': '15s',
                    'fresh': '2s', 'retry': '3s', 'watch': '1s'},
        'recovery': {'automatic': True, 'hold_down': '3s', 'goodbye_grace': '1m', 'flapping': {'readmissions': 9, 'within': '1h'}},
        'nova': {'cloud': 'lab', 'clouds_file': os.path.join(directory, 'clouds.yaml'), 'region': 'RegionOne',
                 'interface': 'internal', 'endpoint_override': 'http://127.0.0.1:%d/v2.1' % openstack.PROXY_PORT,
                 'reply': '5s', 'retry': '500ms', 'retry_most': '2s', 'request_lifetime': '10s'},
        'groups': {'lab': {'fence': [{
            'type': 'ipmi', 'username': 'knell', 'password': {'file': secrets + '/bmc.password'},
            'cipher_suites': [17, 3], 'privilege': 'operator', 'identity': 'required',
            'session_timeout': '2900ms', 'retransmission_timeout': '700ms'}]}},
        'hosts': [{'name': host, 'group': 'lab',
                   'addresses': {'mgmt': mgmt_address(i), 'storage': storage_address(i)},
                   'fence': [{'name': host + '-bmc', 'address': bmc_address(i), 'port': 623,
                              'guid': system_uuid(i)}]}
                  for i, host in enumerate(host_names(), 1)]}


def override(tree, setting):
    """Set "a.b.0.c=value"; the value is JSON where it is JSON, else a string. null takes it away."""
    name, equals, text = setting.partition('=')
    if not equals:
        raise LabError('--set wants name=value, not %s' % setting)
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    *steps, last = [int(s) if s.isdigit() else s for s in name.split('.')]
    for step in steps:
        tree = tree[step] if isinstance(tree, list) else tree.setdefault(step, {})
    if value is None:
        tree.pop(last, None)
    else:
        tree[last] = value


def write_knell(directory, settings=()):
    directory = os.path.abspath(directory)
    tree = knell(directory)
    for setting in settings:
        override(tree, setting)
    for name in '', 'secrets', 'state':
        os.makedirs(os.path.join(directory, name), mode=0o700, exist_ok=True)

    def private(name, text):
        target = os.path.join(directory, name)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
    private('knell.yaml', yaml(tree))
    private('secrets/site.key', read('site.key') + '\n')
    private('secrets/bmc.password', BMC_PASSWORD + '\n')
    if os.path.exists(path('os', 'clouds.yaml')):
        shutil.copy(path('os', 'clouds.yaml'), os.path.join(directory, 'clouds.yaml'))
        os.chmod(os.path.join(directory, 'clouds.yaml'), 0o600)
    return os.path.join(directory, 'knell.yaml')
