// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/transport.hpp"
#include "tests/unit/nova/fake_cloud.hpp"
#include "tests/unit/nova/forged_proofs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::nova {

class NovaClientTest : public ::testing::Test {
protected:
    static Instant in(Duration d) { return instant(std::chrono::steady_clock::now()) + d; }

    NovaClient& client()
    {
        if (!client_) {
            client_ = std::make_unique<NovaClient>(loop_, *transport_, cloud_.settings(), options_);
        }
        return *client_;
    }

    /// Waits until the client has all it needs, then forgets what it asked for.
    void warm_up()
    {
        client().start();
        run_until([&] { return client().health().warm; });
        EXPECT_TRUE(client().health().warm) << client().health().last_error;
        loop_.run_for(20ms);
        asked_before_ = cloud_.asked().size();
    }

    std::vector<std::string> asked() const
    {
        const auto all = cloud_.asked();
        return {all.begin() + static_cast<std::ptrdiff_t>(asked_before_), all.end()};
    }

    template <class Answer, class Start>
    Answer awaited(Start start)
    {
        std::optional<Answer> answer;
        start([&](Answer a) {
            EXPECT_FALSE(answer.has_value()) << "called twice";
            answer = std::move(a);
        });
        EXPECT_FALSE(answer.has_value()) << "called from within the call";
        run_until([&] { return answer.has_value(); });
        loop_.poll();
        if (!answer) {
            throw std::runtime_error{"the handler was never called"};
        }
        return std::move(*answer);
    }

    /// A test that would wait for ever gives up after a while.
    template <class Predicate>
    void run_until(Predicate predicate)
    {
        const Instant end = in(15s);
        while (!predicate() && in(0s) < end) {
            loop_.run_one_for(100ms);
        }
    }

    NovaAnswer force_down(const std::string& host = "compute1", Duration patience = 5s)
    {
        return checked(awaited<NovaAnswer>([&](auto handler) {
            client().force_down(FenceProcedure::forge(host), AttemptId{7}, in(patience), leave_,
                                handler);
        }));
    }
    NovaAnswer clear(const std::string& host = "compute1", Duration patience = 5s)
    {
        return checked(awaited<NovaAnswer>([&](auto handler) {
            client().clear_forced_down(Readmission::forge(host), AttemptId{7}, in(patience), leave_,
                                       handler);
        }));
    }
    NovaAnswer read(const std::string& host = "compute1", Duration patience = 5s)
    {
        return checked(awaited<NovaAnswer>([&](auto handler) {
            client().read_forced_down(HostId{host}, AttemptId{7}, in(patience), handler);
        }));
    }
    ServersSeen sample(const std::string& host = "compute1", Duration patience = 5s)
    {
        return awaited<ServersSeen>([&](auto handler) {
            client().sample_servers(HostId{host}, AttemptId{7}, in(patience), handler);
        });
    }

    /// What must be true of every answer.
    NovaAnswer checked(NovaAnswer answer)
    {
        EXPECT_EQ(answer.attempt, AttemptId{7});
        EXPECT_FALSE(answer.detail.empty());
        EXPECT_EQ(answer.outcome == NovaOutcome::refused, answer.refusal != NovaRefusal::none);
        for (const std::string& text : {answer.detail, client().health().last_error}) {
            EXPECT_EQ(text.find("sesame"), std::string::npos) << text;
            EXPECT_EQ(text.find("token-"), std::string::npos) << text;
        }
        return answer;
    }

    /// The next PUT meets this; GETs go on as usual.
    void put_meets(std::function<http::Behaviour(const http::Seen&)> behaviour)
    {
        cloud_.fault = [behaviour](const http::Seen& seen) -> std::optional<http::Behaviour> {
            return seen.method == "PUT" ? std::optional{behaviour(seen)} : std::nullopt;
        };
    }
    void services_meet(std::function<http::Behaviour(const http::Seen&)> behaviour)
    {
        cloud_.fault = [behaviour](const http::Seen& seen) -> std::optional<http::Behaviour> {
            return seen.method == "GET" && seen.target.starts_with("/v2.1/os-services")
                       ? std::optional{behaviour(seen)}
                       : std::nullopt;
        };
    }

    boost::asio::io_context loop_;
    std::unique_ptr<http::Transport> transport_ = std::make_unique<http::Transport>(loop_);
    FakeCloud cloud_{loop_};
    NovaOptions options_;
    Leave leave_; ///< of the writes
    std::unique_ptr<NovaClient> client_;
    std::size_t asked_before_ = 0;
};

} // namespace knell::nova
