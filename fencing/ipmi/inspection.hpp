// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the bytes of a BMC mean for a later fence. All pure.
namespace knell::fencing::ipmi {

/// Whether a session at this privilege level (IPMI v2.0, 6.8: 2 user, 3 operator,
/// 4 administrator) may use Chassis Control, which wants operator (appendix G). Nothing for an
/// OEM's level, and for none.
[[nodiscard]] std::optional<bool> suffices_to_power_off(std::uint8_t level) noexcept;

/// Bits 6:5 of the current power state in Get Chassis Status (28.2): "always-off", "previous",
/// "always-on"; nothing where the BMC says "unknown".
[[nodiscard]] std::optional<std::string_view> restore_policy(std::uint8_t power_state) noexcept;

/// The policies there are.
[[nodiscard]] bool is_restore_policy(std::string_view word) noexcept;

/// "may power off; ...": for the operator's eyes.
[[nodiscard]] std::string words_of(const DeviceFacts& facts);

} // namespace knell::fencing::ipmi
