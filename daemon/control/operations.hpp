// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/view.hpp"
#include "daemon/journal/database.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace knell::control {

/// What an operator should know that core does not.
struct DaemonStatus {
    bool nova_well = false;
    std::string nova; ///< one sentence about Nova and Keystone, as last seen
    Instant started{};
    std::vector<std::string> warnings; ///< what somebody should mend, one sentence each
};

struct Explanation {
    std::vector<journal::Row> history; ///< the host's last rows, or an episode's; oldest first
    std::string trouble;               ///< why the history cannot be read; empty: it could
};

/// What the control server needs of the daemon. Called on the loop's thread; none may block.
class Operations {
public:
    using OnAnswer = std::function<void(bool accepted, std::string text)>;

    virtual ~Operations() = default;
    [[nodiscard]] virtual FleetView fleet() = 0;
    [[nodiscard]] virtual std::optional<HostView> host(const HostId& host) = 0;
    /// `episode`: all rows of that one, and no others.
    [[nodiscard]] virtual Explanation explain(const HostId& host,
                                              std::optional<EpisodeId> episode) = 0;
    [[nodiscard]] virtual DaemonStatus status() = 0;
    /// `order.id` is 0 here: the daemon numbers all orders, also those that come
    /// by signal. The answer comes once, at once or later: after what it promises
    /// is durable.
    virtual void order(OperatorOrder order, OnAnswer on_answer) = 0;
    /// Reads the configuration anew. `by`: the identity of the socket's peer.
    virtual void reload(const std::string& by, OnAnswer on_answer) = 0;
};

} // namespace knell::control
