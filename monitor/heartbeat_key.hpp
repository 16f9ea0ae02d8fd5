// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/strong.hpp"

#include <optional>
#include <string_view>

namespace knell::monitor {

inline constexpr std::size_t heartbeat_key_size = 32;

/// A host's own key: HKDF-SHA256 (RFC 5869) of the site key with an empty salt
/// and the info "knell heartbeat " followed by the host's name. Who steals it can
/// speak for that host alone.
[[nodiscard]] Secret derive_heartbeat_key(const Secret& site_key, const HostId& host);

/// The text of a key file: 64 hexadecimal digits and at most one newline behind
/// them. Empty for anything else; what it was instead is nobody's business.
[[nodiscard]] std::optional<Secret> parse_key(std::string_view text);

/// The text that parse_key reads.
[[nodiscard]] Secret key_text(const Secret& key);

} // namespace knell::monitor
