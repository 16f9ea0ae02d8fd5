// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"

#include <optional>

namespace knell::config {

/// Whether two of these are the same in everything, secrets included. Secrets are compared in
/// constant time; only their lengths could be told from how long it takes.
[[nodiscard]] bool same(const Secret& a, const Secret& b) noexcept;
[[nodiscard]] bool same(const std::optional<Secret>& a, const std::optional<Secret>& b) noexcept;
[[nodiscard]] bool same(const fencing::IpmiDevice& a, const fencing::IpmiDevice& b);
[[nodiscard]] bool same(const monitor::HeartbeatPeer& a, const monitor::HeartbeatPeer& b);
[[nodiscard]] bool same(const Host& a, const Host& b);

} // namespace knell::config
