// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/inspection.hpp"

#include <algorithm>
#include <array>

namespace knell::fencing::ipmi {
namespace {

constexpr std::array<std::string_view, 3> policies{"always-off", "previous", "always-on"};

std::string_view said(const std::optional<bool>& fact, std::string_view yes, std::string_view no,
                      std::string_view unknown)
{
    if (!fact) {
        return unknown;
    }
    return *fact ? yes : no;
}

} // namespace

std::optional<bool> suffices_to_power_off(std::uint8_t level) noexcept
{
    constexpr std::uint8_t callback = 1;
    constexpr std::uint8_t operator_level = 3;
    constexpr std::uint8_t administrator = 4;
    if (level < callback || level > administrator) {
        return std::nullopt;
    }
    return level >= operator_level;
}

std::optional<std::string_view> restore_policy(std::uint8_t power_state) noexcept
{
    const std::size_t policy = power_state >> 5 & 3;
    if (policy >= policies.size()) {
        return std::nullopt;
    }
    return policies[policy];
}

bool is_restore_policy(std::string_view word) noexcept
{
    return std::find(policies.begin(), policies.end(), word) != policies.end();
}

std::string words_of(const DeviceFacts& facts)
{
    std::string text{said(facts.may_power_off, "may power off", "may not power off",
                          "does not say whether we may power off")};
    text += facts.on_restore ? ", power after an outage: " + *facts.on_restore
                             : ", does not say what it does after a power outage";
    text += ", cipher suite 0 ";
    text += said(facts.cipher_zero, "ACCEPTED", "refused", "not known");
    return text;
}

} // namespace knell::fencing::ipmi
