// SPDX-License-Identifier: GPL-3.0-or-later
#include "datagrams.hpp"
#include "heartbeat_bench.hpp"
#include "monitor/socket_gate.hpp"

namespace knell::monitor {
namespace {

class Gate : public testing::Test {
protected:
    bool hears(const Speaker& speaker)
    {
        speaker.say(ear.endpoint(), agent.beat());
        settle();
        return take_one(ear.descriptor()).has_value();
    }
    void know(const std::vector<std::string>& texts)
    {
        std::vector<Address> addresses;
        for (const auto& text : texts) {
            addresses.push_back(*parse_address(text));
        }
        gate.know(addresses);
    }
    void flood() { gate.looked(start, FloodGuard::flood + 1, false); }

    FakeAgent agent;
    Speaker ear{"127.0.0.1:0"};
    Speaker first{"127.0.0.11:0"};
    Speaker second{"127.0.0.12:0"};
    SocketGate gate{ear.descriptor(),
                    Family::v4,
                    [](const KnownSources* known) { return beat_filter(Family::v4, known); },
                    {"heartbeats over IPv4", {}}};
};

TEST_F(Gate, keeps_out_another_protocol_always)
{
    first.say(ear.endpoint(), Bytes(128));
    settle();
    EXPECT_FALSE(take_one(ear.descriptor()));
}

TEST_F(Gate, keeps_out_strangers_in_a_flood_and_only_then)
{
    know({"127.0.0.11"});
    EXPECT_TRUE(hears(second));
    flood();
    EXPECT_FALSE(hears(second));
    EXPECT_TRUE(hears(first));
    gate.looked(start + FloodGuard::shut_for, 0, false);
    EXPECT_TRUE(hears(second));
}

TEST_F(Gate, learns_in_a_flood_who_is_new_and_who_is_gone)
{
    know({"127.0.0.11"});
    flood();
    know({"127.0.0.12"});
    EXPECT_TRUE(hears(second));
    EXPECT_FALSE(hears(first));
}

TEST_F(Gate, with_too_many_to_know_lets_everybody_speak)
{
    know({"127.0.0.11"});
    flood();
    std::vector<std::string> many;
    for (std::size_t n = 0; n <= KnownSources::at_most; ++n) {
        many.push_back("10.0." + std::to_string(n / 256) + "." + std::to_string(n % 256));
    }
    know(many);
    EXPECT_TRUE(hears(second));
    first.say(ear.endpoint(), Bytes(128));
    settle();
    EXPECT_FALSE(take_one(ear.descriptor())) << "but another protocol";
}

} // namespace
} // namespace knell::monitor
