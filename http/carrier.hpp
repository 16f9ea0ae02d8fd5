// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/clock.hpp"
#include "http/message.hpp"

#include <functional>
#include <memory>

namespace knell::http {

/// Carries requests to a server and their outcomes back: Transport over real sockets.
class Carrier {
public:
    using Handler = std::function<void(Outcome)>;

    virtual ~Carrier() = default;

    /// `on_outcome` is called once, later, on the loop's thread, soon after
    /// `request.reply_by` at the latest; never once the carrier has gone.
    virtual void send(Request request, Handler on_outcome) = 0;
    /// What `reply_by` is measured by. Shared, because it may be needed after the carrier.
    [[nodiscard]] virtual std::shared_ptr<Clock> clock() const = 0;
};

} // namespace knell::http
