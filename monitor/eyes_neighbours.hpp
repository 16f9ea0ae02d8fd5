// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace knell::monitor {

/// How often the kernel found a neighbour table full, since boot: the sum of the column
/// `table_fulls` of /proc/net/stat/arp_cache or ndisc_cache, which have a row for each CPU with
/// hexadecimal numbers (net/core/neighbour.c, neigh_stat_seq_show). Empty if the text is not that.
[[nodiscard]] std::optional<std::uint64_t> table_fulls(std::string_view text);

/// One family's neighbour table. When it is full, neighbours on our own links that are not in it
/// cannot be asked, and look as silent as the dead. Pure.
class NeighbourTable {
public:
    static constexpr Duration calm = 5s; ///< without a rise, until it is believed again

    void sampled(Instant now, std::uint64_t fulls);
    [[nodiscard]] bool overflowing(Instant now) const;

private:
    std::optional<std::uint64_t> fulls_;
    std::optional<Instant> rose_at_;
};

} // namespace knell::monitor
