# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the BMCs and of the proxy: files of lines "name=value" that they read again and again."""
from kit.common import LabError, read, write

# What each of them means is told by `bmc --help` and `proxy`.
BMC = ('stuck lie lie_status refuse d5 statfail slowoff slowcmd autoon drop drop_reply dup delay badcrypt '
       'nosession badpassword guid lockout oddlogin oddsuite suite0 nosuites restore untold').split()
PROXY = 'lose_put status only path times refuse delay cell'.split()


def change(known, settings, *parts):
    """Add to the faults in a file; `none` forgets the old ones."""
    wrong = [s for s in settings if s != 'none' and ('=' not in s or s.split('=')[0] not in known)]
    if wrong:
        raise LabError('not a fault: %s (name=value, of: %s; or none)' % (' '.join(wrong), ' '.join(known)))
    faults = {}
    if 'none' not in settings:
        faults = dict(line.split('=', 1) for line in read(*parts).splitlines() if '=' in line)
    faults.update(s.split('=', 1) for s in settings if s != 'none')
    write(''.join('%s=%s\n' % fault for fault in faults.items()), *parts)
