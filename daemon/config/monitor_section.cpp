// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/monitor_section.hpp"

#include "daemon/config/duration_text.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/problems.hpp"

#include <algorithm>
#include <array>

namespace knell::config {
namespace {

using Way = MonitorSettings::Way;
using Given = MapReader::Given;

constexpr Duration slowest_verdict = 10min;
constexpr Duration hasty_verdict = 500ms;
constexpr Duration hasty_userspace = 10s;
constexpr unsigned ssh_port = 22;

struct Defaults {
    Duration interval;
    unsigned fall;
    unsigned rise;
};

Way way_of(const Defaults& defaults)
{
    Way way;
    way.interval = defaults.interval;
    way.fall = defaults.fall;
    way.rise = defaults.rise;
    way.timeout = defaults.interval;
    return way;
}

MonitorSettings defaults_of(Profile profile)
{
    MonitorSettings out;
    Defaults probes{200ms, 5, 3};
    Defaults beats{200ms, 5, 3};
    if (profile == Profile::fast) {
        probes = beats = {50ms, 6, 10};
    } else if (profile == Profile::cautious) {
        probes = {500ms, 10, 3};
        beats = {200ms, 25, 10};
    }
    out.profile = profile;
    out.icmp = way_of(probes);
    out.tcp = way_of(probes);
    out.tcp.wanted = false;
    out.heartbeat = way_of(beats);
    return out;
}

void check_silence(const Way& way, const std::string& name, const MapReader& map)
{
    const std::string sum = std::to_string(way.fall) + " silences " + to_text(way.interval) +
                            " apart take " + to_text(way.silence());
    const Place at = map.place({"fall", "interval"});
    if (way.silence() > slowest_verdict) {
        map.problems().error(at, "a dead host would go unnoticed by `" + name + "`: " + sum,
                             "make `interval` or `fall` smaller; at most " +
                                 to_text(slowest_verdict) + " together");
    } else if (way.silence() < hasty_verdict && map.any({"fall", "interval"})) {
        map.problems().warning(at, "`" + name + "` is hasty: " + sum,
                               "a busy host or a converging network is silent as long; " +
                                   to_text(hasty_verdict) + " or more is wiser");
    }
}

/// Patience and pace of what we ask: both within the interval, which brings them along.
void read_probe(const MapReader& map, Way& way)
{
    way.timeout = std::min(way.timeout, way.interval);
    way.dense = std::min(way.interval, std::max<Duration>(way.interval / 4, 25ms));
    Duration timeout = way.timeout;
    Duration dense = way.dense;
    map.read_duration("timeout", timeout, 10ms, 60s);
    map.read_duration("dense", dense, 10ms, 60s);
    if (timeout > way.interval) {
        map.problems().error(map.place({"timeout"}),
                             "`timeout` is " + to_text(timeout) + ", longer than `interval`, " +
                                 to_text(way.interval),
                             "a probe must be answered before the next one leaves: at most " +
                                 to_text(way.interval));
        return;
    }
    way.timeout = timeout;
    if (dense > way.interval) {
        map.problems().error(map.place({"dense"}),
                             "`dense` is " + to_text(dense) + ", longer than `interval`, " +
                                 to_text(way.interval),
                             "a host in doubt is asked more often, not less");
        return;
    }
    way.dense = dense;
    constexpr int in_flight = 100;
    if (way.timeout > in_flight * way.dense) {
        map.problems().error(map.place({"dense", "timeout"}),
                             "more than " + std::to_string(in_flight) +
                                 " probes would be in flight: `timeout` is " +
                                 to_text(way.timeout) + " and `dense` " + to_text(way.dense),
                             "make `timeout` shorter or `dense` longer");
    }
}

/// A refusal is an answer too, so any port will do that no firewall swallows.
void read_tcp_port(const MapReader& map, std::uint16_t& into)
{
    if (!map.any({"port"})) {
        map.problems().error(map.place({}), "`tcp` has no `port`",
                             "one that no firewall drops; best where nobody listens, for a refusal "
                             "is an answer");
        return;
    }
    unsigned port = 0;
    map.read_count("port", port, 1, 65535);
    into = static_cast<std::uint16_t>(port);
    if (port == ssh_port) {
        map.problems().warning(map.place({"port"}),
                               "sshd would log every probe, and count it against its MaxStartups",
                               "take a port where nobody listens: a refusal is an answer");
    }
}

void read_way(const MapReader& monitors, const std::string& name, Section section, Way& way,
              std::uint16_t& port)
{
    static const Value nothing;
    way.place = monitors.place({name, "profile"});
    const Given given =
        monitors.given(name, section == Section::tcp ? "{port: 9, interval: 200ms, fall: 5}"
                                                     : "{interval: 200ms, fall: 5, rise: 3}");
    way.demanded = given == Given::something;
    way.wanted = way.demanded || (way.wanted && given == Given::absent);
    const Value& value = way.demanded ? monitors.find(name)->value : nothing;
    const MapReader map{value, name, keys_of(section), monitors.problems()};
    map.read_duration("interval", way.interval, 20ms, 60s);
    map.read_count("fall", way.fall, 2, 100);
    map.read_count("rise", way.rise, 1, 100);
    if (way.demanded) {
        check_silence(way, name, map);
    }
    if (section != Section::heartbeat_monitor) {
        read_probe(map, way);
    }
    if (section == Section::tcp && value.kind == Value::Kind::map) {
        read_tcp_port(map, port);
    }
}

void read_channel(const MapReader& monitors, MonitorSettings& out)
{
    if (monitors.given("channel", "{port: 7413}") != Given::something) {
        return;
    }
    const MapReader map{monitors.find("channel")->value, "channel", keys_of(Section::channel),
                        monitors.problems()};
    unsigned port = 7413;
    map.read_count("port", port, 1, 65535);
    out.channel_port = static_cast<std::uint16_t>(port);
}

void read_userspace(const MapReader& monitors, MonitorSettings& out)
{
    static const Value nothing;
    Problems& problems = monitors.problems();
    UserspacePolicy& userspace = out.userspace;
    out.userspace_place = monitors.place({"userspace"});
    monitors.read_duration("userspace_warning", userspace.warning, 100ms, 1h);
    const Entry* entry = monitors.find("userspace");
    const MapReader map{entry == nullptr ? nothing : entry->value, "userspace",
                        keys_of(Section::userspace), problems};
    if (monitors.any({"userspace_warning"}) && map.any({"warning"})) {
        problems.error(monitors.place({"userspace_warning"}),
                       "`userspace_warning` and `warning` of `userspace` are one setting",
                       "keep the latter", {{"given here as well", map.place({"warning"})}});
    }
    map.read_duration("warning", userspace.warning, 100ms, 1h);
    Duration dead = 0s;
    map.read_duration_or("never", "dead", dead, 1s, 24h);
    if (dead == 0s) {
        return;
    }
    userspace.action = UserspacePolicy::Action::fence;
    userspace.patience = dead;
    const Place at = map.place({"dead"});
    if (dead <= userspace.warning) {
        problems.error(at,
                       "user space would be dead after " + to_text(dead) +
                           ", before the warning after " + to_text(userspace.warning),
                       "make `dead` longer than `warning`");
    } else if (dead < hasty_userspace) {
        problems.warning(at,
                         "`dead` is hasty: a host that answers is powered off after " +
                             to_text(dead) + " without beats",
                         "one that swaps, or whose agent is being updated, is silent as long; " +
                             to_text(hasty_userspace) + " or more is wiser");
    }
}

/// The numbers that a profile stands for.
void drop_numbers(Value& monitors)
{
    static constexpr std::array<std::string_view, 5> numbers{"interval", "dense", "timeout", "fall",
                                                             "rise"};
    for (Entry& way : monitors.entries) {
        std::erase_if(way.value.entries, [](const Entry& entry) {
            return std::find(numbers.begin(), numbers.end(), entry.key) != numbers.end();
        });
    }
}

void drop(Value& map, std::string_view key)
{
    std::erase_if(map.entries, [key](const Entry& entry) { return entry.key == key; });
}

bool given_in(const Value& map, std::string_view key)
{
    const Entry* entry = map.find(key);
    return entry != nullptr && entry->value.kind != Value::Kind::null;
}

} // namespace

Duration stall_of(Profile profile)
{
    return profile == Profile::fast ? 100ms : VantagePolicy{}.stall;
}

const std::vector<std::pair<std::string, Profile>>& profiles()
{
    static const std::vector<std::pair<std::string, Profile>> words{
        {"fast", Profile::fast}, {"default", Profile::standard}, {"cautious", Profile::cautious}};
    return words;
}

MonitorSettings read_monitors(const Value& map, const std::string& where, Problems& problems)
{
    const MapReader monitors{map, where, keys_of(Section::monitors), problems};
    Profile profile = Profile::standard;
    monitors.read_choice("profile", profile, profiles());
    MonitorSettings out = defaults_of(profile);
    out.profile_place = monitors.place({"profile"});
    std::uint16_t none = 0;
    read_way(monitors, "icmp", Section::icmp, out.icmp, none);
    read_way(monitors, "heartbeat", Section::heartbeat_monitor, out.heartbeat, none);
    read_way(monitors, "tcp", Section::tcp, out.tcp, out.tcp_port);
    read_channel(monitors, out);
    read_userspace(monitors, out);
    return out;
}

Value overlaid_monitors(const Value& base, const Value& over)
{
    Value below = base;
    if (given_in(over, "profile")) {
        drop_numbers(below);
    }
    // The old name and the new one are one setting.
    if (const Entry* userspace = over.find("userspace");
        userspace != nullptr && given_in(userspace->value, "warning")) {
        drop(below, "userspace_warning");
    }
    if (given_in(over, "userspace_warning")) {
        for (Entry& entry : below.entries) {
            if (entry.key == "userspace") {
                drop(entry.value, "warning");
            }
        }
    }
    return overlaid(below, over);
}

Value with_profile(const Value& monitors, const Value& profile, Problems& problems)
{
    Value out = monitors;
    if (const Entry* misplaced = monitors.find("profile")) {
        problems.error(misplaced->place, "the site's `profile` does not stand in `monitors`",
                       "write it at the margin, beside `mode`");
        drop(out, "profile");
    }
    if (profile.kind == Value::Kind::null ||
        (out.kind != Value::Kind::map && out.kind != Value::Kind::null)) {
        return out;
    }
    if (out.kind == Value::Kind::null) {
        out.kind = Value::Kind::map;
        out.place = profile.place;
    }
    out.entries.push_back({"profile", profile.place, profile});
    return out;
}

} // namespace knell::config
