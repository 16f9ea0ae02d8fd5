// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/metrics/facts.hpp"

#include <map>
#include <prometheus/metric_family.h>
#include <utility>
#include <vector>

namespace knell::metrics {

/// Turns facts into what Prometheus reads. Remembers only what a single look cannot show: counters
/// that go on when a path is no longer probed, and when a device was last ready.
class Snapshot {
public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> families(const Facts& facts);

private:
    struct Probes {
        double sent = 0;
        double lost = 0;
    };

    void add_up(const Facts& facts);
    void remember_devices(const Facts& facts);

    std::map<std::pair<HostId, MonitorId>, Probes> seen_; ///< as each path last told
    std::map<MonitorId, Probes> sums_;
    std::map<HostId, Instant> ready_; ///< when one of its devices was last seen to be
};

} // namespace knell::metrics
