// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace knell {

/// A value of type T that means exactly one thing. Two Strongs with different
/// tags never convert into each other, nor silently back into T.
template <class T, class Tag>
class Strong {
public:
    explicit constexpr Strong(T value) : value_{std::move(value)} {}
    [[nodiscard]] constexpr const T& get() const noexcept { return value_; }
    friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

private:
    T value_;
};

/// A compute host, named exactly as the `host` of Nova's service record; never shortened.
using HostId = Strong<std::string, struct HostIdTag>;
/// A named network of the inventory, e.g. "mgmt".
using NetworkId = Strong<std::string, struct NetworkIdTag>;
/// One way of watching a host over one network, e.g. "icmp@mgmt".
using MonitorId = Strong<std::string, struct MonitorIdTag>;
/// A reference target beyond our own uplink, as named in knell.yaml.
using SentinelId = Strong<std::string, struct SentinelIdTag>;
/// A rack, PDU or switch that several hosts depend on, e.g. "rack1".
using DomainId = Strong<std::string, struct DomainIdTag>;
/// A fence device, as named in knell.yaml, unique over the whole inventory.
using DeviceId = Strong<std::string, struct DeviceIdTag>;
/// A few bits of a digest of the login at a fence device: another when the login was changed.
using LoginMark = Strong<std::string, struct LoginMarkTag>;
/// The kernel's /proc/sys/kernel/random/boot_id of one boot of a host.
using BootId = Strong<std::string, struct BootIdTag>;
/// SMBIOS system UUID, lower case with dashes; the BMC reports it as System GUID.
using SystemUuid = Strong<std::string, struct SystemUuidTag>;
/// One failure of one host, from first verdict to readmission. Never reused.
using EpisodeId = Strong<std::uint64_t, struct EpisodeIdTag>;
/// One question to the outside; its answer carries it back. Never reused by one process.
using AttemptId = Strong<std::uint64_t, struct AttemptIdTag>;
/// One order of an operator; its answer carries it back.
using OrderId = Strong<std::uint64_t, struct OrderIdTag>;

} // namespace knell
