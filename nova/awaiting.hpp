// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/carrier.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace knell::nova {

/// The carrier for coroutines. If the carrier goes, so does the coroutine:
/// it is destroyed where it waits.
[[nodiscard]] inline boost::asio::awaitable<http::Outcome> send(http::Carrier& carrier,
                                                                http::Request request)
{
    auto start = [&carrier](auto handler, http::Request to_send) {
        // Shared only because std::function wants to be able to copy it.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        carrier.send(std::move(to_send), [waiting](http::Outcome outcome) {
            std::move (*waiting)(std::move(outcome));
        });
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(http::Outcome)>(
        std::move(start), boost::asio::use_awaitable, std::move(request));
}

/// Waits until then, or until the alarm is stopped.
[[nodiscard]] inline boost::asio::awaitable<void> sleep(http::Alarm& alarm, Instant until)
{
    auto start = [&alarm, until](auto handler) {
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        alarm.ring(until, [waiting] { std::move (*waiting)(); });
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        std::move(start), boost::asio::use_awaitable);
}

} // namespace knell::nova
