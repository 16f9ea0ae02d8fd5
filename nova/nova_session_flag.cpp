// SPDX-License-Identifier: GPL-3.0-or-later
// The questions about one host's forced_down.
#include "nova/awaiting.hpp"
#include "nova/nova_session.hpp"

namespace knell::nova {
namespace asio = boost::asio;

namespace {

std::string services_of(const HostId& host)
{
    return "/os-services?binary=nova-compute&host=" + percent_encoded(host.get());
}

const char* spoken(bool forced_down)
{
    return forced_down ? "forced_down=true" : "forced_down=false";
}

/// The request id between two words, or nothing at all: proxies may strip it.
std::string named(const char* before, const std::string& request_id, const char* after = "")
{
    return request_id.empty() ? std::string{} : before + request_id + after;
}

} // namespace

Finding NovaSession::find(const http::Response& response, const HostId& host, Microversion version)
{
    const auto parsed = parse_services(response.body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        went_wrong("Nova: " + unreadable->why); // whatever its status was
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
    finding.request_id = request_id(response);
    finding.detail = std::string{"Nova shows "} + spoken(*found->forced_down) +
                     named(" (", finding.request_id, ")");
    return finding;
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
        co_return refused(NovaRefusal::bad_request,
                          versions.too_old_for("forced_down", knows_forced_down));
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

/// What the answer to a write says, or that there is none.
Finding NovaSession::outcome_of(const Reply& reply)
{
    Finding finding;
    if (!reply.response) {
        finding = unknown(reply.why);
        finding.may_land = reply.left;
    } else if (success(*reply.response)) {
        finding.outcome = NovaOutcome::done;
        finding.request_id = request_id(*reply.response);
    } else {
        finding = judge(*reply.response);
        finding.may_land = reply.response->status >= 500; // a gateway gives up before Nova does
    }
    return finding;
}

asio::awaitable<Finding> NovaSession::put(HostId host, bool wanted, Instant by, const Leave& leave)
{
    Question question;
    question.leave = &leave;
    question.method = "PUT";
    // A write that is sent twice may land twice, the second time when nobody reckons with it.
    question.repetition = http::Repetition::harmful;
    for (int tries = 0;; ++tries) {
        const auto ready = co_await access(by);
        if (const auto* none = std::get_if<NoAccess>(&ready)) {
            went_wrong(none->why);
            co_return unknown(none->why);
        }
        const VersionRange versions = std::get<Access>(ready).versions;
        if (versions.most < knows_forced_down) {
            co_return refused(NovaRefusal::bad_request,
                              versions.too_old_for("forced_down", knows_forced_down));
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
        const Finding finding = outcome_of(reply);
        // The service may have been made anew, with another id.
        const bool stale = by_id && finding.refusal == NovaRefusal::not_found;
        if (!stale || tries > 0) {
            co_return finding;
        }
        ids_.erase(host.get());
    }
}

asio::awaitable<Finding> NovaSession::write(HostId host, bool wanted, Instant by,
                                            const Leave& leave)
{
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        co_return unknown(none->why);
    }
    // What the write does not use is left for reading back.
    const Instant start = clock_->now();
    const Finding written = co_await put(host, wanted, start + (by - start) * 3 / 5, leave);
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
    const std::string put = written.outcome == NovaOutcome::done
                                ? "PUT" + named(" ", written.request_id)
                                : written.detail;
    const std::string back = "read back" + named(" by ", seen.request_id) + ": ";
    result.outcome = seen.forced_down == wanted ? NovaOutcome::done : NovaOutcome::unknown;
    result.may_land =
        written.may_land || (written.outcome == NovaOutcome::done && seen.forced_down != wanted);
    if (!seen.forced_down) {
        result.detail = put + "; " + back + seen.detail;
    } else if (*seen.forced_down == wanted) {
        result.detail = put + ", " + back + spoken(wanted);
    } else {
        result.detail = put + ", but " + back + spoken(!wanted);
    }
    co_return result;
}

} // namespace knell::nova
