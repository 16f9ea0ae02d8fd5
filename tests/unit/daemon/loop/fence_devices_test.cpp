// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/fence_devices.hpp"

#include <gtest/gtest.h>

namespace knell {
namespace {

/// Answers when the test says so.
class SlowAgent final : public fencing::FenceAgent {
public:
    struct Seen {
        std::vector<PowerCommand> commands;
        Handler on_reply;
        int stood_down = 0;
    };
    explicit SlowAgent(Seen& seen) : seen_{seen} {}

    void execute(const PowerCommand& command, Handler on_reply) override
    {
        ASSERT_FALSE(seen_.on_reply) << "asked while it was busy";
        seen_.commands.push_back(command);
        seen_.on_reply = std::move(on_reply);
    }
    void stand_down() override { ++seen_.stood_down; }

private:
    Seen& seen_;
};

PowerCommand command(std::uint64_t attempt, PowerAction action)
{
    return {DeviceId{"bmc1"}, action, AttemptId{attempt}, Instant{}, std::nullopt};
}

struct Bench {
    SlowAgent::Seen seen;
    FenceDevices devices;
    std::vector<AttemptId> answered;

    Bench()
    {
        devices.add(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(seen));
    }
    void ask(std::uint64_t attempt, PowerAction action)
    {
        devices.execute(command(attempt, action),
                        [this](PowerReply reply) { answered.push_back(reply.attempt); });
    }
    void answer()
    {
        const auto attempt = seen.commands.back().attempt;
        std::exchange(seen.on_reply, nullptr)({attempt, PowerState::unknown, PowerFault::none, {}});
    }
};

TEST(FenceDevices, a_busy_device_is_asked_one_thing_after_the_other)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.ask(2, PowerAction::off);
    EXPECT_EQ(bench.seen.commands.size(), 1U);
    bench.answer();
    ASSERT_EQ(bench.seen.commands.size(), 2U);
    EXPECT_EQ(bench.seen.commands.back().action, PowerAction::off);
    bench.answer();
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
}

TEST(FenceDevices, a_session_ends_only_after_what_was_asked_is_answered)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.devices.stand_down(HostId{"compute1"});
    EXPECT_EQ(bench.seen.stood_down, 0);
    bench.answer();
    EXPECT_EQ(bench.seen.stood_down, 1);
}

TEST(FenceDevices, a_new_command_keeps_the_session_that_was_about_to_end)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.devices.stand_down(HostId{"compute1"});
    bench.ask(2, PowerAction::off);
    bench.answer();
    bench.answer();
    EXPECT_EQ(bench.seen.stood_down, 0);
}

TEST(FenceDevices, standing_down_one_host_leaves_the_others_alone)
{
    Bench bench;
    bench.devices.stand_down(HostId{"compute2"});
    EXPECT_EQ(bench.seen.stood_down, 0);
}

} // namespace
} // namespace knell
