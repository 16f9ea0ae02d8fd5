// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/carrier.hpp"
#include "nova/cloud_settings.hpp"
#include "nova/messages.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <variant>

namespace knell::nova {

struct Token {
    Secret value;
    Instant renew{};   ///< from here on a new one is fetched while this one still serves
    Instant expires{}; ///< on our monotonic clock
    std::vector<Endpoint> compute;
    std::uint64_t serial = 0;
};

struct NoToken {
    std::string why;
};

/// Fetches tokens (Identity API v3), one request at a time, and renews them
/// ahead of their end. After Keystone has refused the password it is not shown
/// again for a while: lock-out policies count.
///
/// Lives in a shared_ptr because a renewal outlasts the call that began it.
class Keystone : public std::enable_shared_from_this<Keystone> {
public:
    /// Calls under way keep the token they began with, hence shared.
    using Grant = std::variant<std::shared_ptr<const Token>, NoToken>;

    Keystone(boost::asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
             Duration connect, Duration pause);

    /// At once if there is a token; else by `by` at the latest.
    [[nodiscard]] boost::asio::awaitable<Grant> token(Instant by);

    /// Nova does not accept this token. True if it is worth asking for another
    /// one now; false if the last one was thrown away for that only just now.
    [[nodiscard]] bool reject(std::uint64_t serial);

    /// When to call token() again, so that no caller ever waits for a renewal.
    [[nodiscard]] Instant wants_renewal() const;
    [[nodiscard]] const CloudSettings& settings() const noexcept { return settings_; }

private:
    void start_renewal();
    static boost::asio::awaitable<void> renew(std::shared_ptr<Keystone> self);
    boost::asio::awaitable<void> renewal_ended(Instant by);
    void accept(Instant asked_at, const http::Response& response);
    void refuse(const http::Response& response);

    boost::asio::io_context& loop_;
    http::Carrier& carrier_;
    std::shared_ptr<http::Clock> clock_;
    CloudSettings settings_;
    Duration connect_;
    Duration first_pause_;
    Duration pause_;
    std::shared_ptr<const Token> token_;
    bool renewing_ = false;
    std::list<http::Alarm*> waiting_; ///< on the stacks of those who wait
    std::string fault_;
    Instant not_before_{};  ///< no request at all until then: the password was refused
    Instant renew_after_{}; ///< no renewal ahead until then: the last one failed
    Instant last_rejected_{Instant::min()};
    std::uint64_t serials_ = 0;
};

} // namespace knell::nova
