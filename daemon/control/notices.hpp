// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

#include <chrono>
#include <deque>
#include <vector>

namespace knell::control {

struct TimedNotice {
    std::chrono::system_clock::time_point at;
    Notice notice;
};

/// The last notices, for `host.explain`. Lost when the process ends: what must
/// last is in the journal and in the log.
class RecentNotices {
public:
    static constexpr std::size_t most = 4000;

    void add(TimedNotice notice);
    /// The last `limit` about this host, oldest first.
    [[nodiscard]] std::vector<TimedNotice> of(const HostId& host, std::size_t limit) const;

private:
    std::deque<TimedNotice> notices_;
};

} // namespace knell::control
