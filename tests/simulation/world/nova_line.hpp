// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/carrier.hpp"
#include "tests/simulation/world/life.hpp"
#include "tests/simulation/world/nova_api.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace knell::sim {

/// What becomes of one request.
struct Fate {
    enum class Sending { refused, swallowed, arrives };
    Sending sending = Sending::arrives;
    Duration pause = 5ms;                  ///< until it is served
    std::optional<http::Response> instead; ///< somebody in between answers, and Nova knows nothing
    bool answer_lost = false;
    NovaApi::Way way;
};

/// The state that Nova, and the way to it, are in.
struct NovaWeather {
    bool gone = false;  ///< no connection
    bool lossy = false; ///< every second answer is lost
    bool late = false;  ///< it acts after the client gave up
    bool ill = false;   ///< 503, 429, 401
    bool stale = false;
    bool forgets = false;
    bool hidden = false;
    /// Where a world is told and not drawn: decides of each request in the place of chance.
    std::function<Fate(const http::Request&)> fate;
};

/// What http::Transport is to a real server: one process's requests on their way to Nova and back.
/// A request that left is served though its sender dies.
class NovaLine final : public http::Carrier {
public:
    NovaLine(boost::asio::io_context& loop, std::shared_ptr<Life> life, Truth& truth, NovaApi& api,
             const NovaWeather& weather, Dice& dice, std::function<void()> pump);
    ~NovaLine() override;

    void send(http::Request request, Handler on_outcome) override;
    [[nodiscard]] std::shared_ptr<http::Clock> clock() const override { return clock_; }

    Words words; ///< on what the next writes rest

private:
    struct Waiting;
    void meet(std::uint64_t number, http::Request request, const Fate& fate);
    void conclude(std::uint64_t number, http::Outcome outcome);
    void served(std::uint64_t number, const std::shared_ptr<http::Request>& request,
                const Words& words);

    boost::asio::io_context& loop_;
    std::shared_ptr<Life> life_;
    Truth& truth_;
    NovaApi& api_;
    const NovaWeather& weather_;
    Dice& dice_;
    std::function<void()> pump_;
    std::shared_ptr<http::Clock> clock_;
    std::map<std::uint64_t, Handler> waiting_;
    std::uint64_t sent_ = 0;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace knell::sim
