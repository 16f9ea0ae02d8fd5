// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "nova/messages.hpp"

#include <vector>

namespace knell::nova {

/// All nova-compute services as core looks at them, by host, each host once. Unreadable, and so
/// nothing at all, if any record lacks what we need (an unreachable cell, a word we do not know),
/// or if there are more than any one Nova has.
///
/// A host with several nova-compute records (one per cell: a host was moved and its old record
/// never deleted) is forced_down, or disabled, only if all of them are, and up if any is. Nova
/// looks at the record of a server's own cell, so that a flag in one of them does not hold for
/// every server; and a stale record must neither hide a host from us (disabled counts as planned
/// work) nor let it look flagged. The flag of such a host can neither be set nor read by knell:
/// its services must be tidied up first (nova-manage; DELETE /os-services/{id}).
[[nodiscard]] Parsed<std::vector<ServiceSeen>>
whole_list(const std::vector<ServiceRecord>& records);

} // namespace knell::nova
