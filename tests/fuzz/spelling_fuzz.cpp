// SPDX-License-Identifier: GPL-3.0-or-later
// The small spellings that configurations, files and lines are made of: addresses, UUIDs, keys,
// durations, patterns of hosts, dates. What is accepted, and written again, reads the same.
#include "daemon/config/address.hpp"
#include "daemon/config/duration_text.hpp"
#include "daemon/config/host_pattern.hpp"
#include "daemon/journal/wall_time.hpp"
#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/identity.hpp"
#include "monitor/address.hpp"
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_packet.hpp"
#include "tests/fuzz/input.hpp"

#include <set>
#include <sys/socket.h>

namespace knell {
namespace {

using fuzz::require;

void addresses(std::string_view text)
{
    if (const auto address = monitor::parse_address(text)) {
        require(text.find('\0') == std::string_view::npos, "no address ends before its text");
        require(monitor::parse_address(monitor::to_string(*address)) == address,
                "an address that was written again reads the same");
        sockaddr_storage socket_address;
        static_cast<void>(monitor::to_sockaddr({*address, 7412}, socket_address));
        require(monitor::from_sockaddr(socket_address) == monitor::Endpoint{*address, 7412},
                "an address survives the socket calls");
    }
    if (const auto endpoint = monitor::parse_endpoint(text)) {
        require(text.find('\0') == std::string_view::npos, "no endpoint ends before its text");
        require(monitor::parse_endpoint(monitor::to_string(*endpoint)) == endpoint,
                "an endpoint that was written again reads the same");
    }
    const auto machine = config::parse_address(text);
    if (const auto* address = std::get_if<config::Address>(&machine)) {
        const auto again = config::parse_address(address->text);
        const auto* same = std::get_if<config::Address>(&again);
        require(same != nullptr && same->text == address->text && same->v6 == address->v6,
                "there is one canonical spelling");
    } else {
        const auto& why = std::get<config::NotAnAddress>(machine);
        require(!why.message.empty() && !why.remedy.empty(), "a refusal says how to mend it");
    }
    const auto listen = config::parse_listen(text);
    if (const auto* address = std::get_if<config::ListenAddress>(&listen)) {
        const auto again = config::parse_listen(address->text());
        const auto* same = std::get_if<config::ListenAddress>(&again);
        require(same != nullptr && *same == *address, "an address to listen on reads the same");
    }
}

void identities(std::string_view text)
{
    const auto uuid = monitor::parse_uuid(text);
    if (uuid) {
        require(monitor::parse_uuid(monitor::to_uuid(*uuid)) == uuid, "a UUID reads the same");
    }
    const auto guid = fencing::ipmi::uuid_bytes(text);
    require(!guid || (uuid && *guid == *uuid), "agent and BMC read the same UUID");
    if (guid) {
        require(fencing::ipmi::uuid_bytes(fencing::ipmi::text_of(*guid)) == guid,
                "a GUID reads the same");
        require(fencing::ipmi::same_system(*guid, *guid) != fencing::ipmi::blank(*guid),
                "everybody is himself, and nobody is nobody");
        require(fencing::ipmi::smbios_order(fencing::ipmi::smbios_order(*guid)) == *guid,
                "turned round twice is as it was");
    }
    if (const auto key = monitor::parse_key(text)) {
        require(key->reveal().size() == monitor::heartbeat_key_size, "a key has its length");
        const auto again = monitor::parse_key(monitor::key_text(*key).reveal());
        require(again && again->reveal() == key->reveal(), "a key reads the same");
    }
}

void numbers(std::string_view text)
{
    if (const auto duration = config::parse_duration(text)) {
        require(*duration >= Duration::zero() && *duration <= 24h * 3650, "ten years at most");
        require(config::parse_duration(config::to_text(*duration)) == duration,
                "a duration reads the same");
    }
    if (const auto number = fencing::ipmi::number(text, 65535)) {
        require(std::to_string(*number) == text, "a number has one spelling");
    }
    const auto suites = fencing::ipmi::suite_list(text);
    require(!suites || suites->size() == fencing::ipmi::name_list(text).size(),
            "every suite is a number");
    const auto at = journal::read_rfc3339(std::string{text});
    // The system's clock has nanoseconds, and so ends in 2262.
    if (at && at->time_since_epoch() < 24h * 365 * 290 &&
        at->time_since_epoch() > -24h * 365 * 290) {
        require(journal::read_rfc3339(journal::rfc3339(*at)) == at, "a date reads the same");
    }
}

void patterns(std::string_view text)
{
    const auto hosts = config::expand_name(text);
    if (const auto* bad = std::get_if<config::BadPattern>(&hosts)) {
        require(!bad->message.empty() && !bad->remedy.empty(), "a refusal says how to mend it");
        return;
    }
    std::set<std::string> names;
    for (const auto& host : std::get<0>(hosts)) {
        require(names.insert(host.name).second, "no pattern makes a host twice");
        require(!host.number || host.name.find_first_of("[]") == std::string::npos,
                "a pattern is expanded");
    }
    require(names.size() <= config::pattern_limit, "a pattern has an end");
}

} // namespace

KNELL_FUZZ_TARGET(spelling)
{
    const auto text = fuzz::text_of(bytes.first(std::min<std::size_t>(bytes.size(), 512)));
    addresses(text);
    identities(text);
    numbers(text);
    patterns(text);
}

} // namespace knell
