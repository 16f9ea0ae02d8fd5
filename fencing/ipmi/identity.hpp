// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace knell::fencing::ipmi {

/// The 16 bytes of a System GUID, in the order in which the BMC sent them
/// (Get System GUID, NetFn App 06h, command 37h; IPMI v2.0, section 22.14).
using Guid = std::array<std::uint8_t, 16>;

/// "4c4c4544-0034-...": 32 hex digits with dashes, either case, nothing else.
[[nodiscard]] std::optional<Guid> uuid_bytes(std::string_view text) noexcept;

/// BMCs disagree on the order of the bytes: as the text reads (RFC 4122), with the
/// first three groups turned round (SMBIOS 2.6), or all sixteen (IPMI v2.0, 20.8).
/// Any of the three is the same machine: chance does not make two of them agree.
[[nodiscard]] bool same_system(const Guid& told, const Guid& expected) noexcept;

/// All zeros or all ones: the firmware was never given an identity. It is nobody's.
[[nodiscard]] bool blank(const Guid& guid) noexcept;

/// As the text of RFC 4122 order, for the operator's eyes.
[[nodiscard]] std::string text_of(const Guid& guid);
/// The same bytes in SMBIOS order: what dmidecode shows on most machines.
[[nodiscard]] Guid smbios_order(const Guid& guid) noexcept;

} // namespace knell::fencing::ipmi
