// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_watch.hpp"
#include "world.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

void run(const std::string& command)
{
    ASSERT_EQ(std::system(command.c_str()), 0) << command; // NOLINT: our own text
}

/// A link eyes0 with a network on it; its other end is eyes1.
class Eyes : public testing::Test {
protected:
    void SetUp() override
    {
        run("ip link add eyes0 type veth peer name eyes1");
        run("ip link set eyes1 up");
        run("ip link set eyes0 up");
        run("ip addr add 10.78.0.1/24 dev eyes0");
        run("ip addr add fd78::1/64 dev eyes0 nodad");
    }
    void TearDown() override
    {
        watch.reset();
        run("ip link del eyes0 2>/dev/null; true");
    }

    void watch_for(std::vector<EyesTarget> targets)
    {
        watch = std::make_unique<EyesWatch>(listener.loop, std::move(targets), listener.sink(),
                                            statistics.path());
        const auto fault = watch->start();
        ASSERT_FALSE(fault) << *fault;
        EXPECT_THAT(listener.events, IsEmpty()) << "nothing is said from within start()";
        listener.run_for(100ms);
    }
    /// The reports so far, and the oldest is forgotten with the rest.
    std::vector<std::string> said()
    {
        std::vector<std::string> all;
        for (const auto& event : std::exchange(listener.events, {})) {
            const auto& report = std::get<EyesReport>(event);
            all.push_back(report.network.get() + " " + report.organ + " " +
                          (report.clear ? "clear" : report.detail));
        }
        return all;
    }
    /// What is said until there is nothing more to come, after at least `count` reports.
    std::vector<std::string> said_after(const std::string& command, std::size_t count)
    {
        run(command);
        EXPECT_TRUE(listener.run_until([&] { return listener.events.size() >= count; }));
        listener.run_for(400ms);
        return said();
    }

    Listener listener;
    TemporaryFolder statistics;
    std::unique_ptr<EyesWatch> watch;
    const std::vector<EyesTarget> both{{NetworkId{"mgmt"}, {"10.78.0.2", "10.78.0.3", "fd78::2"}},
                                       {NetworkId{"own"}, {"127.0.0.5", "::1"}}};
};

TEST_F(Eyes, a_lost_carrier_is_darkness_and_its_return_is_light)
{
    watch_for(both);
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(said_after("ip link set eyes1 down", 1),
                ElementsAre("mgmt carrier eyes0 has no carrier"));
    EXPECT_THAT(watch->doubts(), ElementsAre("mgmt: eyes0 has no carrier"));
    EXPECT_THAT(said_after("ip link set eyes1 up", 1), ElementsAre("mgmt carrier clear"));
    EXPECT_THAT(watch->doubts(), IsEmpty());
}

TEST_F(Eyes, what_was_dark_before_the_start_is_told)
{
    run("ip link set eyes1 down");
    watch_for(both);
    EXPECT_TRUE(listener.run_until([&] { return !listener.events.empty(); }));
    EXPECT_THAT(said(), ElementsAre("mgmt carrier eyes0 has no carrier"));
}

TEST_F(Eyes, an_interface_taken_down_is_dark_until_its_routes_are_back)
{
    watch_for(both);
    EXPECT_THAT(said_after("ip link set eyes0 down", 1),
                ElementsAre("mgmt carrier eyes0 is administratively down"));
    run("ip link set eyes0 up");
    EXPECT_TRUE(listener.run_until([&] { return watch->doubts().empty(); }));
    listener.run_for(400ms);
    EXPECT_EQ(said().back(), "mgmt carrier clear");
}

TEST_F(Eyes, a_lost_route_is_darkness_and_its_return_is_light)
{
    watch_for({{NetworkId{"mgmt"}, {"10.78.0.2", "10.78.0.3"}}});
    EXPECT_THAT(said_after("ip route del 10.78.0.0/24 dev eyes0", 1),
                ElementsAre("mgmt carrier no route to 10.78.0.2"));
    EXPECT_THAT(said_after("ip route add 10.78.0.0/24 dev eyes0", 1),
                ElementsAre("mgmt carrier clear"));
}

TEST_F(Eyes, a_lost_ipv6_route_is_darkness_too)
{
    watch_for({{NetworkId{"mgmt"}, {"fd78::2"}}});
    EXPECT_THAT(said_after("ip -6 route add unreachable fd78::2/128", 1),
                ElementsAre("mgmt carrier no route to fd78::2"));
    EXPECT_THAT(said_after("ip -6 route del unreachable fd78::2/128", 1),
                ElementsAre("mgmt carrier clear"));
}

TEST_F(Eyes, an_interface_that_is_deleted_is_gone)
{
    watch_for(both);
    const auto all = said_after("ip link del eyes0", 1);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back(), "mgmt carrier eyes0 is gone");
    EXPECT_THAT(watch->doubts(), ElementsAre("mgmt: eyes0 is gone"));
}

TEST_F(Eyes, a_route_that_moves_to_another_interface_ends_the_doubt)
{
    watch_for({{NetworkId{"mgmt"}, {"10.78.0.2"}}});
    EXPECT_THAT(said_after("ip link set eyes1 down", 1),
                ElementsAre("mgmt carrier eyes0 has no carrier"));
    EXPECT_THAT(said_after("ip route add 10.78.0.2/32 via 10.77.0.9 dev knell0", 1),
                ElementsAre("mgmt carrier clear"));
    run("ip route del 10.78.0.2/32");
}

TEST_F(Eyes, a_flood_of_news_that_overflows_the_socket_hides_nothing)
{
    watch_for(both);
    run("for i in $(seq 0 63); do for j in $(seq 0 255); do "
        "echo route add 10.200.$i.$j/32 dev eyes0; done; done | ip -batch -");
    run("ip link set eyes1 down");
    EXPECT_TRUE(listener.run_until([&] { return !watch->doubts().empty(); }));
    EXPECT_THAT(watch->doubts(), ElementsAre("mgmt: eyes0 has no carrier"));
}

TEST_F(Eyes, new_targets_are_seen_and_old_doubts_taken_back)
{
    watch_for(both);
    EXPECT_THAT(said_after("ip link set eyes1 down", 1),
                ElementsAre("mgmt carrier eyes0 has no carrier"));
    EXPECT_EQ(watch->retarget({{NetworkId{"other"}, {"10.78.0.7"}}}), std::nullopt);
    EXPECT_TRUE(watch->retarget({{NetworkId{"odd"}, {"localhost"}}}));
    listener.run_for(200ms);
    EXPECT_THAT(said(), ElementsAre("mgmt carrier clear", "other carrier eyes0 has no carrier"));
}

TEST_F(Eyes, an_overflowing_neighbour_table_is_told_and_calms_down)
{
    const std::string header = "entries table_fulls\n";
    statistics.file("arp_cache", header + "00000001 00000005\n00000001 00000000\n");
    watch_for(both);
    EXPECT_THAT(said(), IsEmpty());
    statistics.file("arp_cache", header + "00000001 00000005\n00000001 00000001\n");
    EXPECT_TRUE(listener.run_until([&] { return !listener.events.empty(); }));
    EXPECT_THAT(said(), ElementsAre("mgmt neighbours the kernel's neighbour table overflowed: "
                                    "raise net.ipv4.neigh.default.gc_thresh3"));
    EXPECT_TRUE(listener.run_until([&] { return !listener.events.empty(); }));
    EXPECT_THAT(said(), ElementsAre("mgmt neighbours clear"));
}

TEST_F(Eyes, once_destroyed_it_says_no_more)
{
    watch_for(both);
    watch.reset();
    run("ip link set eyes1 down");
    listener.run_for(300ms);
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST_F(Eyes, a_faulty_target_is_an_error_at_the_start)
{
    EyesWatch faulty{listener.loop, {{NetworkId{"mgmt"}, {"localhost"}}}, listener.sink()};
    EXPECT_TRUE(faulty.start());
}

} // namespace
} // namespace knell::monitor
