// SPDX-License-Identifier: GPL-3.0-or-later
// The real decisions, one host that loses its power and comes back, and what is measured of it.
#include "core/fleet.hpp"
#include "daemon/engine.hpp"
#include "daemon/metrics/metered_world.hpp"
#include "tests/simulation/small_world.hpp"
#include "tests/unit/daemon/metrics/exposition.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace knell::metrics {
namespace {

/// Everything it is asked goes well, and is answered at the next step.
class WillingWorld final : public World {
public:
    explicit WillingWorld(std::function<void(const Notice&)> on_notice)
        : on_notice_{std::move(on_notice)}
    {
    }
    void record(const Record& e) override { answer_with(Recorded{e.entry.host, e.attempt}); }
    void power(const Power& e) override
    {
        off_ = off_ || e.command.action == PowerAction::off;
        const bool reads = e.command.action == PowerAction::read;
        answer_with(
            PowerAnswer{e.host,
                        {e.command.attempt,
                         reads ? (off_ ? PowerState::off : PowerState::on) : PowerState::unknown,
                         PowerFault::none,
                         "",
                         {}}});
    }
    void stand_down(const StandDown&) override { ++stood_down; }
    void force_down(const ForceDown& e) override { set(e.certificate.host(), e.attempt, true); }
    void clear_forced_down(const ClearForcedDown& e) override
    {
        set(e.clearance.host(), e.attempt, false);
    }
    void read_forced_down(const ReadForcedDown& e) override { set(e.host, e.attempt, flag_); }
    void sample_servers(const SampleServers& e) override
    {
        answer_with(ServersSeen{e.host, e.attempt, true, 1, 1, ""});
    }
    void watch(const Watch&) override { ++watched; }
    void notify(const Notice& e) override { on_notice_(e); }
    void answer(const Answer&) override { ++answers; }

    std::vector<Event> owed;
    int stood_down = 0;
    int watched = 0;
    int answers = 0;

private:
    void answer_with(Event event) { owed.push_back(std::move(event)); }
    void set(const HostId& host, AttemptId attempt, bool flag)
    {
        flag_ = flag;
        answer_with(NovaAnswer{host, attempt, NovaOutcome::done, NovaRefusal::none, flag, {}, ""});
    }

    std::function<void(const Notice&)> on_notice_;
    bool off_ = false;
    bool flag_ = false;
};

class Metered : public testing::Test {
protected:
    Metered()
        : policy_{test::small_policy(3)}, fleet_{policy_, Recollection{}},
          collector_{{[this](Instant at) {
                          Facts facts;
                          facts.now = at;
                          facts.fleet = fleet_.view();
                          return facts;
                      },
                      [this](const HostId& host) { return fleet_.view(host); }}},
          world_{[this](const Notice& notice) { collector_.on_notice(now_, notice); }},
          metered_{world_, collector_, [this] { return now_; }}, engine_{fleet_, metered_}
    {
        engine_.begin(now_);
    }

    void step()
    {
        now_ += 100ms;
        for (const auto& sentinel : policy_.vantage.sentinels) {
            deliver(SentinelResult{sentinel.id, Pulse::beating, now_});
        }
        for (const auto& host : policy_.hosts) {
            const bool cut = &host == &policy_.hosts.front() && silent;
            for (const auto& monitor : host.monitors) {
                ProbeResult result{host.host, monitor.id, cut ? Pulse::silent : Pulse::beating,
                                   now_,      {},         ""};
                if (!cut && monitor.kind == MonitorKind::heartbeat) {
                    result.report = AgentReport{BootId{boot}, 1s, true, true, host.identity};
                }
                deliver(result);
            }
        }
        for (const auto& event : std::exchange(world_.owed, {})) {
            deliver(event);
        }
        engine_.wake(now_);
    }
    void deliver(const Event& event)
    {
        collector_.on_event(now_, event);
        engine_.deliver(now_, event);
    }
    [[nodiscard]] bool reaches(const std::string& state)
    {
        for (int n = 0; n < 3000; ++n) {
            if (fleet_.view(policy_.hosts.front().host)->state == state) {
                return true;
            }
            step();
        }
        return false;
    }
    [[nodiscard]] Exposition scrape()
    {
        now_ += 1s;
        return Exposition{*collector_.exposition(now_)};
    }

    std::string boot = "first";
    bool silent = false;
    Policy policy_;
    Instant now_{1h};
    Fleet fleet_;
    Collector collector_;
    WillingWorld world_;
    MeteredWorld metered_;
    Engine engine_;
};

TEST_F(Metered, a_power_cut_and_the_way_back_leave_their_measures)
{
    ASSERT_TRUE(reaches("Healthy"));
    for (int n = 0; n < 20; ++n) {
        step();
    }
    silent = true;
    ASSERT_TRUE(reaches("Down"));
    for (int n = 0; n < 5; ++n) {
        step();
    }
    silent = false;
    boot = "second";
    ASSERT_TRUE(reaches("Healthy"));
    const auto shown = scrape();
    EXPECT_EQ(shown.faults(), std::vector<std::string>{});
    for (const char* name :
         {"detection_seconds", "suspicion_seconds", "fence_duration_seconds", "forced_down_seconds",
          "servers_down_seconds", "nova_request_seconds"}) {
        const auto labels = std::string_view{name} == "nova_request_seconds"
                                ? "_count{verb=\"force_down\"}"
                                : "_count";
        EXPECT_EQ(shown.value("knell_" + std::string{name} + labels), 1) << name;
    }
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"fenced\"}"), 1);
    for (const char* verb : {"force_down", "clear", "servers"}) {
        EXPECT_EQ(shown.value("knell_nova_requests_total{code=\"done\",verb=\"" +
                              std::string{verb} + "\"}"),
                  1)
            << verb;
    }
    EXPECT_GE(shown.value("knell_journal_write_seconds_count").value_or(0), 4);
    EXPECT_EQ(shown.value("knell_hosts{state=\"Healthy\"}"), 3);
    EXPECT_GT(world_.watched, 0) << "what is not measured is handed on as well";
    EXPECT_GT(world_.stood_down, 0);
}

TEST_F(Metered, an_answer_is_handed_on)
{
    deliver(OperatorOrder{OrderId{1}, OperatorOrder::What::arm, std::nullopt, "alice", "", false});
    step();
    EXPECT_EQ(world_.answers, 1);
}

} // namespace
} // namespace knell::metrics
