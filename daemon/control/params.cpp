// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/params.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

namespace knell::control {

namespace {

namespace json = boost::json;

constexpr std::size_t longest_host = 255; // nova/db/main/models.py, Service.host
constexpr std::size_t most_hosts = 1000;
constexpr std::size_t longest_reason = 500;
constexpr std::int64_t longest_seconds = std::int64_t{30} * 24 * 3600;

bool is_host(const json::value& value)
{
    return value.is_string() && !value.get_string().empty() &&
           value.get_string().size() <= longest_host;
}

bool are_hosts(const json::value& value)
{
    const auto* array = value.if_array();
    if (array == nullptr || array->empty() || array->size() > most_hosts) {
        return false;
    }
    std::set<std::string_view> names;
    return std::all_of(array->begin(), array->end(), [&](const json::value& host) {
        return is_host(host) && names.emplace(host.get_string()).second;
    });
}

/// In UTF-8, as JSON is: those of ASCII, and U+0080 to U+009F.
bool has_control_characters(std::string_view text)
{
    unsigned char before = 0;
    return std::any_of(text.begin(), text.end(), [&](unsigned char c) {
        const bool of_latin_1 = std::exchange(before, c) == 0xc2 && c <= 0x9f;
        return c < 0x20 || c == 0x7f || of_latin_1;
    });
}

bool is_reason(const json::value& value)
{
    const auto* text = value.if_string();
    return text != nullptr && text->find_first_not_of(' ') != json::string::npos &&
           text->size() <= longest_reason && !has_control_characters(*text);
}

bool is_whole(const json::value& value, std::int64_t most)
{
    const auto* number = value.if_int64(); // larger ones are parsed as unsigned, or as fractions
    return number != nullptr && *number >= 1 && *number <= most;
}

/// What it must be; nothing: it is.
std::string demand(ParamKind kind, const json::value& value)
{
    switch (kind) {
    case ParamKind::host:
        return is_host(value) ? ""
                              : "must be a text of 1 to " + std::to_string(longest_host) + " bytes";
    case ParamKind::hosts:
        return are_hosts(value) ? ""
                                : "must be an array of 1 to " + std::to_string(most_hosts) +
                                      " names of hosts, none of them twice";
    case ParamKind::reason:
        return is_reason(value) ? ""
                                : "must be one line of 1 to " + std::to_string(longest_reason) +
                                      " bytes without control characters";
    case ParamKind::flag:
        return value.is_bool() ? "" : "must be true or false";
    case ParamKind::seconds:
        return is_whole(value, longest_seconds)
                   ? ""
                   : "must be a whole number from 1 to " + std::to_string(longest_seconds) +
                         " (30 days)";
    case ParamKind::episode:
        return is_whole(value, std::numeric_limits<std::int64_t>::max())
                   ? ""
                   : "must be a whole number from 1";
    }
    return "is of no kind";
}

} // namespace

std::optional<std::string> fault_of(std::span<const Param> wanted, const json::object& given)
{
    for (const auto& each : given) {
        const std::string_view key{each.key()};
        if (std::none_of(wanted.begin(), wanted.end(),
                         [&](const Param& param) { return param.name == key; })) {
            return "unknown parameter \"" + std::string{key} + "\"";
        }
    }
    for (const auto& param : wanted) {
        const auto* value = given.if_contains(param.name);
        if (value == nullptr && param.optional) {
            continue;
        }
        const auto fault = demand(param.kind, value == nullptr ? json::value{} : *value);
        if (!fault.empty()) {
            return "\"" + std::string{param.name} + "\" " + fault;
        }
    }
    return std::nullopt;
}

std::string list_of(std::span<const Param> params)
{
    std::string text;
    for (const auto& param : params) {
        text += (text.empty() ? "" : ", ") + std::string{param.name} +
                (param.optional ? " (may be left out)" : "");
    }
    return text.empty() ? "no parameters" : text;
}

} // namespace knell::control
