// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/nova_line.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace knell::sim {

namespace {

struct Ring {
    std::function<void()> then;
};

/// Holds what is to be done outside of the alarm, which may live in what is to be done.
class LifeAlarm final : public http::Alarm {
public:
    LifeAlarm(boost::asio::io_context& loop, std::shared_ptr<Life> life, std::function<void()> pump)
        : loop_{loop}, life_{std::move(life)}, pump_{std::move(pump)}
    {
    }

    void ring(Instant at, std::function<void()> then) override
    {
        stop();
        auto ring = std::make_shared<Ring>(Ring{std::move(then)});
        ring_ = ring;
        life_->at(at, [ring, pump = pump_] {
            if (const auto act = std::exchange(ring->then, nullptr)) {
                act();
                pump();
            }
        });
    }
    void stop() override
    {
        if (const auto ring = ring_.lock(); ring && ring->then) {
            boost::asio::post(loop_, std::exchange(ring->then, nullptr));
        }
    }

private:
    boost::asio::io_context& loop_;
    std::shared_ptr<Life> life_;
    std::function<void()> pump_;
    std::weak_ptr<Ring> ring_;
};

class LifeClock final : public http::Clock {
public:
    LifeClock(boost::asio::io_context& loop, std::shared_ptr<Life> life, std::function<void()> pump)
        : loop_{loop}, life_{std::move(life)}, pump_{std::move(pump)}
    {
    }
    [[nodiscard]] Instant now() const override { return life_->now(); }
    [[nodiscard]] std::unique_ptr<http::Alarm> alarm() override
    {
        return std::make_unique<LifeAlarm>(loop_, life_, pump_);
    }

private:
    boost::asio::io_context& loop_;
    std::shared_ptr<Life> life_;
    std::function<void()> pump_;
};

} // namespace

NovaLine::NovaLine(boost::asio::io_context& loop, std::shared_ptr<Life> life, Truth& truth,
                   NovaApi& api, const NovaWeather& weather, Dice& dice, std::function<void()> pump)
    : loop_{loop}, life_{std::move(life)}, truth_{truth}, api_{api}, weather_{weather}, dice_{dice},
      pump_{std::move(pump)}, clock_{std::make_shared<LifeClock>(loop, life_, pump_)}
{
}

NovaLine::~NovaLine() = default;

void NovaLine::send(http::Request request, Handler on_outcome)
{
    const auto number = ++sent_;
    const auto reply_by = request.reply_by;
    waiting_.emplace(number, std::move(on_outcome));
    const std::weak_ptr weak = alive_;
    const auto later = [this, weak, number](Instant at, http::Outcome outcome) {
        life_->at(at, [this, weak, number, outcome = std::move(outcome)] {
            if (!weak.expired()) {
                conclude(number, outcome);
            }
        });
    };
    const auto now = life_->now();
    if (reply_by <= now) {
        return later(now, http::NotSent{"no time was left to ask"});
    }
    if (request.objection) {
        if (auto why = request.objection()) {
            return later(now, http::NotSent{*std::move(why)});
        }
        request.objection = nullptr; // it has left
    }
    later(reply_by, http::Lost{"no answer in time"});
    if (weather_.fate) {
        const auto fate = weather_.fate(request);
        return meet(number, std::move(request), fate);
    }
    if (weather_.gone) {
        if (dice_.chance(0.5)) {
            later(now + 1ms, http::NotSent{"connection refused"});
        }
        return;
    }
    const bool write = request.method == "PUT";
    const auto shared = std::make_shared<http::Request>(std::move(request));
    const bool late = write && weather_.late && dice_.chance(0.5);
    // A proxy in between holds it, or Nova's worker does; the client has long given up.
    const auto pause =
        late ? dice_.between(0us, truth_.options.nova_lateness) : dice_.between(1ms, 30ms);
    truth_.agenda.after(pause, [this, weak, number, shared, written = words, &api = api_] {
        if (!weak.expired()) {
            return served(number, shared, written);
        }
        if (shared->method == "PUT") { // its sender died meanwhile
            (void)api.serve(*shared, {}, written);
        }
    });
}

void NovaLine::meet(std::uint64_t number, http::Request request, const Fate& fate)
{
    const std::weak_ptr weak = alive_;
    const auto answer = [this, weak, number](http::Outcome outcome) {
        if (weak.expired()) {
            return;
        }
        life_->after(5ms, [this, weak, number, outcome = std::move(outcome)] {
            if (!weak.expired()) {
                conclude(number, outcome);
            }
        });
    };
    if (fate.sending == Fate::Sending::refused) {
        return answer(http::NotSent{"connection refused"});
    }
    if (fate.sending == Fate::Sending::swallowed) {
        return;
    }
    const auto shared = std::make_shared<http::Request>(std::move(request));
    truth_.agenda.after(fate.pause, [&api = api_, shared, fate, answer, written = words] {
        auto response = fate.instead ? *fate.instead : api.serve(*shared, fate.way, written);
        answer(fate.answer_lost ? http::Outcome{http::Lost{"connection reset"}}
                                : http::Outcome{std::move(response)});
    });
}

void NovaLine::served(std::uint64_t number, const std::shared_ptr<http::Request>& request,
                      const Words& written)
{
    const auto answer = [&](http::Outcome outcome) {
        life_->after(dice_.between(1ms, 20ms),
                     [this, weak = std::weak_ptr{alive_}, number, outcome = std::move(outcome)] {
                         if (!weak.expired()) {
                             conclude(number, outcome);
                         }
                     });
    };
    if (weather_.ill && dice_.chance(0.5)) {
        switch (dice_.below(4)) {
        case 0:
            return answer(http::Response{503, {}, "<html>503 Service Unavailable</html>"});
        case 1:
            return answer(http::Response{429, {{"Retry-After", "2"}}, "{}"});
        case 2:
            api_.revoke_tokens();
            break;
        default:
            return answer(http::Response{500, {}, R"({"computeFault":{"message":"DBError"}})"});
        }
    }
    const NovaApi::Way way{weather_.stale && dice_.chance(0.7),
                           weather_.forgets && dice_.chance(0.5), weather_.hidden};
    auto response = api_.serve(*request, way, written);
    if (weather_.lossy && dice_.chance(0.5)) {
        return answer(http::Lost{"connection reset"});
    }
    answer(std::move(response));
}

void NovaLine::conclude(std::uint64_t number, http::Outcome outcome)
{
    if (auto waiting = waiting_.extract(number)) {
        waiting.mapped()(std::move(outcome));
        pump_();
    }
}

} // namespace knell::sim
