# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab is made of; `lab`, `bmc`, `proxy` and `run-stories` are its faces."""
