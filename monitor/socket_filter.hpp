// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"

#include <cstdint>
#include <linux/filter.h>
#include <optional>
#include <span>
#include <vector>

namespace knell::monitor {

/// A program for the kernel's classic packet filter (bpf(4)): what it drops never takes up room in
/// a socket's queue, and wakes nobody. It looks at less than our parsers do, and drops nothing
/// that they would take from somebody we know.
using FilterCode = std::vector<sock_filter>;

/// Whom a filter lets through; nothing: everybody. Addresses may share a fingerprint, so a filter
/// can let through a stranger, never keep out one of these.
class KnownSources {
public:
    /// More would not go into one program.
    static constexpr std::size_t at_most = 2048;

    /// Empty if there are too many of this family.
    [[nodiscard]] static std::optional<KnownSources> of(Family family,
                                                        std::span<const Address> addresses);

    [[nodiscard]] const std::vector<std::uint32_t>& fingerprints() const noexcept
    {
        return fingerprints_;
    }

private:
    std::vector<std::uint32_t> fingerprints_; ///< sorted, each once
};

/// For a UDP socket: agents' packets of our protocol.
[[nodiscard]] FilterCode beat_filter(Family family, const KnownSources* sources);

/// For a ping socket, which the kernel gives only what carries its own identifier: echo replies
/// that have room for our cookie.
[[nodiscard]] FilterCode ping_filter(Family family, const KnownSources* sources);

/// For a raw ICMP socket: the same, with our identifier; and errors, from anybody, that quote an
/// echo request of ours.
[[nodiscard]] FilterCode raw_filter(Family family, std::uint16_t identifier,
                                    const KnownSources* sources);

/// Takes the place of whatever filter the socket had. If the kernel refuses it (it has room for
/// a number of instructions, net.core.optmem_max), the socket has none, and everything passes.
bool attach(int socket, const FilterCode& code) noexcept;

} // namespace knell::monitor
