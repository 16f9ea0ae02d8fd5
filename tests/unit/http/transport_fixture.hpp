// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/transport.hpp"
#include "tests/unit/http/scripted_server.hpp"

#include <gtest/gtest.h>

namespace knell::http {

using Then = Behaviour::Then;

/// One loop with a client and its servers on it.
class TransportTest : public ::testing::Test {
protected:
    static Request to(std::string url, Duration patience = 5s)
    {
        Request request;
        request.url = std::move(url);
        request.repetition = Repetition::harmless;
        request.reply_by = instant(std::chrono::steady_clock::now()) + patience;
        return request;
    }

    Outcome fetch(Request request)
    {
        std::optional<Outcome> outcome;
        transport_->send(std::move(request), [&](Outcome o) {
            EXPECT_FALSE(outcome.has_value()) << "called twice";
            outcome = std::move(o);
        });
        EXPECT_FALSE(outcome.has_value()) << "called from within send()";
        while (!outcome && loop_.run_one() > 0) {
        }
        loop_.poll();
        return outcome.value_or(NotSent{"the handler was never called"});
    }

    /// Lets the loop run on its own for a while.
    void let_pass(Duration duration) { loop_.run_for(duration); }

    static std::string body(const Outcome& outcome)
    {
        const auto* response = std::get_if<Response>(&outcome);
        return response == nullptr ? "(no answer: " + why(outcome) + ")" : response->body;
    }
    static std::string why(const Outcome& outcome)
    {
        if (const auto* lost = std::get_if<Lost>(&outcome)) {
            return lost->why;
        }
        const auto* not_sent = std::get_if<NotSent>(&outcome);
        return not_sent == nullptr ? std::string{} : not_sent->why;
    }

    boost::asio::io_context loop_;
    std::unique_ptr<Transport> transport_ = std::make_unique<Transport>(loop_);
};

} // namespace knell::http
