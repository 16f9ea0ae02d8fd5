# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of the lab; run by `lab up`, which exports LAB_* and a few more variables.

setup.py config     write the configuration files under $LAB_DIR/etc
setup.py catalog    users, endpoints and a clouds.yaml, on what `keystone-manage bootstrap` left
setup.py servers    wait until the computes are up, and see to the servers
"""
import os
import sys
import time

env = os.environ
LAB_DIR, URL, AUTH_URL, CACERT, PASS = (env[v] for v in ('LAB_DIR', 'URL', 'AUTH_URL', 'CACERT', 'PASS'))
ADMIN = {'auth_url': AUTH_URL, 'username': 'admin', 'password': PASS, 'project_name': 'admin',
         'user_domain_name': 'Default', 'project_domain_name': 'Default'}
COMMON = {'region_name': 'RegionOne', **({'cacert': CACERT} if CACERT else {})}
COMPUTES = ['compute%d' % (i + 1) for i in range(int(env['LAB_COMPUTES']))]


def config():
    def write(name, text):
        with open(os.path.join(LAB_DIR, 'etc', name), 'w') as f:
            f.write(text)

    def db(name):
        return 'mysql+pymysql://root@localhost/%s?charset=utf8&unix_socket=%s/run/mariadb.sock' % (name, LAB_DIR)

    def auth(user):
        return '\n'.join('%s = %s' % kv for kv in {
            **ADMIN, **COMMON, 'auth_type': 'password', 'username': user, 'project_name': 'service',
            **({'cafile': CACERT} if CACERT else {})}.items() if kv[0] != 'cacert')

    write('databases.sql', ''.join('CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8;\n' % name
                                   for name in ('keystone', 'placement', 'nova', 'nova_api', 'nova_cell0')))
    write('keystone.conf', f"""[DEFAULT]
use_stderr = true
[database]
connection = {db('keystone')}
[fernet_tokens]
key_repository = {LAB_DIR}/keys/fernet
[fernet_receipts]
key_repository = {LAB_DIR}/keys/fernet
[credential]
key_repository = {LAB_DIR}/keys/credential
[identity]
password_hash_rounds = {env['LAB_HASH_ROUNDS']}
[token]
expiration = {env['LAB_TOKEN_EXPIRATION']}
""")
    write('placement.conf', f"""[placement_database]
connection = {db('placement')}
[keystone_authtoken]
www_authenticate_uri = {AUTH_URL}
{auth('placement')}
""")
    write('nova.conf', f"""[api_database]
connection = {db('nova_api')}
[database]
connection = {db('nova')}
[DEFAULT]
host = controller
my_ip = 127.0.0.1
state_path = {LAB_DIR}/state/controller
transport_url = rabbit://guest:guest@127.0.0.1:{env['LAB_RABBIT_PORT']}/
report_interval = {env['LAB_REPORT_INTERVAL']}
service_down_time = {env['LAB_SERVICE_DOWN_TIME']}
periodic_fuzzy_delay = 0
[oslo_concurrency]
lock_path = $state_path
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 2
[vnc]
enabled = false
[keystone_authtoken]
www_authenticate_uri = {AUTH_URL}
token_cache_time = {env['LAB_TOKEN_CACHE']}
{auth('nova')}
[placement]
{auth('nova')}
[neutron]
{auth('nova')}
""")
    for host in ['controller'] + COMPUTES:
        os.makedirs(os.path.join(LAB_DIR, 'state', host), exist_ok=True)
    for host in COMPUTES:   # read after nova.conf
        write(host + '.conf', f"""[DEFAULT]
host = {host}
compute_driver = fake.FakeDriver
state_path = {LAB_DIR}/state/{host}
""")


def connect():
    import openstack
    return openstack.connect(auth=ADMIN, **COMMON)


def catalog():
    import yaml
    cloud = connect()
    identity = cloud.identity
    roles = {r.name: r for r in identity.roles()}
    projects = {p.name: p for p in identity.projects()}
    users = {u.name: u for u in identity.users()}
    services = {s.name: s for s in identity.services()}
    roles['service'] = roles.get('service') or identity.create_role(name='service')
    for name in 'service', 'demo':
        projects[name] = projects.get(name) or identity.create_project(name=name, domain_id='default')
    for name, project, names in (('nova', 'service', ('admin', 'service')),
                                 ('placement', 'service', ('admin', 'service')),
                                 ('demo', 'demo', ('member',))):
        user = users.get(name) or identity.create_user(name=name, password=PASS, domain_id='default')
        for role in names:
            identity.assign_project_role_to_user(projects[project], user, roles[role])
    for kind, name, where in (('compute', 'nova', env['LAB_NOVA_PORT'] + '/v2.1'),
                              ('placement', 'placement', env['LAB_PLACEMENT_PORT']),
                              ('network', 'neutron', env['LAB_STUB_PORT']),
                              ('image', 'glance', env['LAB_STUB_PORT'] + '/image/v2')):
        if name not in services:
            service = identity.create_service(type=kind, name=name)
            for interface in 'public', 'internal', 'admin':
                identity.create_endpoint(service_id=service.id, interface=interface,
                                         url='%s:%s' % (URL, where), region_id='RegionOne')
    for old in list(identity.application_credentials(user=cloud.current_user_id)):
        identity.delete_application_credential(cloud.current_user_id, old)
    cred = identity.create_application_credential(user=cloud.current_user_id, name='lab', secret=PASS)
    with open(os.path.join(LAB_DIR, 'clouds.yaml'), 'w') as f:
        yaml.safe_dump({'clouds': {
            'lab': {'auth': dict(ADMIN), **COMMON},
            'lab-demo': {'auth': {**ADMIN, 'username': 'demo', 'project_name': 'demo'}, **COMMON},
            'lab-appcred': {'auth_type': 'v3applicationcredential', **COMMON, 'auth': {
                'auth_url': AUTH_URL, 'application_credential_id': cred.id, 'application_credential_secret': PASS}},
        }}, f)


def servers():
    nova = connect().compute
    flavor = nova.find_flavor('lab') or nova.create_flavor(name='lab', ram=64, vcpus=1, disk=0, ephemeral=1)
    wanted = {'vm%d' % (i + 1): COMPUTES[i % len(COMPUTES)] for i in range(int(env['LAB_SERVERS']))}
    deadline = time.monotonic() + 180
    # Of an earlier lab: a compute that is forced down is never up.
    for service in nova.get('/os-services?binary=nova-compute', microversion='2.53').json()['services']:
        if service['forced_down']:
            nova.put('/os-services/' + service['id'], json={'forced_down': False}, microversion='2.53')
    while True:
        # a compute that is not yet mapped to its cell is not in this list
        up = sum(h['state'] == 'up' for h in nova.get('/os-hypervisors', microversion='2.88').json()['hypervisors'])
        have = {s['name']: s for s in nova.get('/servers/detail').json()['servers']}
        if up >= len(COMPUTES) and all(have.get(n, {}).get('status') == 'ACTIVE' for n in wanted):
            return
        if time.monotonic() > deadline:
            sys.exit('not ready: %d of %d computes are up; servers: %s' % (
                up, len(COMPUTES), {n: s['status'] for n, s in have.items()}))
        for name, host in wanted.items():
            if name in have and have[name]['status'] == 'ERROR':    # its host was not yet in placement
                nova.delete('/servers/' + have[name]['id'])
            elif name not in have and up >= len(COMPUTES):
                # 2.74: `host`. No image and no network: neither Glance nor Neutron has a say.
                nova.post('/servers', microversion='2.74', json={'server': {
                    'name': name, 'host': host, 'flavorRef': flavor.id, 'imageRef': '', 'networks': 'none',
                    'block_device_mapping_v2': [{'boot_index': 0, 'source_type': 'blank',
                                                 'destination_type': 'local', 'volume_size': 1}]}})
        time.sleep(0.5)


{'config': config, 'catalog': catalog, 'servers': servers}[sys.argv[1]]()
