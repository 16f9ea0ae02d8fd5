// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/nova_session.hpp"

#include "core/overloaded.hpp"
#include "nova/awaiting.hpp"

#include <boost/asio/as_tuple.hpp>

#include <algorithm>

namespace knell::nova {
namespace asio = boost::asio;

namespace {

constexpr Microversion knows_forced_down{2, 11};
constexpr Microversion knows_host_status{2, 16};
constexpr Microversion writes_by_id{2, 53};
/// From here on a service of an unreachable cell is shown with less, not left out.
constexpr Microversion shows_unreachable{2, 69};

std::string services_of(const HostId& host)
{
    return "/os-services?binary=nova-compute&host=" + percent_encoded(host.get());
}

std::string too_old(const VersionRange& versions)
{
    return "this Nova speaks at most " + to_string(versions.most) +
           ", and forced_down needs 2.11 (Liberty)";
}

const char* spoken(bool forced_down)
{
    return forced_down ? "forced_down=true" : "forced_down=false";
}

} // namespace

NovaSession::NovaSession(asio::io_context& loop, http::Transport& transport, CloudSettings settings,
                         NovaOptions options)
    : transport_{transport}, options_{std::move(options)}, pause_{loop}
{
    const auto choose = [](std::string& ours, const std::string& theirs) {
        ours = ours.empty() ? theirs : ours;
    };
    choose(options_.endpoint_override, settings.compute_endpoint_override);
    choose(options_.region, settings.region);
    choose(options_.interface, settings.interface);
    keystone_ = std::make_shared<Keystone>(loop, transport, std::move(settings), options_.connect,
                                           options_.refused_pause);
}

void NovaSession::close()
{
    closed_ = true;
    pause_.cancel();
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
    const http::Outcome outcome = co_await send(transport_, std::move(request));
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
    // All that we ask of Nova sets or reads a state; twice is once.
    request.repetition = http::Repetition::harmless;
    request.connect = options_.connect;
    request.reply_by = by;
    request.tls = keystone_->settings().tls;
    http::Outcome outcome = co_await send(transport_, std::move(request));
    if (auto* response = std::get_if<http::Response>(&outcome)) {
        co_return Reply{std::move(*response), {}};
    }
    if (const auto* not_sent = std::get_if<http::NotSent>(&outcome)) {
        co_return Reply{std::nullopt, "Nova could not be asked: " + not_sent->why};
    }
    co_return Reply{std::nullopt, "Nova did not answer: " + std::get<http::Lost>(outcome).why};
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
        went_wrong(reply.why);
        co_return reply;
    }
    const unsigned status = reply.response->status;
    if (status == 406) {
        // Nova was replaced by an older one; what it speaks is asked again next time.
        versions_.reset();
    }
    if (status >= 500 || status == 401 || status == 403 || status == 406) {
        went_wrong(described("Nova", *reply.response));
    } else {
        went_well();
    }
    co_return reply;
}

Finding NovaSession::find(const http::Response& response, const HostId& host, Microversion version)
{
    const auto parsed = parse_services(response.body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        return unknown("Nova: " + unreadable->why);
    }
    const ServiceRecord* found = nullptr;
    for (const auto& record : std::get<std::vector<ServiceRecord>>(parsed)) {
        if (record.binary != "nova-compute" || record.host != host.get()) {
            continue;
        }
        if (found != nullptr) {
            return unknown("Nova has two nova-compute services with this host");
        }
        found = &record;
    }
    if (found == nullptr) {
        ids_.erase(host.get());
        return version >= shows_unreachable
                   ? refused(NovaRefusal::not_found, "Nova has no nova-compute service whose "
                                                     "host is exactly \"" +
                                                         host.get() + "\"")
                   : unknown("Nova shows no nova-compute service of this host; before 2.69 that "
                             "may also be a cell whose database cannot be reached");
    }
    remember(*found);
    if (!found->forced_down) {
        return unknown("Nova does not show forced_down of this host: the database of its cell "
                       "cannot be reached");
    }
    Finding finding;
    finding.outcome = NovaOutcome::done;
    finding.forced_down = found->forced_down;
    finding.detail = std::string{"Nova shows "} + spoken(*found->forced_down);
    return finding;
}

void NovaSession::remember(const ServiceRecord& record)
{
    if (record.binary == "nova-compute" && !record.id.empty()) {
        ids_.insert_or_assign(record.host, record.id);
    }
}

asio::awaitable<Finding> NovaSession::read(HostId host, Instant by)
{
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        co_return unknown(none->why);
    }
    const VersionRange versions = std::get<Access>(ready).versions;
    if (versions.most < knows_forced_down) {
        co_return refused(NovaRefusal::bad_request, too_old(versions));
    }
    Question question;
    question.version = versions.nearest(shows_unreachable);
    question.path = services_of(host);
    const Reply reply = co_await ask(question, by);
    if (!reply.response) {
        co_return unknown(reply.why);
    }
    if (!success(*reply.response)) {
        co_return judge(*reply.response);
    }
    co_return find(*reply.response, host, question.version);
}

asio::awaitable<Finding> NovaSession::put(HostId host, bool wanted, Instant by)
{
    Question question;
    question.method = "PUT";
    for (int tries = 0;; ++tries) {
        const auto ready = co_await access(by);
        if (const auto* none = std::get_if<NoAccess>(&ready)) {
            went_wrong(none->why);
            co_return unknown(none->why);
        }
        const VersionRange versions = std::get<Access>(ready).versions;
        if (versions.most < knows_forced_down) {
            co_return refused(NovaRefusal::bad_request, too_old(versions));
        }
        const bool by_id = versions.most >= writes_by_id;
        if (by_id && !ids_.contains(host.get())) {
            const Finding found = co_await read(host, by);
            if (!ids_.contains(host.get())) {
                co_return found.outcome == NovaOutcome::done
                    ? unknown("Nova does not show the id of this host's service")
                    : found;
            }
        }
        question.version = versions.nearest(by_id ? writes_by_id : knows_forced_down);
        question.path =
            "/os-services/" + (by_id ? percent_encoded(ids_[host.get()]) : "force-down");
        question.body = by_id ? force_down_by_id(wanted) : force_down_by_host(host.get(), wanted);
        const Reply reply = co_await ask(question, by);
        if (!reply.response) {
            co_return unknown(reply.why);
        }
        if (success(*reply.response)) {
            Finding finding;
            finding.outcome = NovaOutcome::done;
            co_return finding;
        }
        const Finding finding = judge(*reply.response);
        // The service may have been made anew, with another id.
        const bool stale = by_id && finding.refusal == NovaRefusal::not_found;
        if (!stale || tries > 0) {
            co_return finding;
        }
        ids_.erase(host.get());
    }
}

asio::awaitable<Finding> NovaSession::write(HostId host, bool wanted, Instant by)
{
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        co_return unknown(none->why);
    }
    // What the write does not use is left for reading back.
    const Instant start = now();
    const Finding written = co_await put(host, wanted, start + (by - start) * 3 / 5);
    if (written.refusal != NovaRefusal::none &&
        written.refusal != NovaRefusal::evacuations_unfinished &&
        written.refusal != NovaRefusal::bad_request) {
        co_return written;
    }
    Finding seen = co_await read(host, by);
    Finding result = written;
    result.forced_down = seen.forced_down;
    if (written.outcome == NovaOutcome::refused) {
        co_return result;
    }
    if (!seen.forced_down) {
        result.outcome = NovaOutcome::unknown;
        const std::string before = written.detail.empty() ? "Nova accepted" : written.detail;
        result.detail = before + "; read back: " + seen.detail;
    } else if (*seen.forced_down == wanted) {
        result.outcome = NovaOutcome::done;
        result.detail =
            (written.detail.empty() ? "" : written.detail + "; ") + "read back: " + spoken(wanted);
    } else {
        result.outcome = NovaOutcome::unknown;
        result.detail = (written.detail.empty() ? "Nova accepted" : written.detail) +
                        ", but read back: " + spoken(!wanted);
    }
    co_return result;
}

asio::awaitable<ServersSeen> NovaSession::sample(HostId host, AttemptId attempt, Instant by)
{
    ServersSeen seen{host, attempt, false, 0, 0, {}};
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        seen.detail = none->why;
        co_return seen;
    }
    const VersionRange versions = std::get<Access>(ready).versions;
    if (versions.most < knows_host_status) {
        seen.detail =
            "this Nova speaks at most " + to_string(versions.most) + ", and host_status needs 2.16";
        co_return seen;
    }
    Question question;
    question.version = versions.nearest(knows_host_status);
    question.path = "/servers/detail?all_tenants=1&host=" + percent_encoded(host.get()) +
                    "&limit=" + std::to_string(options_.servers_sampled);
    const Reply reply = co_await ask(question, by);
    if (!reply.response || !success(*reply.response)) {
        seen.detail = reply.response ? described("Nova", *reply.response) : reply.why;
        co_return seen;
    }
    const auto parsed = parse_servers(reply.response->body, host.get());
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        seen.detail = "Nova: " + unreadable->why;
        co_return seen;
    }
    const auto& sample = std::get<ServersSample>(parsed);
    seen.sampled = sample.sampled;
    seen.down = sample.down;
    seen.known = sample.sampled > 0 || sample.others == 0;
    seen.detail = sample.others == 0 ? std::to_string(sample.down) + " of " +
                                           std::to_string(sample.sampled) + " servers DOWN"
                                     : "Nova does not show our user host_status or the host of " +
                                           std::to_string(sample.others) + " servers";
    co_return seen;
}

asio::awaitable<bool> NovaSession::touch(Instant by)
{
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        co_return false;
    }
    Question question;
    question.version = std::get<Access>(ready).versions.nearest(shows_unreachable);
    question.path = "/os-services?binary=nova-compute";
    const Reply reply = co_await ask(question, by);
    if (!reply.response) {
        co_return false;
    }
    if (!success(*reply.response)) {
        went_wrong(described("Nova", *reply.response));
        co_return false;
    }
    const auto parsed = parse_services(reply.response->body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        went_wrong("Nova: " + unreadable->why);
        co_return false;
    }
    for (const ServiceRecord& record : std::get<std::vector<ServiceRecord>>(parsed)) {
        remember(record);
    }
    co_return true;
}

asio::awaitable<void> NovaSession::keep_warm(std::shared_ptr<NovaSession> self)
{
    Duration retry = self->options_.retry;
    while (!self->closed_) {
        const bool warm = co_await self->touch(now() + self->options_.reply);
        if (self->closed_) {
            break;
        }
        Duration rest = retry;
        if (warm) {
            retry = self->options_.retry;
            rest = std::max<Duration>(
                500ms, std::min(self->options_.touch, self->keystone_->wants_renewal() - now()));
        } else {
            retry = std::min(retry * 2, self->options_.retry_most);
        }
        self->pause_.expires_after(rest);
        co_await self->pause_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void NovaSession::went_well()
{
    health_.warm = true;
    health_.last_ok = now();
}

void NovaSession::went_wrong(std::string why)
{
    health_.warm = false;
    health_.last_error = std::move(why);
}

} // namespace knell::nova
