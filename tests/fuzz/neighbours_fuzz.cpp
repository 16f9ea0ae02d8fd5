// SPDX-License-Identifier: GPL-3.0-or-later
// The text of /proc/net/stat/arp_cache.
#include "monitor/eyes_neighbours.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

namespace knell::monitor {

using fuzz::require;

KNELL_FUZZ_TARGET(neighbours)
{
    const auto text = fuzz::text_of(bytes);
    const auto fulls = table_fulls(text);
    require(!fulls || text.find("table_fulls") != std::string_view::npos,
            "without its column nothing is told");
    NeighbourTable table;
    if (fulls) {
        table.sampled(Instant{1h}, *fulls);
        require(!table.overflowing(Instant{1h}), "the first sample is no rise");
        // A row more, with nothing in it.
        std::string more{text};
        more += more.ends_with('\n') ? "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n" : "";
        const auto again = table_fulls(more);
        require(!again || *again == *fulls, "a row of zeros adds nothing");
    }
}

} // namespace knell::monitor
