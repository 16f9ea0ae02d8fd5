// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const NetworkId mgmt{"mgmt"};
const NetworkId storage{"storage"};

struct EyesLedgerTest : testing::Test {
    /// Each change as "network organ: detail", or "network organ clear".
    std::vector<std::string> changes()
    {
        std::vector<std::string> all;
        for (const auto& report : ledger.changes()) {
            const auto place = report.network.get() + " " + report.organ;
            all.push_back(report.clear ? place + " clear" + report.detail
                                       : place + ": " + report.detail);
        }
        return all;
    }
    void link(int index, LinkState state)
    {
        ledger.link({index, "eth" + std::to_string(index), state});
    }
    /// One network of two hosts behind eth1, and all is well.
    void one_network()
    {
        ledger.watch({{mgmt, {"10.0.0.1", "10.0.0.2"}}});
        ledger.routed(0, 1);
        ledger.routed(1, 1);
        link(1, LinkState::working);
        ASSERT_THAT(changes(), IsEmpty()) << "what is clear from the first is not worth a word";
    }

    EyesLedger ledger;
};

TEST_F(EyesLedgerTest, a_dark_interface_is_told_once_and_its_light_once)
{
    one_network();
    link(1, LinkState::no_carrier);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: eth1 has no carrier"));
    EXPECT_THAT(changes(), IsEmpty());
    EXPECT_THAT(ledger.doubts(), ElementsAre("mgmt: eth1 has no carrier"));
    link(1, LinkState::working);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier clear"));
    EXPECT_THAT(changes(), IsEmpty());
    EXPECT_THAT(ledger.doubts(), IsEmpty());
}

TEST_F(EyesLedgerTest, every_way_of_being_dark_has_its_words)
{
    one_network();
    const auto words = [&](LinkState state) {
        link(1, state);
        return changes().at(0);
    };
    EXPECT_EQ(words(LinkState::down), "mgmt carrier: eth1 is administratively down");
    EXPECT_EQ(words(LinkState::dormant), "mgmt carrier: eth1 has carrier but is not operational");
    EXPECT_EQ(words(LinkState::unknown), "mgmt carrier: the kernel does not say how eth1 is");
    EXPECT_EQ(words(LinkState::gone), "mgmt carrier: eth1 is gone");
}

TEST_F(EyesLedgerTest, an_interface_that_is_gone_by_the_kernels_answer_keeps_its_name)
{
    one_network();
    ledger.link_gone(1);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: eth1 is gone"));
}

TEST_F(EyesLedgerTest, of_two_interfaces_either_makes_the_network_dark)
{
    ledger.watch({{mgmt, {"10.0.0.1", "10.0.1.1"}}});
    ledger.routed(0, 1);
    ledger.routed(1, 2);
    link(1, LinkState::working);
    link(2, LinkState::no_carrier);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: eth2 has no carrier"));
}

TEST_F(EyesLedgerTest, one_networks_darkness_is_not_anothers)
{
    ledger.watch({{mgmt, {"10.0.0.1"}}, {storage, {"10.1.0.1"}}});
    ledger.routed(0, 1);
    ledger.routed(1, 2);
    link(1, LinkState::working);
    link(2, LinkState::down);
    EXPECT_THAT(changes(), ElementsAre("storage carrier: eth2 is administratively down"));
}

TEST_F(EyesLedgerTest, without_any_route_it_is_dark_and_with_one_of_two_it_is_not)
{
    one_network();
    ledger.routed(0, std::nullopt);
    EXPECT_THAT(changes(), IsEmpty()) << "probes to that address are inconclusive anyway";
    ledger.routed(1, std::nullopt);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: no route to 10.0.0.1"));
    ledger.routed(1, 1);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier clear"));
}

TEST_F(EyesLedgerTest, an_address_that_never_had_a_route_makes_its_network_dark)
{
    ledger.watch({{mgmt, {"10.0.0.1"}}});
    ledger.routed(0, std::nullopt);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: no route to 10.0.0.1"));
}

TEST_F(EyesLedgerTest, an_interface_that_took_the_route_with_it_is_still_named)
{
    one_network();
    link(1, LinkState::down);
    ledger.routed(0, std::nullopt);
    ledger.routed(1, std::nullopt);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: eth1 is administratively down"));
    link(1, LinkState::working);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: no route to 10.0.0.1"))
        << "until the route is back, too";
}

TEST_F(EyesLedgerTest, a_route_that_moves_to_a_working_interface_takes_the_doubt_away)
{
    one_network();
    link(1, LinkState::no_carrier);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier: eth1 has no carrier"));
    ledger.routed(0, 2);
    ledger.routed(1, 2);
    EXPECT_THAT(ledger.unknown_links(), ElementsAre(2));
    link(2, LinkState::working);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier clear"));
    link(1, LinkState::gone);
    EXPECT_THAT(changes(), IsEmpty()) << "no address is routed over it any more";
}

TEST_F(EyesLedgerTest, loopback_is_never_dark_and_does_not_care_for_neighbours)
{
    ledger.watch({{mgmt, {"127.0.0.1"}}});
    ledger.routed(0, 1);
    link(1, LinkState::loopback);
    ledger.neighbours(Family::v4, true);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(EyesLedgerTest, an_overflow_is_told_on_every_network_of_its_family)
{
    ledger.watch({{mgmt, {"10.0.0.1", "fd00::1"}}, {storage, {"10.1.0.1"}}});
    for (std::size_t i = 0; i < 3; ++i) {
        ledger.routed(i, 1);
    }
    link(1, LinkState::working);
    ledger.neighbours(Family::v6, true);
    EXPECT_THAT(changes(),
                ElementsAre("mgmt neighbours: the kernel's neighbour table overflowed: raise "
                            "net.ipv6.neigh.default.gc_thresh3"));
    ledger.neighbours(Family::v6, false);
    ledger.neighbours(Family::v4, true);
    EXPECT_THAT(changes(),
                ElementsAre("mgmt neighbours: the kernel's neighbour table overflowed: raise "
                            "net.ipv4.neigh.default.gc_thresh3",
                            "storage neighbours: the kernel's neighbour table overflowed: raise "
                            "net.ipv4.neigh.default.gc_thresh3"));
    ledger.neighbours(Family::v4, false);
    EXPECT_THAT(changes(), ElementsAre("mgmt neighbours clear", "storage neighbours clear"));
}

TEST_F(EyesLedgerTest, both_organs_stand_beside_each_other)
{
    one_network();
    link(1, LinkState::no_carrier);
    ledger.neighbours(Family::v4, true);
    EXPECT_EQ(changes().size(), 2U);
    link(1, LinkState::working);
    EXPECT_THAT(changes(), ElementsAre("mgmt carrier clear"));
    EXPECT_EQ(ledger.doubts().size(), 1U);
}

TEST_F(EyesLedgerTest, after_lost_news_every_interface_must_be_asked)
{
    one_network();
    ledger.forget_links();
    EXPECT_THAT(ledger.unknown_links(), ElementsAre(1));
    link(1, LinkState::working);
    EXPECT_THAT(ledger.unknown_links(), IsEmpty());
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(EyesLedgerTest, interfaces_that_nothing_is_routed_over_are_not_remembered)
{
    one_network();
    for (int index = 2; index < 100; ++index) {
        link(index, LinkState::down);
    }
    EXPECT_THAT(changes(), IsEmpty());
    ledger.routed(0, 50);
    EXPECT_THAT(ledger.unknown_links(), ElementsAre(50));
}

TEST_F(EyesLedgerTest, new_targets_keep_what_is_known_and_take_back_what_is_left_behind)
{
    one_network();
    link(1, LinkState::no_carrier);
    EXPECT_EQ(changes().size(), 1U);
    ledger.watch({{storage, {"10.0.0.2", "10.0.0.2", "10.2.0.1"}}});
    ASSERT_EQ(ledger.addresses().size(), 2U) << "each address once";
    ledger.routed(1, std::nullopt);
    EXPECT_THAT(changes(),
                ElementsAre("mgmt carrier clear", "storage carrier: eth1 has no carrier"));
}

TEST_F(EyesLedgerTest, a_network_without_addresses_is_clear)
{
    ledger.watch({{mgmt, {}}});
    ledger.neighbours(Family::v4, true);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST(EyesLedgerFaults, names_and_repeated_networks_are_faults)
{
    EXPECT_EQ(EyesLedger::fault_of({{mgmt, {"10.0.0.1", "fd00::1"}}, {storage, {}}}), "");
    EXPECT_NE(EyesLedger::fault_of({{mgmt, {"localhost"}}}).find("localhost"), std::string::npos);
    EXPECT_NE(EyesLedger::fault_of({{mgmt, {}}, {mgmt, {}}}).find("twice"), std::string::npos);
}

} // namespace
} // namespace knell::monitor
