// SPDX-License-Identifier: GPL-3.0-or-later
// What is so at the moment of the scrape.
#include "core/host_state.hpp"
#include "tests/unit/daemon/metrics/some_facts.hpp"

namespace knell::metrics {
namespace {

class Snapshots : public CollectorTest {};

TEST_F(Snapshots, a_host_is_in_one_state_and_counted_in_it)
{
    facts.fleet.hosts.push_back(some_host("compute2", "Held"));
    facts.fleet.hosts.push_back(some_host("compute3", "Held"));
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_host_state{host=\"compute2\",state=\"Held\"}"), 1);
    EXPECT_EQ(shown.value("knell_host_state{host=\"compute2\",state=\"Healthy\"}"), 0);
    EXPECT_EQ(shown.value("knell_host_state{host=\"compute2\",state=\"Maintenance\"}"), 0);
    EXPECT_EQ(shown.value("knell_hosts{state=\"Held\"}"), 2);
    EXPECT_EQ(shown.value("knell_hosts{state=\"Healthy\"}"), 1);
    EXPECT_EQ(shown.value("knell_hosts{state=\"FenceFailed\"}"), 0) << "no host is no gap";
}

TEST_F(Snapshots, every_state_that_core_knows_is_counted)
{
    const auto shown = scrape();
    for (const auto state : {HostState::unseen, HostState::fence_failed, HostState::disputed,
                             HostState::parked, HostState::maintenance}) {
        EXPECT_TRUE(shown.value("knell_hosts{state=\"" + std::string{name_of(state)} + "\"}"));
    }
}

TEST_F(Snapshots, readiness_to_fence_is_yes_no_or_nothing)
{
    auto unready = some_host("compute2");
    unready.devices.front().state = "not ready";
    unready.not_ready = "compute2-bmc: no answer";
    auto unknown = some_host("compute3");
    unknown.devices.front() = {DeviceId{"compute3-bmc"}, "unknown", "", {}, {}, {}};
    auto nameless = some_host("compute4");
    nameless.not_ready = "its BMC cannot be told from another";
    facts.fleet.hosts.insert(facts.fleet.hosts.end(), {unready, unknown, nameless});
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_fence_ready{host=\"compute1\"}"), 1);
    EXPECT_EQ(shown.value("knell_fence_ready{host=\"compute2\"}"), 0);
    EXPECT_EQ(shown.value("knell_fence_ready{host=\"compute3\"}"), std::nullopt);
    EXPECT_EQ(shown.value("knell_fence_ready{host=\"compute4\"}"), 0);
}

TEST_F(Snapshots, each_device_that_was_looked_at_is_shown_by_itself)
{
    auto& host = facts.fleet.hosts.front();
    host.devices.push_back({DeviceId{"pdu"}, "not ready", "no answer", noon - 5s, {}, {}});
    host.devices.push_back({DeviceId{"other"}, "unknown", "", {}, {}, {}});
    const auto shown = scrape();
    EXPECT_EQ(shown.value(R"(knell_bmc_reachable{host="compute1",device="compute1-bmc"})"), 1);
    EXPECT_EQ(shown.value(R"(knell_bmc_reachable{host="compute1",device="pdu"})"), 0);
    EXPECT_EQ(shown.value(R"(knell_bmc_reachable{host="compute1",device="other"})"), std::nullopt);
}

TEST_F(Snapshots, the_watchdogs_age_is_shown_where_there_is_a_watchdog)
{
    EXPECT_EQ(scrape().value("knell_watchdog_age_seconds"), std::nullopt);
    facts.watchdog_fed = now - 2s;
    EXPECT_EQ(scrape().value("knell_watchdog_age_seconds"), 3);
}

TEST_F(Snapshots, one_broken_device_beside_one_never_looked_at_is_no_yes)
{
    auto& host = facts.fleet.hosts.front();
    host.devices.front().state = "not ready";
    host.devices.push_back({DeviceId{"pdu"}, "unknown", "", {}, {}, {}});
    EXPECT_EQ(scrape().value("knell_fence_ready{host=\"compute1\"}"), std::nullopt);
}

TEST_F(Snapshots, the_last_good_look_at_a_device_is_remembered_when_it_breaks)
{
    EXPECT_EQ(scrape().value("knell_bmc_last_ok_seconds{host=\"compute1\"}"), 61);
    auto& device = facts.fleet.hosts.front().devices.front();
    device.state = "not ready";
    device.looked_at = now;
    EXPECT_EQ(scrape().value("knell_bmc_last_ok_seconds{host=\"compute1\"}"), 62);
    facts.fleet.hosts.clear();
    (void)scrape();
    facts.fleet.hosts = {some_host("compute1")};
    facts.fleet.hosts.front().devices.clear();
    EXPECT_EQ(scrape().value("knell_bmc_last_ok_seconds{host=\"compute1\"}"), std::nullopt)
        << "a host that left is forgotten";
}

TEST_F(Snapshots, an_agent_was_last_heard_on_the_network_that_heard_it_last)
{
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_heartbeat_last_seen_seconds{host=\"compute1\"}"), 2)
        << "1 s before noon, and pings are no heartbeats";
    for (auto& monitor : facts.fleet.hosts.front().monitors) {
        monitor.last_beat.reset();
    }
    EXPECT_EQ(scrape().value("knell_heartbeat_last_seen_seconds{host=\"compute1\"}"), std::nullopt);
}

TEST_F(Snapshots, mode_hold_storm_vantage_and_domains_are_shown)
{
    auto before = scrape();
    EXPECT_EQ(before.value("knell_mode{mode=\"armed\"}"), 1);
    EXPECT_EQ(before.value("knell_mode{mode=\"observe\"}"), 0);
    EXPECT_EQ(before.value("knell_hold"), 0);
    EXPECT_EQ(before.value("knell_storm"), 0);
    EXPECT_EQ(before.value("knell_vantage_clear"), 1);
    EXPECT_EQ(before.value("knell_domains_lost"), 0);
    EXPECT_EQ(before.value("knell_sentinels{state=\"beating\"}"), 1);
    EXPECT_EQ(before.value("knell_sentinels{state=\"silent\"}"), 1);
    facts.fleet.mode = Mode::observe;
    facts.fleet.hold = "by uid 0: moving racks";
    facts.fleet.storm = "3 of 4 hosts are silent at the same time";
    facts.fleet.clear = false;
    facts.fleet.budget_used = 2;
    facts.fleet.domains = {{DomainId{"rack1"}, 2, 2, 1, 0, "2 of the 2 hosts"},
                           {DomainId{"rack2"}, 2, 0, 1, 0, ""}};
    const auto after = scrape();
    EXPECT_EQ(after.value("knell_mode{mode=\"armed\"}"), 0);
    EXPECT_EQ(after.value("knell_mode{mode=\"observe\"}"), 1);
    EXPECT_EQ(after.value("knell_hold"), 1);
    EXPECT_EQ(after.value("knell_storm"), 1);
    EXPECT_EQ(after.value("knell_vantage_clear"), 0);
    EXPECT_EQ(after.value("knell_domains_lost"), 1);
    EXPECT_EQ(after.value("knell_fence_budget"), 3);
    EXPECT_EQ(after.value("knell_fence_budget_used"), 2);
}

TEST_F(Snapshots, probes_are_summed_over_hosts_for_each_way_of_watching)
{
    facts.paths.push_back({HostId{"compute2"}, MonitorId{"icmp@mgmt"}, std::nullopt, 50, 50});
    facts.paths.push_back({HostId{"compute1"}, MonitorId{"tcp@mgmt"}, 2ms, 10, 0});
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_probe_sent_total{probe=\"icmp@mgmt\"}"), 150);
    EXPECT_EQ(shown.value("knell_probe_lost_total{probe=\"icmp@mgmt\"}"), 53);
    EXPECT_EQ(shown.value("knell_probe_sent_total{probe=\"tcp@mgmt\"}"), 10);
    EXPECT_DOUBLE_EQ(
        shown.value("knell_probe_rtt_seconds{host=\"compute1\",probe=\"icmp@mgmt\"}").value_or(-1),
        0.0015);
    EXPECT_EQ(shown.value("knell_probe_rtt_seconds{host=\"compute2\",probe=\"icmp@mgmt\"}"),
              std::nullopt);
}

TEST_F(Snapshots, a_counter_never_runs_backwards_when_paths_come_and_go)
{
    facts.paths.push_back({HostId{"compute2"}, MonitorId{"icmp@mgmt"}, std::nullopt, 50, 0});
    EXPECT_EQ(scrape().value("knell_probe_sent_total{probe=\"icmp@mgmt\"}"), 150);
    facts.paths.pop_back();
    facts.paths.front().sent = 110;
    EXPECT_EQ(scrape().value("knell_probe_sent_total{probe=\"icmp@mgmt\"}"), 160);
    facts.paths.front().sent = 5; // taken up anew
    facts.paths.front().lost = 0;
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_probe_sent_total{probe=\"icmp@mgmt\"}"), 165);
    EXPECT_EQ(shown.value("knell_probe_lost_total{probe=\"icmp@mgmt\"}"), 3);
}

TEST_F(Snapshots, what_became_of_packets_is_shown_by_reason)
{
    facts.icmp = {.sent = 20,
                  .answered = 9,
                  .lost = 1,
                  .late = 2,
                  .duplicate = 3,
                  .foreign = 4,
                  .skipped = 5};
    facts.heartbeats = {.accepted = 1,
                        .format = 2,
                        .unknown_host = 3,
                        .source = 4,
                        .hmac = 6,
                        .unproven = 7,
                        .replay = 8,
                        .filtered = 9};
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_probe_outcomes_total{kind=\"icmp\",outcome=\"answered\"}"), 9);
    EXPECT_EQ(shown.value("knell_probe_outcomes_total{kind=\"icmp\",outcome=\"skipped\"}"), 5);
    EXPECT_EQ(shown.value("knell_probe_outcomes_total{kind=\"tcp\",outcome=\"lost\"}"), 0);
    EXPECT_EQ(shown.value("knell_heartbeat_accepted_total"), 1);
    EXPECT_EQ(shown.value("knell_heartbeat_rejected_total{reason=\"source\"}"), 4);
    EXPECT_EQ(shown.value("knell_heartbeat_rejected_total{reason=\"hmac\"}"), 6);
    EXPECT_EQ(shown.value("knell_heartbeat_rejected_total{reason=\"replay\"}"), 8);
    EXPECT_EQ(shown.value("knell_heartbeat_rejected_total{reason=\"filtered\"}"), 9);
}

TEST_F(Snapshots, nova_and_the_journal_are_shown)
{
    facts.journal_transactions = 12;
    auto shown = scrape();
    EXPECT_EQ(shown.value("knell_nova_up"), 1);
    EXPECT_EQ(shown.value("knell_nova_last_ok_seconds"), 6);
    EXPECT_EQ(shown.value("knell_journal_writable"), 1);
    EXPECT_EQ(shown.value("knell_journal_transactions_total"), 12);
    EXPECT_EQ(shown.value("knell_build_info{version=\"1.2.3\",revision=\"abc\"}"), 1);
    facts.nova_answers = false;
    facts.nova_answered.reset();
    facts.journal_trouble = "database or disk is full";
    shown = scrape();
    EXPECT_EQ(shown.value("knell_nova_up"), 0);
    EXPECT_EQ(shown.value("knell_nova_last_ok_seconds"), std::nullopt);
    EXPECT_EQ(shown.value("knell_journal_writable"), 0);
}

TEST_F(Snapshots, a_hostile_host_name_stays_within_its_label)
{
    facts.fleet.hosts = {some_host("a\"} 1\nknell_hold 1\\", "Held")};
    facts.paths.clear();
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_hold"), 0);
    EXPECT_EQ(shown.value(R"(knell_host_state{host="a\"} 1\nknell_hold 1\\",state="Held"})"), 1);
}

TEST_F(Snapshots, a_thousand_hosts_keep_the_grammar)
{
    facts.fleet.hosts.clear();
    facts.paths.clear();
    for (int n = 0; n < 1000; ++n) {
        const auto name = "compute" + std::to_string(n);
        facts.fleet.hosts.push_back(some_host(name));
        facts.paths.push_back({HostId{name}, MonitorId{"icmp@mgmt"}, 1ms, 100, 1});
    }
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_hosts{state=\"Healthy\"}"), 1000);
    EXPECT_EQ(shown.value("knell_probe_sent_total{probe=\"icmp@mgmt\"}"), 100000);
    EXPECT_LT(shown.series(), 18U * 1000 + 200) << "per host its 13 states, and 5 more";
}

} // namespace
} // namespace knell::metrics
