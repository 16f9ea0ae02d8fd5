// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/nova_session.hpp"

#include "core/overloaded.hpp"
#include "nova/awaiting.hpp"
#include "nova/service_list.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace knell::nova {
namespace asio = boost::asio;

namespace {

bool is_https(std::string_view url)
{
    constexpr std::string_view scheme = "https://";
    return url.size() >= scheme.size() &&
           std::equal(scheme.begin(), scheme.end(), url.begin(), [](char ours, char theirs) {
               return ours == (theirs >= 'A' && theirs <= 'Z' ? theirs - 'A' + 'a' : theirs);
           });
}

std::optional<std::string> objection(const Leave& leave, Instant now)
{
    if (leave.revoked()) {
        return "it was taken back before it was sent";
    }
    if (now > leave.until()) {
        return "the proof had grown old before it could be sent; it is read again";
    }
    return std::nullopt;
}

} // namespace

NovaSession::NovaSession(asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
                         NovaOptions options)
    : carrier_{carrier}, clock_{carrier.clock()}, options_{std::move(options)}, pause_{
                                                                                    clock_->alarm()}
{
    const auto choose = [](std::string& ours, const std::string& theirs) {
        ours = ours.empty() ? theirs : ours;
    };
    choose(options_.endpoint_override, settings.compute_endpoint_override);
    choose(options_.region, settings.region);
    choose(options_.interface, settings.interface);
    keystone_ = std::make_shared<Keystone>(loop, carrier, std::move(settings), options_.connect,
                                           options_.refused_pause);
}

void NovaSession::close()
{
    closed_ = true;
    pause_->stop();
}

std::optional<std::string> NovaSession::use_endpoint(const Token& token)
{
    auto url = options_.endpoint_override.empty()
                   ? choose_endpoint(token.compute, options_.interface, options_.region)
                   : options_.endpoint_override;
    if (!url) {
        return "Keystone's catalogue has no compute endpoint with interface " + options_.interface +
               (options_.region.empty() ? "" : " in region " + options_.region) +
               "; correct nova.interface or nova.region, or set nova.endpoint_override";
    }
    while (url->ends_with('/')) {
        url->pop_back();
    }
    if (options_.endpoint_override.empty() && is_https(keystone_->settings().auth_url) &&
        !is_https(*url)) {
        return "Keystone's catalogue names " + *url +
               " for compute, without TLS, and Keystone "
               "itself is asked by https: our token would be sent in the clear; correct the "
               "endpoint in the catalogue, or, if it is meant, set nova.endpoint_override to it";
    }
    if (*url != endpoint_) {
        endpoint_ = *url;
        versions_.reset();
        ids_.clear();
        health_.endpoint = endpoint_;
    }
    return std::nullopt;
}

asio::awaitable<std::variant<NovaSession::Access, NovaSession::NoAccess>>
NovaSession::access(Instant by)
{
    const Keystone::Grant grant = co_await keystone_->token(by);
    if (const auto* none = std::get_if<NoToken>(&grant)) {
        co_return NoAccess{none->why};
    }
    const auto& token = std::get<std::shared_ptr<const Token>>(grant);
    if (const auto problem = use_endpoint(*token)) {
        co_return NoAccess{*problem};
    }
    if (!versions_) {
        const auto range = co_await versions(by);
        if (const auto* none = std::get_if<NoAccess>(&range)) {
            co_return *none;
        }
        versions_ = std::get<VersionRange>(range);
        health_.microversion = to_string(versions_->most);
    }
    co_return Access{token, *versions_};
}

asio::awaitable<std::variant<VersionRange, NovaSession::NoAccess>> NovaSession::versions(Instant by)
{
    http::Request request;
    request.url = version_root(endpoint_);
    request.repetition = http::Repetition::harmless;
    request.connect = options_.connect;
    request.reply_by = by;
    request.tls = keystone_->settings().tls;
    const std::string where = request.url;
    const http::Outcome outcome = co_await send(carrier_, std::move(request));
    const auto* response = std::get_if<http::Response>(&outcome);
    if (response == nullptr) {
        const auto* not_sent = std::get_if<http::NotSent>(&outcome);
        co_return NoAccess{"Nova could not be asked for its versions: " +
                           (not_sent ? not_sent->why : std::get<http::Lost>(outcome).why)};
    }
    if (response->status != 200) {
        co_return NoAccess{"asked for its versions at " + where + ", " +
                           described("Nova", *response)};
    }
    const auto parsed = parse_version(response->body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        co_return NoAccess{"asked at " + where + ": " + unreadable->why};
    }
    co_return std::get<VersionRange>(parsed);
}

asio::awaitable<NovaSession::Reply> NovaSession::ask_once(const Question& question,
                                                          const Token& token, Instant by)
{
    const std::string version = to_string(question.version);
    http::Request request;
    request.method = question.method;
    request.url = endpoint_ + question.path;
    request.headers.push_back({"X-Auth-Token", token.value});
    request.headers.push_back({"Accept", Secret{"application/json"}});
    // The first is understood from 2.27 on, the second always (API guide, "Microversions").
    request.headers.push_back({"OpenStack-API-Version", Secret{"compute " + version}});
    request.headers.push_back({"X-OpenStack-Nova-API-Version", Secret{version}});
    if (!question.body.empty()) {
        request.headers.push_back({"Content-Type", Secret{"application/json"}});
        request.body = Secret{question.body};
    }
    request.repetition = question.repetition;
    request.connect = options_.connect;
    request.reply_by = by;
    request.tls = keystone_->settings().tls;
    request.most_body = question.most_body;
    if (question.leave) {
        request.objection = [leave = *question.leave, clock = clock_] {
            return objection(leave, clock->now());
        };
    }
    http::Outcome outcome = co_await send(carrier_, std::move(request));
    if (auto* response = std::get_if<http::Response>(&outcome)) {
        co_return Reply{std::move(*response), {}, true};
    }
    if (const auto* not_sent = std::get_if<http::NotSent>(&outcome)) {
        co_return Reply{std::nullopt, "Nova could not be asked: " + not_sent->why};
    }
    co_return Reply{std::nullopt, "Nova did not answer: " + std::get<http::Lost>(outcome).why,
                    true};
}

asio::awaitable<NovaSession::Reply> NovaSession::ask(Question question, Instant by)
{
    Reply reply;
    for (int tries = 0; tries < 2; ++tries) {
        const auto ready = co_await access(by);
        if (const auto* none = std::get_if<NoAccess>(&ready)) {
            went_wrong(none->why);
            co_return Reply{std::nullopt, none->why};
        }
        if (closed_) {
            co_return Reply{std::nullopt, "the client was closed"};
        }
        const std::shared_ptr<const Token> token = std::get<Access>(ready).token;
        reply = co_await ask_once(question, *token, by);
        if (!reply.response || reply.response->status != 401 || !keystone_->reject(token->serial)) {
            break;
        }
    }
    if (!reply.response) {
        const bool ours =
            !reply.left && question.leave && objection(*question.leave, clock_->now());
        if (!ours) {
            went_wrong(reply.why);
        }
        co_return reply;
    }
    const unsigned status = reply.response->status;
    if (status == 406) {
        // Nova was replaced by an older one; what it speaks is asked again next time.
        versions_.reset();
    }
    const bool elsewhere = status >= 300 && status < 400;
    if (elsewhere || status >= 500 || status == 401 || status == 403 || status == 406) {
        went_wrong(described("Nova", *reply.response));
    } else {
        went_well();
    }
    co_return reply;
}

void NovaSession::remember(const ServiceRecord& record)
{
    if (record.binary == "nova-compute" && !record.id.empty()) {
        ids_.insert_or_assign(record.host, record.id);
    }
}

void NovaSession::remember_only(const std::vector<ServiceRecord>& records)
{
    ids_.clear();
    std::set<std::string_view> seen;
    for (const ServiceRecord& record : records) {
        if (record.binary != "nova-compute") {
            continue;
        }
        if (seen.insert(record.host).second) {
            remember(record);
        } else if (const auto ambiguous = ids_.find(record.host); ambiguous != ids_.end()) {
            ids_.erase(ambiguous);
        }
    }
}

asio::awaitable<bool> NovaSession::touch(Instant by)
{
    const auto failed = [this](const std::string& why) {
        went_wrong(why);
        health_.services_error = why;
        return false;
    };
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        co_return failed(none->why);
    }
    const VersionRange versions = std::get<Access>(ready).versions;
    Question question;
    question.version = versions.nearest(shows_unreachable);
    question.path = "/os-services?binary=nova-compute";
    const Instant asked_at = clock_->now();
    const Reply reply = co_await ask(question, by);
    if (!reply.response) {
        co_return failed(reply.why);
    }
    if (!success(*reply.response)) {
        co_return failed(described("Nova", *reply.response));
    }
    const auto parsed = parse_services(reply.response->body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        co_return failed("Nova: " + unreadable->why);
    }
    const auto& records = std::get<std::vector<ServiceRecord>>(parsed);
    remember_only(records);
    tell_services(asked_at, versions, records);
    co_return true;
}

/// Nova answered; whether with a list that tells something is another matter.
void NovaSession::tell_services(Instant asked_at, const VersionRange& versions,
                                const std::vector<ServiceRecord>& records)
{
    if (versions.most < knows_forced_down) {
        return list_tells_nothing(versions.too_old_for("forced_down", knows_forced_down));
    }
    auto list = whole_list(records);
    if (const auto* unreadable = std::get_if<Unreadable>(&list)) {
        return list_tells_nothing("Nova: " + unreadable->why);
    }
    if (versions.most < shows_unreachable && std::get<std::vector<ServiceSeen>>(list).empty()) {
        return list_tells_nothing("Nova lists no nova-compute at all; before 2.69 that is also "
                                  "what it does when it cannot reach the database of its cell");
    }
    list_is_whole();
    if (on_services_ && !closed_) {
        // A copy, because it may well give us another one.
        const auto deliver = on_services_;
        deliver(ServicesSeen{asked_at, std::get<std::vector<ServiceSeen>>(std::move(list))});
    }
}

void NovaSession::list_tells_nothing(std::string why)
{
    health_.services_error = std::move(why);
    if (std::exchange(told_whole_, false) && on_list_turn_ && !closed_) {
        on_list_turn_(health_.services_error);
    }
}

void NovaSession::list_is_whole()
{
    health_.services_error.clear();
    if (!std::exchange(told_whole_, true) && on_list_turn_ && !closed_) {
        on_list_turn_({});
    }
}

void NovaSession::watch_services(Duration every, ComputeServices::ServicesHandler on_services)
{
    watch_ = every;
    on_services_ = std::move(on_services);
    look_now_ = true;
    pause_->stop();
}

asio::awaitable<void> NovaSession::keep_warm(std::shared_ptr<NovaSession> self)
{
    Duration retry = Duration::zero();
    while (!self->closed_) {
        self->look_now_ = false;
        const bool warm = co_await self->touch(self->clock_->now() + self->options_.reply);
        if (self->closed_) {
            break;
        }
        // The pace may be another one by now.
        retry = std::min(std::max(retry, self->options_.retry), self->options_.retry_most);
        Duration rest = retry;
        if (warm) {
            retry = Duration::zero();
            rest = std::max<Duration>(
                500ms, std::min({self->options_.touch, self->watch_,
                                 self->keystone_->wants_renewal() - self->clock_->now()}));
        } else {
            retry *= 2;
        }
        co_await sleep(*self->pause_,
                       self->clock_->now() + (self->look_now_ ? Duration::zero() : rest));
    }
}

void NovaSession::went_well()
{
    health_.last_ok = clock_->now();
    turn(true);
}

void NovaSession::went_wrong(std::string why)
{
    health_.last_error = std::move(why);
    turn(false);
}

void NovaSession::turn(bool well)
{
    health_.warm = well;
    if (std::exchange(told_well_, well) == well || closed_) {
        return;
    }
    if (!well) {
        pause_->stop(); // find out now whether it was for once, not at the next round
    }
    if (on_turn_) {
        on_turn_(health_);
    }
}

} // namespace knell::nova
