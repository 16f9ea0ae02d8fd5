// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel says in /proc: the text of /proc/net/stat/arp_cache, of /proc/net/snmp and snmp6.
#include "monitor/eyes_neighbours.hpp"
#include "monitor/udp_overflows.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

namespace knell::monitor {

using fuzz::require;

namespace {

void lost_datagrams(std::string_view text)
{
    for (const auto family : {Family::v4, Family::v6}) {
        const auto lost = udp_overflows(family, text);
        require(!lost || text.find("RcvbufErrors") != std::string_view::npos,
                "without its counter nothing is told");
        require(lost == udp_overflows(family, std::string{text} + "\nOther: 1\n"),
                "another protocol's line changes nothing");
    }
}

} // namespace

KNELL_FUZZ_TARGET(neighbours)
{
    const auto text = fuzz::text_of(bytes);
    lost_datagrams(text);
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
