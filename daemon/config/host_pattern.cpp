// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/host_pattern.hpp"

#include "daemon/config/problems.hpp"

#include <charconv>

namespace knell::config {
namespace {

constexpr std::size_t most_digits = 9;

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || text.size() > most_digits || error != std::errc{} ||
        end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::string padded(std::uint64_t number, std::size_t width)
{
    std::string text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

/// What {inner} is for this host; nothing where it is no word of ours.
std::optional<std::string> resolved(std::string_view inner, const NamedHost& host)
{
    if (inner == "host") {
        return host.name;
    }
    if (!host.number || !inner.starts_with('n')) {
        return std::nullopt;
    }
    inner.remove_prefix(1);
    if (inner.empty()) {
        return std::to_string(*host.number);
    }
    const auto offset = parse_number(inner.substr(1));
    if (!offset || (inner.front() != '+' && inner.front() != '-')) {
        return std::nullopt;
    }
    if (inner.front() == '+') {
        return std::to_string(*host.number + *offset);
    }
    return *offset > *host.number ? std::nullopt
                                  : std::optional{std::to_string(*host.number - *offset)};
}

std::string filled(const Value& value, const NamedHost& host, Problems& problems)
{
    const std::string& text = value.text;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = text.find('{', at);
        const std::size_t close = open == std::string::npos ? open : text.find('}', open);
        if (close == std::string::npos) {
            return out + text.substr(at);
        }
        out += text.substr(at, open - at);
        const std::string inner = text.substr(open + 1, close - open - 1);
        if (const auto replacement = resolved(inner, host)) {
            out += *replacement;
        } else if (!host.number && inner.starts_with('n')) {
            problems.error(value.place,
                           "`{" + inner + "}` needs a number, and the name of host " + host.name +
                               " is no pattern",
                           "write the value out, or give the host a name such as compute[1-200]");
        } else {
            problems.error(value.place, "`{" + inner + "}` stands for nothing on host " + host.name,
                           "{n}, {n+10}, {n-1} and {host} are replaced");
        }
        at = close + 1;
    }
    return out;
}

} // namespace

std::variant<std::vector<NamedHost>, BadPattern> expand_name(std::string_view name)
{
    const std::size_t open = name.find('[');
    const std::size_t close = name.find(']');
    if (open == std::string_view::npos && close == std::string_view::npos) {
        return std::vector<NamedHost>{{std::string{name}, std::nullopt}};
    }
    const char* const shape = "write it as compute[1-200], or compute[001-200] to keep the zeros";
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return BadPattern{"has a bracket without its other half", shape};
    }
    const std::string_view prefix = name.substr(0, open);
    const std::string_view suffix = name.substr(close + 1);
    if (suffix.find_first_of("[]") != std::string_view::npos) {
        return BadPattern{"has more than one range", "list one pattern for each"};
    }
    const std::string_view range = name.substr(open + 1, close - open - 1);
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) {
        return BadPattern{"has a range without `-`", shape};
    }
    const std::string_view first_text = range.substr(0, dash);
    const std::string_view last_text = range.substr(dash + 1);
    const auto first = parse_number(first_text);
    const auto last = parse_number(last_text);
    if (!first || !last) {
        return BadPattern{"has a range whose ends are not numbers of at most nine digits", shape};
    }
    const bool zeros = (first_text.size() > 1 && first_text.front() == '0') ||
                       (last_text.size() > 1 && last_text.front() == '0');
    if (zeros && first_text.size() != last_text.size()) {
        return BadPattern{"has leading zeros, but ends of different length",
                          "write both ends with the same number of digits, e.g. [001-200]"};
    }
    if (*first > *last) {
        return BadPattern{"has a range that runs backwards", "put the smaller number first"};
    }
    if (*last - *first >= pattern_limit) {
        return BadPattern{"makes more than " + std::to_string(pattern_limit) + " hosts",
                          "check the numbers"};
    }
    std::vector<NamedHost> hosts;
    for (std::uint64_t number = *first; number <= *last; ++number) {
        hosts.push_back({std::string{prefix} + padded(number, zeros ? first_text.size() : 0) +
                             std::string{suffix},
                         number});
    }
    return hosts;
}

Value instantiate(const Value& value, const NamedHost& host, Problems& problems)
{
    Value out = value;
    if (out.kind == Value::Kind::scalar && out.text.find('{') != std::string::npos) {
        out.text = filled(value, host, problems);
    }
    for (Value& item : out.items) {
        item = instantiate(item, host, problems);
    }
    for (Entry& entry : out.entries) {
        entry.value = instantiate(entry.value, host, problems);
    }
    return out;
}

} // namespace knell::config
