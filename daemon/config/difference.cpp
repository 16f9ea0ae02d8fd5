// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/difference.hpp"

#include "core/view.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/same.hpp"
#include "daemon/config/setting.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace knell::config {
namespace {

using Shape = Setting::Shape;

constexpr std::size_t named_hosts = 3;
const char* const added = "added";
const char* const removed = "removed";

/// One change: of what, and "2s -> 3s", "changed", "added" or "removed".
struct Change {
    std::string path;
    std::string how;

    [[nodiscard]] std::string line() const { return path + (path.empty() ? "" : " ") + how; }
};
using Changes = std::vector<Change>;

bool has_parts(const Setting& setting) noexcept
{
    return setting.shape == Shape::map || setting.shape == Shape::members;
}

void compare(const Setting& before, const Setting& after, const std::string& path, Changes& out);

/// Devices are tried in the order in which they are listed.
std::string order_of(const Setting& members, const Setting& others)
{
    std::string out;
    for (const Setting& member : members.parts) {
        if (others.find(member.name) != nullptr) {
            out += (out.empty() ? "" : ", ") + member.name;
        }
    }
    return out;
}

void compare_parts(const Setting& before, const Setting& after, const std::string& path,
                   Changes& out)
{
    std::map<std::string, const Setting*> gone;
    for (const Setting& part : before.parts) {
        gone.emplace(part.name, &part);
    }
    for (const Setting& part : after.parts) {
        const std::string below = path.empty() ? part.name : path + "." + part.name;
        const auto found = gone.find(part.name);
        if (found == gone.end()) {
            out.push_back({below, added});
        } else {
            compare(*found->second, part, below, out);
            gone.erase(found);
        }
    }
    if (before.shape == Shape::members) {
        const std::string was = order_of(before, after);
        const std::string is = order_of(after, before);
        if (was != is) {
            out.push_back({path, "order " + was + " -> " + is});
        }
    }
    for (const auto& [name, part] : gone) {
        out.push_back({path.empty() ? name : path + "." + name, removed});
    }
}

void compare(const Setting& before, const Setting& after, const std::string& path, Changes& out)
{
    if (has_parts(before) && before.shape == after.shape) {
        return compare_parts(before, after, path, out);
    }
    const std::string was = value_text(before);
    const std::string is = value_text(after);
    if (was != is) {
        out.push_back({path, was + " -> " + is});
    } else if (before.secret != nullptr && after.secret != nullptr &&
               !same(*before.secret, *after.secret)) {
        out.push_back({path, "changed"});
    }
}

/// Opened, bound or started once, for as long as knelld runs.
bool needs_restart(const std::string& path)
{
    static const std::set<std::string> paths{"state",
                                             "control.socket",
                                             "control.readers",
                                             "control.operators",
                                             "heartbeat.listen",
                                             "metrics.listen",
                                             "fencing.helper",
                                             "nova.cloud",
                                             "nova.region",
                                             "nova.clouds_file",
                                             "nova.interface",
                                             "nova.endpoint_override"};
    return paths.contains(path);
}

/// A host's own name in a name of something that belongs to it, as knell.yaml writes it.
std::string with_host_placeholder(std::string line, const std::string& host)
{
    const std::string member = ".";
    for (auto at = line.find(member + host); at != std::string::npos;
         at = line.find(member + host, at + 1)) {
        line.replace(at + member.size(), host.size(), "{host}");
    }
    return line;
}

/// What happened to hosts: to which of them the same did.
class HostChanges {
public:
    void add(const std::string& host, const Change& change)
    {
        auto& hosts = hosts_[with_host_placeholder(change.line(), host)];
        hosts.push_back({host, change.line()});
    }

    void tell(std::size_t all, std::vector<std::string>& out) const
    {
        for (const auto& [line, hosts] : hosts_) {
            if (hosts.size() <= named_hosts) {
                for (const auto& [host, own_line] : hosts) {
                    out.push_back("host " + host + ": " + own_line);
                }
            } else {
                const bool came_or_went = line == added || line == removed;
                out.push_back(together(hosts, came_or_went ? 0 : all) + ": " + line);
            }
        }
    }

private:
    struct Affected {
        std::string host;
        std::string line;
    };

    static std::string together(const std::vector<Affected>& hosts, std::size_t all)
    {
        if (hosts.size() == all) {
            return "all " + std::to_string(all) + " hosts";
        }
        std::string names;
        for (std::size_t i = 0; i < named_hosts; ++i) {
            names += (i == 0 ? "" : ", ") + hosts[i].host;
        }
        return std::to_string(hosts.size()) + " hosts (" + names + " and " +
               std::to_string(hosts.size() - named_hosts) + " more)";
    }

    std::map<std::string, std::vector<Affected>> hosts_;
};

} // namespace

Difference difference(const Config& before, const Config& after)
{
    Setting was = settings_of(before);
    Setting is = settings_of(after);
    Setting hosts_were = std::move(was.parts.back());
    Setting hosts_are = std::move(is.parts.back());
    was.parts.pop_back();
    is.parts.pop_back();

    Difference out;
    Changes changes;
    compare(was, is, {}, changes);
    for (const Change& change : changes) {
        if (needs_restart(change.path)) {
            out.restarts.push_back(change.line() + ": restart knelld for it");
        } else {
            out.changes.push_back(change.line());
        }
    }

    HostChanges of_hosts;
    std::map<std::string, const Setting*> gone;
    for (const Setting& host : hosts_were.parts) {
        gone.emplace(host.name, &host);
    }
    for (const Setting& host : hosts_are.parts) {
        Changes own;
        const auto found = gone.find(host.name);
        if (found == gone.end()) {
            own.push_back({{}, added});
        } else {
            compare(*found->second, host, {}, own);
            gone.erase(found);
        }
        for (const Change& change : own) {
            of_hosts.add(host.name, change);
        }
    }
    for (const auto& [name, host] : gone) {
        of_hosts.add(name, {{}, removed});
    }
    of_hosts.tell(hosts_are.parts.size(), out.changes);
    std::sort(out.changes.begin(), out.changes.end());
    std::sort(out.restarts.begin(), out.restarts.end());
    return out;
}

std::string overruled_by(const FleetView& fleet, const Config& after)
{
    if (fleet.mode == after.policy.gate.mode) {
        return {};
    }
    const bool armed = fleet.mode == Mode::armed;
    return std::string{"mode: stays "} + (armed ? "armed" : "observe") + ", as " + fleet.mode_by +
           " has ordered: an order stands whatever the file says; `knellctl " +
           (armed ? "disarm" : "arm") + "`";
}

} // namespace knell::config
