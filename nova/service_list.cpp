// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/service_list.hpp"

#include <map>
#include <string_view>

namespace knell::nova {
namespace {

constexpr std::size_t most_services = 20'000;
constexpr std::size_t longest_host = 255; // `host` of Nova's services table

bool complete(const ServiceRecord& record)
{
    return record.forced_down && record.disabled && record.up;
}

void merge(ServiceSeen& seen, const ServiceRecord& record)
{
    seen.forced_down = seen.forced_down && *record.forced_down;
    seen.disabled = seen.disabled && *record.disabled;
    seen.up = seen.up || *record.up;
    if (seen.disabled_reason.empty()) {
        seen.disabled_reason = record.disabled_reason;
    }
}

} // namespace

Parsed<std::vector<ServiceSeen>> whole_list(const std::vector<ServiceRecord>& records)
{
    if (records.size() > most_services) {
        return Unreadable{"the list of services is longer than " + std::to_string(most_services)};
    }
    std::map<std::string_view, ServiceSeen> hosts;
    for (const ServiceRecord& record : records) {
        if (record.binary != "nova-compute") {
            continue;
        }
        if (record.host.empty() || record.host.size() > longest_host) {
            return Unreadable{"the list of services has a record without a usable host"};
        }
        if (!complete(record)) {
            return Unreadable{"the list of services lacks forced_down, status or state of " +
                              one_line(record.host) +
                              "; the database of its cell cannot be reached"};
        }
        const auto [place, added] =
            hosts.try_emplace(record.host, ServiceSeen{HostId{record.host}, true, true, {}, false});
        merge(place->second, record);
    }
    std::vector<ServiceSeen> result;
    result.reserve(hosts.size());
    for (auto& [host, seen] : hosts) {
        if (!seen.disabled) {
            seen.disabled_reason.clear();
        }
        result.push_back(std::move(seen));
    }
    return result;
}

} // namespace knell::nova
