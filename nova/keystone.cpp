// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/keystone.hpp"

#include "core/overloaded.hpp"
#include "nova/awaiting.hpp"
#include "nova/finding.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace knell::nova {
namespace asio = boost::asio;

namespace {

constexpr Duration request_limit = 15s;
constexpr Duration longest_pause = 5min;
constexpr Duration ahead = 120s;
constexpr Duration between_rejections = 10s;

/// Trying again with the same password and URL will not help.
bool is_our_fault(unsigned status)
{
    return status == 400 || status == 401 || status == 403 || status == 404;
}

} // namespace

Keystone::Keystone(asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
                   Duration connect, Duration pause)
    : loop_{loop}, carrier_{carrier}, clock_{carrier.clock()}, settings_{std::move(settings)},
      connect_{connect}, first_pause_{pause}, pause_{pause}
{
}

asio::awaitable<Keystone::Grant> Keystone::token(Instant by)
{
    const Instant start = clock_->now();
    if (token_ && start < token_->expires) {
        if (start >= wants_renewal() && !renewing_) {
            start_renewal();
        }
        co_return token_;
    }
    if (!renewing_) {
        if (start < not_before_) {
            co_return NoToken{fault_};
        }
        start_renewal();
    }
    co_await renewal_ended(by);
    if (token_ && clock_->now() < token_->expires) {
        co_return token_;
    }
    co_return NoToken{fault_.empty() ? "Keystone has not answered yet" : fault_};
}

bool Keystone::reject(std::uint64_t serial)
{
    if (token_ && token_->serial != serial) {
        return true;
    }
    // If Nova will have none of our tokens, more of them do not help.
    const Instant at = clock_->now();
    if (last_rejected_ != Instant::min() && at - last_rejected_ < between_rejections) {
        return false;
    }
    last_rejected_ = at;
    token_.reset();
    return true;
}

Instant Keystone::wants_renewal() const
{
    if (!token_) {
        return std::max(not_before_, renew_after_);
    }
    return std::max({token_->renew, not_before_, renew_after_});
}

void Keystone::start_renewal()
{
    renewing_ = true;
    asio::co_spawn(loop_, renew(shared_from_this()), [](std::exception_ptr problem) {
        if (problem) {
            std::rethrow_exception(problem);
        }
    });
}

asio::awaitable<void> Keystone::renew(std::shared_ptr<Keystone> self)
{
    const Instant asked_at = self->clock_->now();
    http::Request request;
    request.method = "POST";
    request.url = token_url(self->settings_.auth_url);
    request.headers.push_back({"Content-Type", Secret{"application/json"}});
    request.headers.push_back({"Accept", Secret{"application/json"}});
    request.body = token_request(self->settings_);
    // One token more than needed does no harm.
    request.repetition = http::Repetition::harmless;
    request.connect = self->connect_;
    request.reply_by = asked_at + request_limit;
    request.tls = self->settings_.tls;

    const http::Outcome outcome = co_await send(self->carrier_, std::move(request));
    self->fault_.clear();
    std::visit(Overloaded{
                   [&](const http::Response& response) {
                       if (response.status == 201) {
                           self->accept(asked_at, response);
                       } else {
                           self->refuse(response);
                       }
                   },
                   [&](const auto& failure) {
                       self->fault_ = "Keystone could not be asked for a token: " + failure.why;
                   },
               },
               outcome);
    if (!self->fault_.empty()) {
        self->renew_after_ = self->clock_->now() + 5s;
    }
    self->renewing_ = false;
    for (http::Alarm* alarm : self->waiting_) {
        alarm->stop();
    }
}

asio::awaitable<void> Keystone::renewal_ended(Instant by)
{
    const auto alarm = clock_->alarm();
    const auto place = waiting_.insert(waiting_.end(), alarm.get());
    co_await sleep(*alarm, by);
    waiting_.erase(place);
}

void Keystone::accept(Instant asked_at, const http::Response& response)
{
    const auto value = response.header("X-Subject-Token");
    auto parsed = parse_token(response.body);
    if (!value || value->empty()) {
        fault_ = "Keystone's answer has no X-Subject-Token; is auth_url that of Keystone v3?";
        return;
    }
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        fault_ = "Keystone: " + unreadable->why;
        return;
    }
    auto& document = std::get<TokenDocument>(parsed);
    // Counted from before the question: never longer than the truth.
    const Duration lifetime = std::min<Duration>(document.lifetime, std::chrono::hours{24 * 365});
    Token token;
    token.value = Secret{std::string{*value}};
    token.expires = asked_at + lifetime;
    token.renew = token.expires - std::min(ahead, lifetime / 10);
    token.compute = std::move(document.compute);
    token.serial = ++serials_;
    token_ = std::make_shared<const Token>(std::move(token));
    pause_ = first_pause_;
    not_before_ = Instant{};
}

void Keystone::refuse(const http::Response& response)
{
    fault_ = described("Keystone", response);
    if (!is_our_fault(response.status)) {
        return;
    }
    fault_ += "; correct the entry \"" + settings_.cloud + "\" of clouds.yaml (auth_url, user, " +
              "password or secret, project, domains); the next try is in " +
              std::to_string(std::chrono::ceil<std::chrono::seconds>(pause_).count()) + " s";
    not_before_ = clock_->now() + pause_;
    pause_ = std::min(pause_ * 2, longest_pause);
}

} // namespace knell::nova
