// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/same.hpp"

#include <algorithm>
#include <openssl/crypto.h>
#include <tuple>

namespace knell::config {
namespace {

template <class Values>
bool all_same(const Values& a, const Values& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return same(x, y); });
}

} // namespace

bool same(const Secret& a, const Secret& b) noexcept
{
    const auto x = a.reveal();
    const auto y = b.reveal();
    return x.size() == y.size() && CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

bool same(const std::optional<Secret>& a, const std::optional<Secret>& b) noexcept
{
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

bool same(const fencing::IpmiDevice& a, const fencing::IpmiDevice& b)
{
    const auto plain = [](const fencing::IpmiDevice& device) {
        return std::tie(device.id, device.address, device.port, device.username,
                        device.cipher_suites, device.privilege, device.workarounds,
                        device.session_timeout, device.retransmission_timeout);
    };
    return plain(a) == plain(b) && same(a.password, b.password) && same(a.k_g, b.k_g);
}

bool same(const monitor::HeartbeatPeer& a, const monitor::HeartbeatPeer& b)
{
    const auto same_path = [](const auto& x, const auto& y) {
        return std::tie(x.monitor, x.address, x.interval) ==
               std::tie(y.monitor, y.address, y.interval);
    };
    return a.host == b.host && same(a.key, b.key) &&
           std::equal(a.paths.begin(), a.paths.end(), b.paths.begin(), b.paths.end(), same_path);
}

bool same(const Host& a, const Host& b)
{
    return std::tie(a.id, a.group, a.addresses) == std::tie(b.id, b.group, b.addresses) &&
           all_same(a.devices, b.devices) && same(a.heartbeat_key, b.heartbeat_key);
}

} // namespace knell::config
