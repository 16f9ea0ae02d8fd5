# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's OpenStack, through its own script, and what Nova says, straight from its API."""
import json
import os
import subprocess
import urllib.error
import urllib.request

from kit.common import HERE, LabError, die, path, read

# Away from the usual ports, so that this lab and another OpenStack can share a machine.
PORTS = {'LAB_KEYSTONE_PORT': 15000, 'LAB_NOVA_PORT': 18774, 'LAB_PLACEMENT_PORT': 18778, 'LAB_STUB_PORT': 19696,
         'LAB_RABBIT_PORT': 35682, 'LAB_DIST_PORT': 35683, 'LAB_EPMD_PORT': 34379}
NOVA_PORT = int(os.environ.get('LAB_NOVA_PORT', PORTS['LAB_NOVA_PORT']))
KEYSTONE_PORT = int(os.environ.get('LAB_KEYSTONE_PORT', PORTS['LAB_KEYSTONE_PORT']))
PROXY_PORT = int(os.environ.get('LAB_PROXY_PORT', 18775))
NOVA = 'http://127.0.0.1:%d/v2.1' % NOVA_PORT
KEYSTONE = 'http://127.0.0.1:%d/v3' % KEYSTONE_PORT
PASSWORD = 'lab-secret'


def environment(hosts):
    """Of openstack/lab. Cheap passwords and a short token cache, or stories would wait for them."""
    env = dict(os.environ)
    for knob, value in {**PORTS, 'LAB_COMPUTES': hosts, 'LAB_SERVERS': hosts, 'LAB_HASH_ROUNDS': 4,
                        'LAB_TOKEN_CACHE': 1}.items():
        env.setdefault(knob, str(value))
    env['LAB_DIR'] = path('os')
    env['LAB_COMPUTE_HOOK'] = os.path.join(HERE, 'lab') + ' _boot'
    return env


def lab(*args, quiet=False):
    env = environment(int(read('hosts.count') or 3))
    done = subprocess.run([os.path.join(HERE, 'openstack', 'lab'), *args], env=env, check=False,
                          stdout=subprocess.DEVNULL if quiet else None)
    if done.returncode:
        die('openstack/lab %s failed' % ' '.join(args))


# --- the API, as an administrator who is not knell would use it
_token = None


def request(method, url, body=None, headers=None):
    data = json.dumps(body).encode() if body is not None else None
    ask = urllib.request.Request(url, data, {'Content-Type': 'application/json', **(headers or {})}, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask, timeout=70) as answer:
        text = answer.read()
        return answer.headers, json.loads(text) if text else None


def token():
    user = {'name': 'admin', 'password': PASSWORD, 'domain': {'name': 'Default'}}
    scope = {'project': {'name': 'admin', 'domain': {'name': 'Default'}}}
    return request('POST', KEYSTONE + '/auth/tokens?nocatalog', {'auth': {
        'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': scope}})[0]['X-Subject-Token']


def nova(method, where, body=None):
    global _token
    for last in False, True:
        _token = _token or token()
        headers = {'X-Auth-Token': _token, 'X-OpenStack-Nova-API-Version': '2.69'}
        try:
            return request(method, NOVA + where, body, headers)[1]
        except urllib.error.HTTPError as error:
            _token = None
            if last or error.code != 401:
                raise LabError('nova: %s %s: %s %s' % (method, where, error.code, error.read()[:300])) from None
        except OSError as error:
            raise LabError('nova: %s %s: %s' % (method, where, error)) from None
    return None


def services():
    """{host: service} of the nova-compute services."""
    return {s['host']: s for s in nova('GET', '/os-services?binary=nova-compute')['services']}


def set_forced_down(host, value):
    nova('PUT', '/os-services/' + services()[host]['id'], {'forced_down': value})


def set_status(host, status, reason=None):
    body = {'status': status}
    if reason:
        body['disabled_reason'] = reason
    nova('PUT', '/os-services/' + services()[host]['id'], body)


def servers():
    return {s['name']: s for s in nova('GET', '/servers/detail?all_tenants=1')['servers']}


def revoke(victim):
    """Make Keystone forget a token that somebody else uses."""
    mine = token()
    request('DELETE', KEYSTONE + '/auth/tokens', headers={'X-Auth-Token': mine, 'X-Subject-Token': victim})
