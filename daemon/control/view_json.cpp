// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/view_json.hpp"

#include "daemon/journal/wall_time.hpp"

#include <boost/json.hpp>

namespace knell::control {

namespace {

namespace json = boost::json;

json::object moment(Instant then, const Now& now)
{
    const auto ago = now.monotonic - then;
    return {{"seconds_ago", std::chrono::duration<double>{ago}.count()},
            {"at",
             journal::rfc3339(
                 now.wall - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago))}};
}

template <class Id>
json::value or_null(const std::optional<Id>& id)
{
    return id ? json::value(id->get()) : json::value(nullptr);
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
            {"last_beat",
             monitor.last_beat ? json::value(moment(*monitor.last_beat, now)) : json::value{}}};
}

const char* name_of(Notice::Weight weight)
{
    switch (weight) {
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
    return {{"schema", schema},
            {"mode", fleet.mode == Mode::armed ? "armed" : "observe"},
            {"mode_by", fleet.mode_by},
            {"vantage", json::object{{"clear", fleet.clear}, {"text", fleet.vantage}}},
            {"budget", json::object{{"fences", fleet.budget}, {"used", fleet.budget_used}}},
            {"sentinels", std::move(sentinels)},
            {"hosts", std::move(hosts)}};
}

json::object to_json(const HostView& host, const Now& now)
{
    json::array monitors;
    for (const auto& monitor : host.monitors) {
        monitors.push_back(to_json(monitor, now));
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
            {"monitors", std::move(monitors)}};
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
