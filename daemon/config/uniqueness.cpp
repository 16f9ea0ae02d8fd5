// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/uniqueness.hpp"

#include "daemon/config/problems.hpp"

#include <algorithm>
#include <cctype>

namespace knell::config {
namespace {

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string of_both(const std::string& first, const std::string& second)
{
    return first == second ? "of " + first + " twice" : "of both " + first + " and " + second;
}

} // namespace

const Uniqueness::Claim* Uniqueness::claim(Claims& claims, const std::string& what,
                                           const std::string& owner, const Place& at)
{
    const auto [found, fresh] = claims.try_emplace(what, Claim{owner, at});
    return fresh ? nullptr : &found->second;
}

bool Uniqueness::host(const std::string& name, const Place& at)
{
    if (const Claim* first = claim(hosts_, name, name, at)) {
        const bool same_place = first->at == at;
        problems_.error(at, "host `" + name + "` is listed twice",
                        "a host has one entry; look at the patterns as well",
                        same_place ? std::vector<PlacedNote>{}
                                   : std::vector<PlacedNote>{{"first listed here", first->at}});
        return false;
    }
    return true;
}

void Uniqueness::sentinel(const std::string& name, const Place& at)
{
    if (const Claim* first = claim(sentinels_, name, name, at)) {
        problems_.error(at, "sentinel `" + name + "` is listed twice", "give it a name of its own",
                        {{"first listed here", first->at}});
    }
}

void Uniqueness::address(const std::string& address, const std::string& owner, const Place& at)
{
    if (const Claim* first = claim(addresses_, address, owner, at)) {
        problems_.error(at, address + " is the address " + of_both(first->owner, owner),
                        "one of them would vouch for the other; correct the address",
                        {{"first used here", first->at}});
    }
}

void Uniqueness::bmc(const std::string& address, unsigned port, const std::string& host,
                     const Place& at)
{
    const std::string text = address + " port " + std::to_string(port);
    if (const Claim* first = claim(bmcs_, text, host, at)) {
        problems_.error(
            at, "the BMC at " + text + " is the fence device " + of_both(first->owner, host),
            "fencing one would power off the other; correct the address or the port",
            {{"first used here", first->at}});
    }
}

void Uniqueness::guid(const std::string& guid, const std::string& host, const Place& at)
{
    const Claim* first = claim(guids_, guid, host, at);
    if (first != nullptr && first->owner != host) {
        problems_.error(at, "this `guid` is that " + of_both(first->owner, host),
                        "read it again on the host: /sys/class/dmi/id/product_uuid",
                        {{"first used here", first->at}});
    }
}

void Uniqueness::device(const std::string& name, const std::string& host, const Place& at)
{
    if (const Claim* first = claim(devices_, name, host, at)) {
        problems_.error(at, "fence device `" + name + "` is that " + of_both(first->owner, host),
                        "give each device a name of its own; `{host}` in a name helps",
                        {{"first used here", first->at}});
    }
}

void Uniqueness::warn_of_lookalikes()
{
    std::map<std::string, const Claims::value_type*> folded;
    for (const auto& entry : hosts_) {
        const auto [other, fresh] = folded.try_emplace(lower(entry.first), &entry);
        if (!fresh) {
            problems_.warning(
                entry.second.at,
                "`" + entry.first + "` and `" + other->second->first + "` differ only in case",
                "names must be exactly those of Nova's services; are these two hosts?",
                {{"the other is listed here", other->second->second.at}});
        }
    }
    for (const auto& entry : hosts_) {
        const auto dot = entry.first.find('.');
        const auto other = hosts_.find(entry.first.substr(0, dot));
        if (dot != std::string::npos && other != hosts_.end()) {
            problems_.warning(
                entry.second.at,
                "`" + entry.first + "` and `" + other->first + "` differ only in the domain",
                "names must be exactly those of Nova's services; are these two hosts?",
                {{"the other is listed here", other->second.at}});
        }
    }
}

} // namespace knell::config
