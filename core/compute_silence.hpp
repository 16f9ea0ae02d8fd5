// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"

#include <optional>

namespace knell {

/// A nova-compute that does not run on a host that is well: said once it has lasted, and once it is
/// over. Never a reason to fence: the servers run on, and only Nova cannot reach them.
class ComputeSilence {
public:
    /// What the agent of a healthy host last said, and how Nova lists its service.
    void on_look(Instant now, const HostId& host, const std::optional<AgentReport>& reported,
                 const std::optional<ServiceSeen>& service, Effects& effects);
    /// Planned work, or an episode: what lasted until now does not count.
    void forget() noexcept { since_.reset(); }

private:
    std::optional<Instant> since_;
    bool told_ = false;
};

} // namespace knell
