// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/transport.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace knell::nova {

[[nodiscard]] inline Instant now()
{
    return instant(std::chrono::steady_clock::now());
}

/// The transport for coroutines. If the transport goes, so does the coroutine:
/// it is destroyed where it waits.
[[nodiscard]] inline boost::asio::awaitable<http::Outcome> send(http::Transport& transport,
                                                                http::Request request)
{
    auto start = [&transport](auto handler, http::Request to_send) {
        // Shared only because std::function wants to be able to copy it.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        transport.send(std::move(to_send), [waiting](http::Outcome outcome) {
            std::move (*waiting)(std::move(outcome));
        });
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(http::Outcome)>(
        std::move(start), boost::asio::use_awaitable, std::move(request));
}

} // namespace knell::nova
