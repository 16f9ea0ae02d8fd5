// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/flood_notice.hpp"

namespace knell {

Notice notice_of(const monitor::FloodNews& news)
{
    using Kind = monitor::FloodNews::Kind;
    switch (news.kind) {
    case Kind::flooded:
        return {Notice::Weight::warning, "VANTAGE_FLOODED", std::nullopt, EpisodeId{0},
                news.socket + ": more than " + std::to_string(monitor::FloodGuard::flood) +
                    " packets a second are none of ours; strangers are not read any more, and "
                    "hosts are watched as ever"};
    case Kind::overrun:
        return {Notice::Weight::alarm, "VANTAGE_OVERRUN", std::nullopt, EpisodeId{0},
                news.socket + ": what hosts sent is lost in the flood; no host is called dead on "
                              "what is silent there while packets are lost"};
    case Kind::over:
        break;
    }
    return {Notice::Weight::info, "VANTAGE_CALM", std::nullopt, EpisodeId{0},
            news.socket + ": the flood is over"};
}

} // namespace knell
