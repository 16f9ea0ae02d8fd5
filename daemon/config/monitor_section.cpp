// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/duration_text.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/sections.hpp"

#include <algorithm>

namespace knell::config {
namespace {

constexpr Duration slowest_verdict = 10min;
constexpr Duration hasty_verdict = 500ms;

void check_way(const MonitorSettings::Way& way, const std::string& name, const Place& at,
               Problems& problems)
{
    const Duration silence = way.interval * way.fall;
    const std::string sum = std::to_string(way.fall) + " silences " + to_text(way.interval) +
                            " apart take " + to_text(silence);
    if (silence > slowest_verdict) {
        problems.error(at, "a dead host would go unnoticed by `" + name + "`: " + sum,
                       "make `interval` or `fall` smaller; at most " + to_text(slowest_verdict) +
                           " together");
    } else if (silence < hasty_verdict) {
        problems.warning(at, "`" + name + "` is hasty: " + sum,
                         "a busy host or a converging network is silent as long; " +
                             to_text(hasty_verdict) + " or more is wiser");
    }
}

/// Returns whether this way of watching is wanted at all.
bool read_way(const MapReader& monitors, const std::string& name, MonitorSettings::Way& way,
              Duration* timeout)
{
    way.place = monitors.place({name});
    const Entry* entry = monitors.find(name);
    if (entry == nullptr) {
        return true;
    }
    if (entry->value.kind == Value::Kind::scalar) {
        if (entry->value.text != "none") {
            monitors.problems().error(entry->value.place,
                                      "`" + name + "` must be a map or `none`, not " +
                                          described(entry->value),
                                      "write {interval: 200ms, fall: 5, rise: 3}, or none");
        }
        return entry->value.text != "none";
    }
    way.demanded = true;
    std::vector<std::string> keys{"interval", "fall", "rise"};
    if (timeout != nullptr) {
        keys.emplace_back("timeout");
    }
    const MapReader map{entry->value, name, keys, monitors.problems()};
    map.read_duration("interval", way.interval, 20ms, 60s);
    map.read_count("fall", way.fall, 2, 100);
    map.read_count("rise", way.rise, 1, 100);
    check_way(way, name, map.place({"fall", "interval"}), monitors.problems());
    if (timeout == nullptr) {
        return true;
    }
    // A shorter interval alone brings the patience with it.
    *timeout = std::min(*timeout, way.interval);
    Duration given = *timeout;
    map.read_duration("timeout", given, 5ms, 60s);
    if (given > way.interval) {
        monitors.problems().error(map.place({"timeout"}),
                                  "`timeout` is " + to_text(given) + ", longer than `interval`, " +
                                      to_text(way.interval),
                                  "a probe must be answered before the next one leaves: at most " +
                                      to_text(way.interval));
    } else {
        *timeout = given;
    }
    return true;
}

} // namespace

MonitorSettings read_monitors(const Value& map, const std::string& where, Problems& problems)
{
    MonitorSettings out;
    const MapReader monitors{map, where, {"icmp", "heartbeat", "userspace_warning"}, problems};
    out.icmp.wanted = read_way(monitors, "icmp", out.icmp, &out.timeout);
    out.heartbeat.wanted = read_way(monitors, "heartbeat", out.heartbeat, nullptr);
    monitors.read_duration("userspace_warning", out.userspace_warning, 100ms, 1h);
    return out;
}

} // namespace knell::config
