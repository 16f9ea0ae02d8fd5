// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/same.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <vector>

namespace knell::config {
namespace {

/// Each way in which one of them may differ must be seen. The bindings stop compiling when a
/// member comes that the list below them does not change yet.
template <class Thing>
void expect_each_to_differ(const Thing& thing, std::size_t members,
                           const std::vector<std::function<void(Thing&)>>& changes)
{
    EXPECT_TRUE(same(thing, Thing{thing}));
    EXPECT_EQ(changes.size(), members);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Thing other = thing;
        changes[i](other);
        EXPECT_FALSE(same(thing, other)) << "change " << i;
        EXPECT_FALSE(same(other, thing)) << "change " << i;
    }
}

fencing::IpmiDevice device()
{
    return {DeviceId{"d"},
            "10.0.1.1",
            623,
            "u",
            Secret{"word"},
            Secret{"k"},
            {17},
            fencing::Privilege::operator_level,
            {}};
}

TEST(SameSecret, is_one_of_the_same_bytes)
{
    EXPECT_TRUE(same(Secret{"abc"}, Secret{"abc"}));
    EXPECT_FALSE(same(Secret{"abc"}, Secret{"abd"}));
    EXPECT_FALSE(same(Secret{"abc"}, Secret{"ab"}));
    EXPECT_TRUE(same(Secret{}, Secret{}));
    EXPECT_FALSE(same(std::optional<Secret>{}, std::optional{Secret{}}));
    EXPECT_TRUE(same(std::optional<Secret>{}, std::optional<Secret>{}));
}

TEST(SameDevice, is_the_same_in_every_member)
{
    using Device = fencing::IpmiDevice;
    const Device thing = device();
    const auto& [a, b, c, d, e, f, g, h, i, j, k] = thing;
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i, (void)j;
    (void)k;
    expect_each_to_differ<Device>(
        thing, 11,
        {[](Device& x) { x.id = DeviceId{"e"}; }, [](Device& x) { x.address = "10.0.1.2"; },
         [](Device& x) { x.port = 624; }, [](Device& x) { x.username = "v"; },
         [](Device& x) { x.password = Secret{"ward"}; }, [](Device& x) { x.k_g.reset(); },
         [](Device& x) { x.cipher_suites = {3}; },
         [](Device& x) { x.privilege = fencing::Privilege::user; },
         [](Device& x) { x.workarounds = {"opensesspriv"}; },
         [](Device& x) { x.session_timeout += 1ms; },
         [](Device& x) { x.retransmission_timeout += 1ms; }});
}

TEST(SamePeer, is_the_same_in_every_member)
{
    using Peer = monitor::HeartbeatPeer;
    const Peer thing{HostId{"a"}, Secret{"key"}, {{MonitorId{"heartbeat@mgmt"}, "10.0.0.1"}}};
    const auto& [a, b, c] = thing;
    const auto& [d, e, f] = c.front();
    (void)a, (void)b, (void)d, (void)e, (void)f;
    expect_each_to_differ<Peer>(thing, 6,
                                {[](Peer& x) { x.host = HostId{"b"}; },
                                 [](Peer& x) { x.key = Secret{"kez"}; },
                                 [](Peer& x) { x.paths.pop_back(); },
                                 [](Peer& x) { x.paths[0].monitor = MonitorId{"heartbeat@b"}; },
                                 [](Peer& x) { x.paths[0].address = "10.0.0.2"; },
                                 [](Peer& x) { x.paths[0].interval += 1ms; }});
}

TEST(SameHost, is_the_same_in_every_member)
{
    const Host thing{HostId{"a"}, "g", {{NetworkId{"mgmt"}, "10.0.0.1"}}, {device()}, Secret{"k"}};
    const auto& [a, b, c, d, e] = thing;
    (void)a, (void)b, (void)c, (void)d, (void)e;
    expect_each_to_differ<Host>(thing, 6,
                                {[](Host& x) { x.id = HostId{"b"}; },
                                 [](Host& x) { x.group.clear(); },
                                 [](Host& x) { x.addresses.begin()->second = "10.0.0.2"; },
                                 [](Host& x) { x.devices.clear(); },
                                 [](Host& x) { x.devices[0].password = Secret{"ward"}; },
                                 [](Host& x) { x.heartbeat_key.reset(); }});
}

} // namespace
} // namespace knell::config
