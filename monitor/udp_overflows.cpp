// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/udp_overflows.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

namespace knell::monitor {
namespace {

using Counters = std::map<std::string, std::uint64_t, std::less<>>;

std::optional<std::uint64_t> number(std::string_view word)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size() ? std::optional{value}
                                                                    : std::nullopt;
}

/// IPv4: a line of names and a line of values, both begin with "Udp:".
Counters of_columns(std::istream& file)
{
    Counters counters;
    std::string names;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("Udp: ")) {
            continue;
        }
        if (names.empty()) {
            names = line;
            continue;
        }
        std::istringstream name{names};
        std::istringstream value{line};
        for (std::string key, word; name >> key && value >> word;) {
            if (const auto count = number(word)) {
                counters.emplace(key, *count);
            }
        }
        break;
    }
    return counters;
}

/// IPv6: a name and a value on each line.
Counters of_lines(std::istream& file)
{
    constexpr std::string_view family = "Udp6";
    Counters counters;
    for (std::string key, word; file >> key >> word;) {
        const auto count = number(word);
        if (key.starts_with(family) && count) {
            counters.emplace(key.substr(family.size()), *count);
        }
    }
    return counters;
}

} // namespace

std::optional<UdpOverflows> udp_overflows(Family family, std::string_view text)
{
    std::istringstream file{std::string{text}};
    const auto counters = family == Family::v4 ? of_columns(file) : of_lines(file);
    const auto no_room = counters.find("RcvbufErrors");
    if (no_room == counters.end()) {
        return std::nullopt;
    }
    const auto no_memory = counters.find("MemErrors");
    return UdpOverflows{.queue = no_room->second,
                        .memory = no_memory == counters.end() ? 0 : no_memory->second};
}

std::optional<UdpOverflows> udp_overflows(Family family)
{
    std::ifstream file{family == Family::v4 ? "/proc/self/net/snmp" : "/proc/self/net/snmp6"};
    return udp_overflows(family, std::string{std::istreambuf_iterator<char>{file}, {}});
}

} // namespace knell::monitor
