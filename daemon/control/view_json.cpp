// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/view_json.hpp"

#include "daemon/journal/wall_time.hpp"

#include <boost/json.hpp>

namespace knell::control {

namespace {

namespace json = boost::json;

double seconds(Duration duration)
{
    return std::chrono::duration<double>{duration}.count();
}

std::string date(Instant at, const Now& now)
{
    using Wall = std::chrono::system_clock;
    return journal::rfc3339(now.wall +
                            std::chrono::duration_cast<Wall::duration>(at - now.monotonic));
}

json::object moment(Instant then, const Now& now)
{
    return {{"seconds_ago", seconds(now.monotonic - then)}, {"at", date(then, now)}};
}

json::object end(Instant then, const Now& now)
{
    return {{"seconds_left", seconds(then - now.monotonic)}, {"at", date(then, now)}};
}

template <class Id>
json::value or_null(const std::optional<Id>& id)
{
    return id ? json::value(id->get()) : json::value(nullptr);
}

json::value or_null(const std::string& text)
{
    return text.empty() ? json::value(nullptr) : json::value(text);
}

template <class T>
json::value plainly(const std::optional<T>& value)
{
    return value ? json::value(*value) : json::value(nullptr);
}

json::value plainly_named(const std::optional<SystemUuid>& value)
{
    return value ? json::value(value->get()) : json::value(nullptr);
}

json::value moment(const std::optional<Instant>& then, const Now& now)
{
    return then ? json::value(moment(*then, now)) : json::value(nullptr);
}

template <class Id>
json::array names(const std::vector<Id>& ids)
{
    json::array all;
    for (const auto& id : ids) {
        all.emplace_back(id.get());
    }
    return all;
}

json::value or_null(EpisodeId episode)
{
    return episode == EpisodeId{0} ? json::value(nullptr) : json::value(episode.get());
}

json::object to_json(const MonitorView& monitor, const Now& now)
{
    return {{"id", monitor.id.get()},
            {"state", monitor.state},
            {"silences", monitor.silences},
            {"last_beat", moment(monitor.last_beat, now)}};
}

json::object to_json(const RuleView::Line& line)
{
    return {{"cells", json::array(line.cells.begin(), line.cells.end())},
            {"outcome", line.outcome},
            {"fits", line.fits}};
}

json::object to_json(const RuleView& rule)
{
    json::array lines;
    for (const auto& line : rule.lines) {
        lines.push_back(to_json(line));
    }
    return {{"text", rule.text},
            {"networks", names(rule.networks)},
            {"now", to_json(rule.now)},
            {"lines", std::move(lines)}};
}

json::object to_json(const DeviceView& device, const Now& now)
{
    return {
        {"id", device.id.get()},
        {"state", device.state},
        {"why", device.why},
        {"looked_at", moment(device.looked_at, now)},
        {"latency", device.latency ? json::value(seconds(*device.latency)) : json::value(nullptr)},
        {"may_power_off", plainly(device.facts.may_power_off)},
        {"cipher_zero", plainly(device.facts.cipher_zero)},
        {"on_restore", plainly(device.facts.on_restore)},
        {"system_guid", plainly_named(device.facts.system_guid)}};
}

json::value to_json(const std::optional<PlannedView>& planned, const Now& now)
{
    if (!planned) {
        return nullptr;
    }
    return json::object{
        {"by", planned->by},
        {"reason", planned->reason},
        {"until", planned->until ? json::value(end(*planned->until, now)) : json::value(nullptr)}};
}

json::value to_json(const std::optional<ServiceSeen>& service)
{
    if (!service) {
        return nullptr;
    }
    return json::object{{"forced_down", service->forced_down},
                        {"disabled", service->disabled},
                        {"disabled_reason", service->disabled_reason},
                        {"up", service->up}};
}

const char* name_of(Notice::Weight weight)
{
    switch (weight) {
    case Notice::Weight::detail:
        return "detail";
    case Notice::Weight::info:
        return "info";
    case Notice::Weight::warning:
        return "warning";
    case Notice::Weight::alarm:
        break;
    }
    return "alarm";
}

} // namespace

Now read_clocks() noexcept
{
    return {instant(std::chrono::steady_clock::now()), std::chrono::system_clock::now()};
}

json::object to_json(const FleetView& fleet, const Now& now)
{
    json::array sentinels;
    for (const auto& sentinel : fleet.sentinels) {
        sentinels.push_back(json::object{{"id", sentinel.id.get()}, {"beating", sentinel.beating}});
    }
    json::array hosts;
    for (const auto& host : fleet.hosts) {
        hosts.push_back(to_json(host, now));
    }
    json::array domains;
    for (const auto& domain : fleet.domains) {
        domains.push_back(to_json(domain));
    }
    return {{"schema", schema},
            {"mode", fleet.mode == Mode::armed ? "armed" : "observe"},
            {"mode_by", fleet.mode_by},
            {"vantage", json::object{{"clear", fleet.clear}, {"text", fleet.vantage}}},
            {"budget", json::object{{"fences", fleet.budget}, {"used", fleet.budget_used}}},
            {"sentinels", std::move(sentinels)},
            {"hosts", std::move(hosts)},
            {"hold", or_null(fleet.hold)},
            {"storm", or_null(fleet.storm)},
            {"domains", std::move(domains)}};
}

json::object to_json(const FleetView::Domain& domain)
{
    return {{"id", domain.id.get()},
            {"hosts", domain.hosts},
            {"in_doubt", domain.in_doubt},
            {"budget", json::object{{"fences", domain.budget}, {"used", domain.budget_used}}},
            {"lost", or_null(domain.lost)}};
}

json::object to_json(const HostView& host, const Now& now)
{
    json::array monitors;
    for (const auto& monitor : host.monitors) {
        monitors.push_back(to_json(monitor, now));
    }
    json::array devices;
    for (const auto& device : host.devices) {
        devices.push_back(to_json(device, now));
    }
    return {{"host", host.host.get()},
            {"state", host.state},
            {"since", moment(host.since, now)},
            {"why", host.why},
            {"episode", or_null(host.episode)},
            {"boot", or_null(host.boot)},
            {"identity", or_null(host.identity)},
            {"forced_down_by_us", host.forced_down_by_us},
            {"nova_compute", host.nova_compute},
            {"monitors", std::move(monitors)},
            {"rule", to_json(host.rule)},
            {"devices", std::move(devices)},
            {"not_ready", or_null(host.not_ready)},
            {"planned", to_json(host.planned, now)},
            {"domains", names(host.domains)},
            {"precious", or_null(host.precious)},
            {"service", to_json(host.service)},
            {"readmissions", host.readmissions},
            {"in_plan", host.in_plan}};
}

json::object to_json(const journal::Row& row)
{
    return {{"seq", row.seq},
            {"at", row.at},
            {"what", knell::name_of(row.entry.what)},
            {"host", or_null(row.entry.host)},
            {"episode", or_null(row.entry.episode)},
            {"boot", or_null(row.entry.boot)},
            {"by", row.entry.by},
            {"detail", row.entry.detail}};
}

json::object to_json(const TimedNotice& timed)
{
    const auto& notice = timed.notice;
    return {{"at", journal::rfc3339(timed.at)},
            {"weight", name_of(notice.weight)},
            {"id", notice.id},
            {"host", or_null(notice.host)},
            {"episode", or_null(notice.episode)},
            {"text", notice.text}};
}

json::object to_json(const DaemonStatus& status, const std::string& version, const Now& now)
{
    return {{"version", version},
            {"started", moment(status.started, now)},
            {"nova", json::object{{"well", status.nova_well}, {"text", status.nova}}},
            {"warnings", json::array(status.warnings.begin(), status.warnings.end())}};
}

} // namespace knell::control
