// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/fence_agent_api.hpp"

#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/identity.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace knell::fencing::ipmi {
namespace {

/// Older names that fence agents have had for the same things.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> aliases{{
    {"option", "action"},
    {"ipaddr", "ip"},
    {"login", "username"},
    {"passwd", "password"},
    {"port", "plug"},
}};

constexpr std::array<std::pair<char, std::string_view>, 5> letters{{
    {'o', "action"},
    {'a', "ip"},
    {'u', "ipport"},
    {'l', "username"},
    {'p', "password"},
}};

constexpr std::array<std::pair<std::string_view, HandAction>, 7> actions{{
    {"off", HandAction::off},
    {"on", HandAction::on},
    {"status", HandAction::status},
    {"monitor", HandAction::monitor},
    {"list", HandAction::list},
    {"metadata", HandAction::metadata},
    {"validate-all", HandAction::validate_all},
}};

std::string_view resolved(std::string_view key)
{
    for (const auto& [alias, name] : aliases) {
        if (key == alias) {
            return name;
        }
    }
    return key;
}

const Option* option_named(std::string_view key)
{
    const auto all = options();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Option& o) { return o.key == key; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view without_spaces(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string value_of(const Settings& settings, std::string_view key)
{
    if (const auto found = settings.find(key); found != settings.end()) {
        return found->second;
    }
    const auto* option = option_named(key);
    return option ? std::string{option->otherwise} : std::string{};
}

/// "2" or "0.5": seconds, as everywhere in the FenceAgentAPI.
std::optional<Duration> seconds(std::string_view text)
{
    const auto dot = text.find('.');
    const auto whole = number(text.substr(0, dot), 3600);
    if (!whole) {
        return std::nullopt;
    }
    auto fraction =
        dot == std::string_view::npos ? std::string{"0"} : std::string{text.substr(dot + 1)};
    const bool digits = !fraction.empty() && fraction.size() <= 3 &&
                        fraction.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) {
        return std::nullopt;
    }
    fraction.resize(3, '0');
    return std::chrono::seconds{*whole} + std::chrono::milliseconds{std::stoi(fraction)};
}

std::optional<Secret> bytes_of_hex(std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    if (text.substr(0, 2) == "0x") {
        text.remove_prefix(2);
    }
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        };
        const auto high = digits.find(lower(text[i]));
        const auto low = digits.find(lower(text[i + 1]));
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high << 4 | low);
    }
    return Secret{std::move(bytes)};
}

Complaint secret_on_command_line(std::string_view key)
{
    return {"--" + std::string{key} +
            " is refused on the command line, where everybody can read it: give " +
            (key == "password" ? "--password_file=FILE, or --stdin and 'password=...'"
                               : "--stdin and '" + std::string{key} + "=...'") +
            " on standard input"};
}

Parsed<IpmiDevice> device_from(const Settings& settings)
{
    const auto port = number(value_of(settings, "ipport"), 65535);
    const auto suites = suite_list(value_of(settings, "cipher"));
    const auto privilege = privilege_word(value_of(settings, "privlvl"));
    const auto session = seconds(value_of(settings, "session_timeout"));
    const auto retransmission = seconds(value_of(settings, "retransmission_timeout"));
    auto key = bytes_of_hex(value_of(settings, "hexadecimal_kg"));
    if (!port) {
        return Complaint{"ipport must be a number from 1 to 65535"};
    }
    if (!suites) {
        return Complaint{"cipher must be cipher suite numbers in order of preference, e.g. 17,3"};
    }
    if (!privilege) {
        return Complaint{"privlvl must be user, operator or administrator"};
    }
    if (!session || !retransmission) {
        return Complaint{"session_timeout and retransmission_timeout are seconds, e.g. 5.9"};
    }
    if (!key) {
        return Complaint{"hexadecimal_kg must be pairs of hexadecimal digits"};
    }
    IpmiDevice device{.id = DeviceId{value_of(settings, "ip")},
                      .address = value_of(settings, "ip"),
                      .port = static_cast<std::uint16_t>(*port),
                      .username = value_of(settings, "username"),
                      .password = Secret{value_of(settings, "password")},
                      .k_g = {},
                      .cipher_suites = *suites,
                      .privilege = *privilege,
                      .workarounds = name_list(value_of(settings, "workarounds")),
                      .session_timeout = *session,
                      .retransmission_timeout = *retransmission};
    if (!key->empty()) {
        device.k_g = std::move(*key);
    }
    if (auto complaint = complaint_about(device)) {
        return Complaint{std::move(*complaint)};
    }
    return device;
}

/// Present and empty: the operator has waived the check.
Parsed<std::optional<SystemUuid>> identity_from(const Settings& settings)
{
    const auto guid = value_of(settings, "guid");
    const auto identity = value_of(settings, "identity");
    if (identity != "required" && identity != "unchecked") {
        return Complaint{"identity must be required or unchecked"};
    }
    if (guid.empty() && identity == "unchecked") {
        return std::optional<SystemUuid>{};
    }
    const auto bytes = uuid_bytes(guid);
    if (guid.empty()) {
        return Complaint{"give guid=UUID, the system UUID of the host that this BMC must belong to "
                         "(dmidecode -s system-uuid on the host); or identity=unchecked if the BMC "
                         "cannot tell"};
    }
    if (!bytes || blank(*bytes)) {
        return Complaint{"guid must be a system UUID like 4c4c4544-0034-3010-8052-b4c04f4e4d32"};
    }
    return std::optional<SystemUuid>{SystemUuid{text_of(*bytes)}};
}

} // namespace

Settings settings_from_input(std::string_view text)
{
    Settings settings;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto equals = line.find('=');
        const auto key = resolved(without_spaces(line.substr(0, equals)));
        if (equals == std::string_view::npos || key.empty() || key.front() == '#' ||
            !option_named(key)) {
            continue;
        }
        auto value = line.substr(equals + 1);
        if (!value.empty() && value.back() == '\r') {
            value.remove_suffix(1);
        }
        // A password may begin or end with a space, and nothing else may.
        const bool secret = option_named(key)->secret;
        settings.insert_or_assign(std::string{key},
                                  std::string{secret ? value : without_spaces(value)});
    }
    return settings;
}

Parsed<Arguments> read_arguments(const std::vector<std::string>& words)
{
    Arguments arguments;
    arguments.read_input = words.empty();
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "-h" || word == "--help") {
            arguments.help = true;
            continue;
        }
        if (word == "-V" || word == "--version") {
            arguments.version = true;
            continue;
        }
        if (word == "--serve") {
            arguments.serve = true;
            continue;
        }
        if (word == "--stdin") {
            arguments.read_input = true;
            continue;
        }
        std::string_view key;
        std::optional<std::string_view> value;
        if (word.substr(0, 2) == "--") {
            const auto equals = word.find('=');
            key = resolved(word.substr(2, equals == std::string_view::npos ? equals : equals - 2));
            if (equals != std::string_view::npos) {
                value = word.substr(equals + 1);
            }
        } else if (word.size() >= 2 && word.front() == '-') {
            for (const auto& [letter, name] : letters) {
                key = word[1] == letter ? name : key;
            }
            if (word.size() > 2) {
                value = word.substr(2);
            }
        }
        const auto* option = option_named(key);
        if (!option) {
            const auto name = word.substr(0, word.find('='));
            return Complaint{"unknown argument '" + std::string{name} + "'; see --help"};
        }
        if (option->secret) {
            return secret_on_command_line(option->key);
        }
        if (!value) {
            if (++i == words.size()) {
                return Complaint{"--" + std::string{key} + " wants a value"};
            }
            value = words[i];
        }
        arguments.settings.insert_or_assign(std::string{key}, std::string{*value});
    }
    return arguments;
}

Parsed<HandAction> action_of(const Settings& settings)
{
    const auto word = value_of(settings, "action");
    if (word.empty()) {
        return Complaint{"no action given. There is no default: say action=off, on, status, "
                         "monitor, list, metadata or validate-all"};
    }
    if (word == "reboot" || word == "cycle" || word == "reset") {
        return Complaint{"action=" + word +
                         " is refused: a reboot has no moment at which the host was seen to be "
                         "off, so it fences nobody. Use action=off, then action=on; in Pacemaker "
                         "set pcmk_reboot_action=off"};
    }
    for (const auto& [name, action] : actions) {
        if (name == word) {
            return action;
        }
    }
    return Complaint{"unknown action '" + word +
                     "': say off, on, status, monitor, list, metadata or validate-all"};
}

Parsed<HandOrder> order_from(const Settings& settings)
{
    const auto action = action_of(settings);
    if (!action) {
        return action.error();
    }
    auto device = device_from(settings);
    if (!device) {
        return device.error();
    }
    const auto identity = identity_from(settings);
    if (!identity) {
        return identity.error();
    }
    const auto readings = number(value_of(settings, "readings"), 100);
    const auto settle = seconds(value_of(settings, "settle"));
    const auto poll = seconds(value_of(settings, "poll"));
    const auto patience = seconds(value_of(settings, "power_timeout"));
    if (!readings || *readings < 2) {
        return Complaint{"readings must be a number from 2 to 100: one reading proves nothing"};
    }
    if (!settle || *settle < 500ms) {
        return Complaint{"settle must be at least 0.5 seconds"};
    }
    if (!poll || *poll < 50ms) {
        return Complaint{"poll must be at least 0.05 seconds"};
    }
    if (!patience || *patience <= *settle) {
        return Complaint{"power_timeout must be longer than settle, in seconds"};
    }
    return HandOrder{
        *action, std::move(*device), *identity, static_cast<unsigned>(*readings), *settle,
        *poll,   *patience};
}

} // namespace knell::fencing::ipmi
