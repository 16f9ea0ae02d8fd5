// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/metrics/collector.hpp"
#include "tests/unit/daemon/metrics/exposition.hpp"

#include <gtest/gtest.h>
#include <string>

namespace knell::metrics {

inline constexpr Instant noon{1h};

inline HostView some_host(const std::string& name, std::string_view state = "Healthy")
{
    HostView host{HostId{name}, state, noon, "", EpisodeId{0}, {}, {}, false, true, {}};
    host.monitors = {{MonitorId{"icmp@mgmt"}, "up", 0, noon - 100ms},
                     {MonitorId{"heartbeat@mgmt"}, "up", 0, noon - 2s},
                     {MonitorId{"heartbeat@storage"}, "up", 0, noon - 1s}};
    host.devices = {{DeviceId{name + "-bmc"}, "ready", "", noon - 60s, 20ms, {}}};
    return host;
}

/// A daemon that does its whole work, with one host.
inline Facts some_facts()
{
    Facts facts;
    facts.now = noon;
    facts.version = "1.2.3";
    facts.revision = "abc";
    facts.fleet.mode = Mode::armed;
    facts.fleet.clear = true;
    facts.fleet.budget = 3;
    facts.fleet.hosts = {some_host("compute1")};
    facts.fleet.sentinels = {{SentinelId{"gateway"}, true}, {SentinelId{"switch"}, false}};
    facts.watching = true;
    facts.paths = {{HostId{"compute1"}, MonitorId{"icmp@mgmt"}, 1500us, 100, 3}};
    facts.nova_answers = true;
    facts.nova_answered = noon - 5s;
    return facts;
}

/// A collector over facts that a test may change.
class CollectorTest : public testing::Test {
protected:
    CollectorTest()
        : collector{{[this](Instant at) {
                         ++looks;
                         auto taken = facts;
                         taken.now = at;
                         return taken;
                     },
                     [this](const HostId& id) -> std::optional<HostView> {
                         for (const auto& host : facts.fleet.hosts) {
                             if (host.host == id) {
                                 return host;
                             }
                         }
                         return std::nullopt;
                     }}}
    {
    }

    /// As it is now, however fresh the last look was.
    [[nodiscard]] Exposition scrape()
    {
        now += Collector::freshness;
        const Exposition exposition{*collector.exposition(now)};
        EXPECT_EQ(exposition.faults(), std::vector<std::string>{});
        return exposition;
    }
    void say(std::string_view id, const std::string& text = "",
             const std::string& host = "compute1", std::uint64_t episode = 7)
    {
        collector.on_notice(now,
                            {Notice::Weight::info, id, HostId{host}, EpisodeId{episode}, text});
    }

    Facts facts = some_facts();
    Instant now = noon;
    int looks = 0;
    Collector collector;
};

} // namespace knell::metrics
