# SPDX-License-Identifier: GPL-3.0-or-later
"""A WSGI application that stands in for Neutron and Glance: every collection is empty.

nova asks Neutron for the ports of the servers it lists or moves, even of servers without networks
(GET /v2.0/ports?device_id=... -> {"ports": []}); it wants no more of Glance than an endpoint to put
in its notifications, and `openstack server list` looks for image names (GET /image/v2/images).
"""
import json


def application(env, start_response):
    name = env['PATH_INFO'].rstrip('/').split('/')[-1].split('.json')[0]
    body = json.dumps({name: []}).encode()
    start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))])
    return [body]
