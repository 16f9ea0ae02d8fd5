// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/methods.hpp"

namespace knell::control {

// What the methods do; their parameters have been checked. Those that look answer at once:

void tell_version(const Call& call);
void tell_status(const Call& call);
void watch(const Call& call);
void list_hosts(const Call& call);
void show_host(const Call& call);
/// {"schema", "host", "episode": n | null as asked, "history": [row...],
///  "history_trouble": text | null, "notices": [notice...]}
void explain_host(const Call& call);
/// {"schema", "mode", "mode_by", "hold", "storm", "domains": as of fleet,
///  "hosts": the held hosts that an approval would let be fenced,
///  "held_otherwise": the held hosts that it would not}
void show_plan(const Call& call);

// Those that order answer {"schema", "accepted": bool, "text"}, once it is durable:

template <OperatorOrder::What what>
void order(const Call& call);
void reload(const Call& call);
/// Orders nothing, whoever calls it:
/// {"schema", "host", "gates": [{"gate", "open": bool, "text"}], "note": text}
void rehearse_fence(const Call& call);

/// The order with everything that the parameters say.
void give_order(const Call& call, OperatorOrder::What what);

template <OperatorOrder::What what>
void order(const Call& call)
{
    give_order(call, what);
}

} // namespace knell::control
