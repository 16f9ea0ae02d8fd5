// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/carrier.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace knell::http {

/// HTTP/1.1 over libcurl's multi socket interface, driven by one io_context.
///
/// Connections are kept and reused. A kept connection may have been closed by
/// the server meanwhile: if it fails before the first whole line of an answer, a
/// request whose repetition is harmless is sent again on another connection (by
/// libcurl, up to five times while it finds more kept ones that fail). Nothing
/// else is retried, no redirect is followed, no proxy is used unless asked for.
///
/// SIGPIPE is set to be ignored if nobody has handled it: OpenSSL writes with
/// write(2).
class Transport final : public Carrier {
public:
    explicit Transport(boost::asio::io_context& loop);
    /// Requests under way are dropped and their handlers are not called.
    ~Transport() override;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    void send(Request request, Handler on_outcome) override;
    [[nodiscard]] std::shared_ptr<Clock> clock() const override { return clock_; }

private:
    class Multi;
    /// Shared with handlers that wait in the loop: they hold it weakly, and so
    /// find out that the transport has gone.
    std::shared_ptr<Multi> multi_;
    std::shared_ptr<Clock> clock_;
};

} // namespace knell::http
