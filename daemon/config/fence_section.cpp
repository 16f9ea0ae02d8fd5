// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/address.hpp"
#include "daemon/config/duration_text.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/sections.hpp"
#include "fencing/ipmi/device_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace knell::config {
namespace {

// IPMI v2.0, 22.28 and 13.28: names of at most 16 bytes, keys and passwords of at most 20.
constexpr std::size_t longest_user = 16;
constexpr std::size_t longest_password = 20;

// IPMI v2.0, table 22-20: those with a confidentiality algorithm.
constexpr std::array<unsigned, 5> encrypting_suites{3, 8, 12, 16, 17};
constexpr std::size_t most_suites = 8;

std::vector<std::string> known_workarounds()
{
    std::vector<std::string> names;
    std::string name;
    for (const char c : fencing::ipmi::workaround_names() + ",") {
        if (c == ',') {
            names.push_back(std::exchange(name, {}));
        } else if (c != ' ') {
            name += c;
        }
    }
    return names;
}

std::optional<unsigned> suite_number(const Value& value, Problems& problems)
{
    unsigned suite = 0;
    const std::string& text = value.text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), suite);
    if (value.kind != Value::Kind::scalar || text.empty() || error != std::errc{} ||
        end != text.data() + text.size()) {
        problems.error(value.place, "a cipher suite must be a number, not " + described(value),
                       "e.g. [17, 3]");
        return std::nullopt;
    }
    if (suite == 0) {
        problems.error(value.place, "cipher suite 0 lets anybody in without a password",
                       "remove it here, and disable it on the BMC; use [17, 3]");
        return std::nullopt;
    }
    if (!fencing::ipmi::supported_suite(suite)) {
        problems.error(value.place, "cipher suite " + text + " is not one that knell can speak",
                       "17 where the BMC has it, else 3");
        return std::nullopt;
    }
    return suite;
}

void read_suites(const MapReader& map, std::vector<unsigned>& into)
{
    const Entry* entry = map.find("cipher_suites");
    if (entry == nullptr) {
        return;
    }
    Problems& problems = map.problems();
    if (entry->value.kind != Value::Kind::list || entry->value.items.empty()) {
        problems.error(entry->value.place, "`cipher_suites` must be a list of numbers",
                       "e.g. [17, 3]");
        return;
    }
    std::vector<unsigned> suites;
    for (const Value& item : entry->value.items) {
        const auto suite = suite_number(item, problems);
        if (!suite) {
            continue;
        }
        if (std::find(suites.begin(), suites.end(), *suite) != suites.end()) {
            problems.error(item.place, "cipher suite " + item.text + " is listed twice",
                           "remove one");
            continue;
        }
        if (std::find(encrypting_suites.begin(), encrypting_suites.end(), *suite) ==
            encrypting_suites.end()) {
            problems.warning(item.place, "cipher suite " + item.text + " does not encrypt",
                             "prefer 17 or 3 where the BMC has them");
        }
        suites.push_back(*suite);
    }
    if (suites.size() > most_suites) {
        problems.error(entry->value.place, "more than eight cipher suites",
                       "list the few that the BMC has, the preferred one first");
    } else if (!suites.empty()) {
        into = suites;
    }
}

void read_workarounds(const MapReader& map, std::vector<std::string>& into)
{
    map.read_texts("workarounds", into);
    for (const std::string& name : into) {
        if (fencing::ipmi::workaround_bit(name)) {
            continue;
        }
        map.problems().error(map.item_place("workarounds", name),
                             "unknown workaround `" + name + "`",
                             suggestion(name, known_workarounds()));
    }
}

std::optional<SystemUuid> parse_guid(const MapReader& map)
{
    std::string text;
    map.read_text("guid", text);
    if (text.empty()) {
        return std::nullopt;
    }
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    bool fits = text.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) {
        fits = shape[i] == '-' ? text[i] == '-'
                               : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    }
    const Place at = map.place({"guid"});
    if (!fits) {
        map.problems().error(at, "`guid` is no UUID",
                             "as /sys/class/dmi/id/product_uuid on the host shows it: " +
                                 std::string{shape});
        return std::nullopt;
    }
    if (text.find_first_not_of("0-") == std::string::npos ||
        text.find_first_not_of("f-") == std::string::npos) {
        map.problems().error(at, "this `guid` is what boards without one report; many share it",
                             "leave it out and write identity: unchecked");
        return std::nullopt;
    }
    return SystemUuid{text};
}

void read_address(const MapReader& map, std::string& into)
{
    std::string text;
    map.read_text("address", text);
    if (text.empty()) {
        return;
    }
    const auto parsed = parse_address(text);
    if (const auto* fault = std::get_if<NotAnAddress>(&parsed)) {
        map.problems().error(map.place({"address"}), "`" + text + "` " + fault->message,
                             fault->remedy);
        return;
    }
    into = std::get<Address>(parsed).text;
}

void read_login(const MapReader& map, fencing::IpmiDevice& device, const Context& context)
{
    map.read_text("username", device.username);
    if (device.username.size() > longest_user) {
        context.problems.error(map.place({"username"}), "`username` is longer than IPMI's 16 bytes",
                               "use a shorter user on the BMC");
    }
    if (const Entry* entry = map.find("password")) {
        if (auto secret = read_secret(*entry, {1, longest_password}, context)) {
            device.password = *std::move(secret);
        }
    }
    if (const Entry* entry = map.find("k_g")) {
        device.k_g = read_secret(*entry, {1, longest_password}, context);
    }
}

void read_timeouts(const MapReader& map, fencing::IpmiDevice& device)
{
    map.read_duration("session_timeout", device.session_timeout, 500ms, 1min);
    map.read_duration("retransmission_timeout", device.retransmission_timeout, 100ms, 30s);
    if (device.retransmission_timeout >= device.session_timeout) {
        map.problems().error(map.place({"retransmission_timeout", "session_timeout"}),
                             "nothing would be sent twice: `retransmission_timeout` is " +
                                 to_text(device.retransmission_timeout) +
                                 " and `session_timeout` " + to_text(device.session_timeout),
                             "make the retransmission timeout shorter");
    }
}

void require(const MapReader& map, std::initializer_list<const char*> keys)
{
    for (const char* key : keys) {
        if (!map.any({key})) {
            map.problems().error(map.place({}),
                                 "this fence device has no `" + std::string{key} + "`",
                                 "give it here or in the host's group");
        }
    }
}

} // namespace

FenceTiming read_fence_timing(const Value& map_value, const std::string& where, Problems& problems)
{
    FenceTiming out;
    const MapReader map{map_value, where, keys_of(Section::fence_timing), problems};
    map.read_duration("poll", out.poll, 50ms, 1min);
    map.read_duration("settle", out.settle, 100ms, 5min);
    map.read_count("readings", out.readings, 2, 100);
    map.read_duration("reply", out.reply, 500ms, 5min);
    map.read_duration("per_device", out.per_device, 1s, 30min);
    map.read_duration("fresh", out.fresh, 100ms, 5min);
    map.read_duration("retry", out.retry, 1s, 24h);
    map.read_duration("watch", out.watch, 500ms, 24h);
    map.read_duration_or("never", "inspect", out.inspect, 1s, 7 * 24h);
    const Duration span = out.poll * (out.readings - 1);
    if (out.settle < span) {
        problems.error(map.place({"settle", "readings", "poll"}),
                       "`settle` is " + to_text(out.settle) + ", but " +
                           std::to_string(out.readings) + " readings " + to_text(out.poll) +
                           " apart take " + to_text(span),
                       "make `settle` " + to_text(span) + " or more, or read less or faster");
    }
    if (out.reply > out.per_device) {
        problems.error(map.place({"reply", "per_device"}),
                       "`reply` is " + to_text(out.reply) + ", longer than `per_device`, " +
                           to_text(out.per_device),
                       "a device must have time for one answer at least");
    }
    if (std::max(out.settle, span) + out.poll > out.per_device) {
        problems.error(map.place({"per_device", "settle"}),
                       "no device could ever be seen off: `settle` and a reading take " +
                           to_text(out.settle + out.poll) + ", `per_device` is " +
                           to_text(out.per_device),
                       "make `per_device` longer; 60s is usual");
    }
    return out;
}

FenceItem read_fence_item(const Value& item, Completeness completeness, const Context& context)
{
    FenceItem out;
    const MapReader map{item, "fence device", keys_of(Section::fence_device), context.problems};
    out.place = map.place({});
    out.name_place = map.place({"name"});
    out.address_place = map.place({"address"});
    out.guid_place = map.place({"guid"});
    out.identity_place = map.place({"identity"});
    out.timeout_place = map.place({"session_timeout"});
    out.timeout_given = map.any({"session_timeout"});
    std::string name;
    int type = 0;
    map.read_choice<int>("type", type, {{"ipmi", 0}});
    map.read_text("name", name);
    out.device.id = DeviceId{name};
    unsigned port = out.device.port;
    map.read_count("port", port, 1, 65535);
    out.device.port = static_cast<std::uint16_t>(port);
    read_suites(map, out.device.cipher_suites);
    map.read_choice<fencing::Privilege>("privilege", out.device.privilege,
                                        {{"user", fencing::Privilege::user},
                                         {"operator", fencing::Privilege::operator_level},
                                         {"administrator", fencing::Privilege::administrator}});
    if (out.device.privilege == fencing::Privilege::user) {
        // IPMI v2.0, appendix G: Chassis Control needs Operator.
        context.problems.error(map.place({"privilege"}),
                               "privilege `user` may not power a machine off",
                               "write operator, and give the BMC's user that privilege");
    }
    read_workarounds(map, out.device.workarounds);
    map.read_choice<IdentityCheck>(
        "identity", out.identity_check,
        {{"required", IdentityCheck::required}, {"unchecked", IdentityCheck::unchecked}});
    read_timeouts(map, out.device);
    if (completeness == Completeness::whole) {
        read_address(map, out.device.address);
        read_login(map, out.device, context);
        out.guid = parse_guid(map);
        if (item.kind == Value::Kind::map) {
            require(map, {"address", "username", "password"});
        }
    }
    return out;
}

} // namespace knell::config
