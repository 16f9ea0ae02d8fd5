// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/ipmi_device.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace knell::fencing::ipmi {

/// What an operator can write that no BMC could be reached with. One sentence
/// that says which value and how to mend it, never the value of a secret; or
/// nothing. Pure. The limits are those of IPMI v2.0 (user 16 bytes, password and
/// K_g 20 bytes) and of libfreeipmi.
[[nodiscard]] std::optional<std::string> complaint_about(const IpmiDevice& device);

/// The bit of one of ipmipower's workaround names for IPMI 2.0 sessions; "none" is 0.
[[nodiscard]] std::optional<unsigned> workaround_bit(std::string_view name) noexcept;
/// The bits of all of them. Every name must be known.
[[nodiscard]] unsigned workaround_bits(std::span<const std::string> names);
/// "authcap, intel20, ...": for error texts and the metadata.
[[nodiscard]] std::string workaround_names();

/// "user", "operator", "administrator".
[[nodiscard]] std::string_view name_of(Privilege privilege) noexcept;
[[nodiscard]] std::optional<Privilege> privilege_word(std::string_view word) noexcept;

/// libfreeipmi speaks it and it authenticates: 0 does not.
[[nodiscard]] bool supported_suite(unsigned suite) noexcept;
/// "17,3" in this order. Nothing if it is anything else than numbers and commas.
[[nodiscard]] std::optional<std::vector<unsigned>> suite_list(std::string_view text);
/// "opensesspriv,sun20"; the empty text is the empty list. Names are not checked here.
[[nodiscard]] std::vector<std::string> name_list(std::string_view text);

/// All of `text` as a decimal number of at most `most`; no sign, space or leading zero.
[[nodiscard]] std::optional<unsigned long> number(std::string_view text, unsigned long most);

} // namespace knell::fencing::ipmi
