// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/fence_devices.hpp"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace knell {
namespace {

/// Answers when the test says so; what it stood down from is answered when the test says so.
class SlowAgent final : public fencing::FenceAgent {
public:
    struct Seen {
        std::vector<PowerCommand> commands;
        Handler on_reply;
        std::vector<std::pair<AttemptId, Handler>> abandoned;
        int stood_down = 0;
        bool gone = false;
    };
    explicit SlowAgent(Seen& seen) : seen_{seen} {}
    ~SlowAgent() override { seen_.gone = true; }
    SlowAgent(const SlowAgent&) = delete;
    SlowAgent& operator=(const SlowAgent&) = delete;

    void execute(const PowerCommand& command, Handler on_reply) override
    {
        ASSERT_FALSE(seen_.on_reply) << "asked while it was busy";
        seen_.commands.push_back(command);
        seen_.on_reply = std::move(on_reply);
    }
    void stand_down() override
    {
        ++seen_.stood_down;
        if (seen_.on_reply) {
            seen_.abandoned.emplace_back(seen_.commands.back().attempt,
                                         std::exchange(seen_.on_reply, nullptr));
        }
    }

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
    std::vector<PowerFault> faults;

    Bench()
    {
        devices.add(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(seen));
    }
    void ask(std::uint64_t attempt, PowerAction action)
    {
        devices.execute(command(attempt, action), [this](PowerReply reply) {
            answered.push_back(reply.attempt);
            faults.push_back(reply.fault);
        });
    }
    void answer() { answer(seen); }
    static void answer(SlowAgent::Seen& agent)
    {
        const auto attempt = agent.commands.back().attempt;
        std::exchange(agent.on_reply,
                      nullptr)({attempt, PowerState::unknown, PowerFault::none, {}});
    }
    /// As an agent answers, later, what it stood down from.
    void answer_abandoned()
    {
        for (auto& [attempt, on_reply] : std::exchange(seen.abandoned, {})) {
            on_reply({attempt, PowerState::unknown, PowerFault::silent, "stood down"});
        }
    }
    [[nodiscard]] PowerAction doing() const { return seen.commands.back().action; }
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

TEST(FenceDevices, a_change_of_power_that_nobody_wants_any_more_is_given_up_at_once)
{
    for (const auto action : {PowerAction::off, PowerAction::on}) {
        Bench bench;
        bench.ask(1, action);
        bench.devices.stand_down(HostId{"compute1"});
        EXPECT_EQ(bench.seen.stood_down, 1);
        EXPECT_EQ(bench.seen.abandoned.size(), 1U) << "with its session ends what was asked in it";
    }
}

TEST(FenceDevices, a_power_off_that_waits_its_turn_is_not_begun_once_nobody_wants_it)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.ask(2, PowerAction::off);
    bench.devices.stand_down(HostId{"compute1"});
    bench.answer();
    EXPECT_EQ(bench.seen.commands.size(), 1U);
    EXPECT_EQ(bench.seen.stood_down, 1) << "the session ends";
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
    EXPECT_EQ(bench.faults.back(), PowerFault::displaced);
    bench.ask(3, PowerAction::off);
    EXPECT_EQ(bench.seen.commands.size(), 2U) << "it is wanted again";
}

TEST(FenceDevices, a_reading_that_waits_is_made_whoever_stands_down)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.ask(2, PowerAction::off);
    bench.ask(3, PowerAction::read);
    bench.devices.stand_down(HostId{"compute1"});
    bench.answer();
    ASSERT_EQ(bench.seen.commands.size(), 2U);
    EXPECT_EQ(bench.doing(), PowerAction::read) << "an operator's word may rest on it";
}

TEST(FenceDevices, nothing_is_begun_any_more_once_knelld_must_end)
{
    Bench bench;
    bool ends = false;
    bench.devices.on_begin([&] { return !ends; });
    bench.ask(1, PowerAction::prepare);
    bench.ask(2, PowerAction::off);
    ends = true; // the machine slept
    bench.answer();
    EXPECT_EQ(bench.seen.commands.size(), 1U);
    EXPECT_EQ(bench.answered, std::vector{AttemptId{1}});
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

TEST(FenceDevices, an_inspection_under_way_is_stood_down_at_once_for_everything_else)
{
    for (const auto action :
         {PowerAction::prepare, PowerAction::off, PowerAction::read, PowerAction::on}) {
        Bench bench;
        bench.ask(1, PowerAction::inspect);
        bench.ask(2, action);
        EXPECT_EQ(bench.seen.stood_down, 1) << "its helper goes, the next one is fresh";
        ASSERT_TRUE(bench.seen.on_reply) << "the command does not wait";
        EXPECT_EQ(bench.doing(), action);
        EXPECT_TRUE(bench.answered.empty()) << "never from within a question";
        bench.answer_abandoned();
        EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}}));
        EXPECT_EQ(bench.faults, (std::vector{PowerFault::displaced}));
        bench.answer();
        EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
        EXPECT_EQ(bench.faults.back(), PowerFault::none);
    }
}

TEST(FenceDevices, inspections_that_wait_give_way_with_the_one_under_way)
{
    Bench bench;
    bench.ask(1, PowerAction::inspect);
    bench.ask(2, PowerAction::inspect);
    bench.ask(3, PowerAction::off);
    EXPECT_EQ(bench.doing(), PowerAction::off);
    bench.answer_abandoned();
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
    EXPECT_EQ(bench.faults, (std::vector{PowerFault::displaced, PowerFault::displaced}));
    bench.answer();
    EXPECT_EQ(bench.answered.back(), AttemptId{3});
    EXPECT_EQ(bench.seen.commands.size(), 2U) << "the second was never begun";
}

TEST(FenceDevices, an_inspection_that_finds_a_command_under_way_is_not_begun)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.ask(2, PowerAction::inspect);
    bench.ask(3, PowerAction::off);
    EXPECT_TRUE(bench.answered.empty());
    bench.answer();
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
    EXPECT_EQ(bench.faults, (std::vector{PowerFault::none, PowerFault::displaced}));
    EXPECT_EQ(bench.doing(), PowerAction::off) << "overtaken";
    EXPECT_EQ(bench.seen.stood_down, 0) << "the session that was prepared is still there";
}

TEST(FenceDevices, a_late_answer_of_an_inspection_is_not_taken_for_the_commands)
{
    Bench bench;
    bench.ask(1, PowerAction::inspect);
    bench.ask(2, PowerAction::off);
    bench.answer();
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{2}, AttemptId{1}}));
    EXPECT_EQ(bench.faults, (std::vector{PowerFault::none, PowerFault::displaced}));
    bench.answer_abandoned();
    EXPECT_EQ(bench.answered.size(), 2U) << "each once";
    bench.ask(3, PowerAction::read);
    bench.answer();
    EXPECT_EQ(bench.answered.back(), AttemptId{3});
}

TEST(FenceDevices, inspections_alone_are_done_one_after_the_other_and_leave_no_session)
{
    Bench bench;
    bench.ask(1, PowerAction::inspect);
    bench.ask(2, PowerAction::inspect);
    EXPECT_EQ(bench.seen.commands.size(), 1U);
    bench.answer();
    EXPECT_EQ(bench.seen.stood_down, 0);
    bench.answer();
    EXPECT_EQ(bench.faults, (std::vector{PowerFault::none, PowerFault::none}));
    EXPECT_EQ(bench.seen.stood_down, 1);
}

TEST(FenceDevices, an_inspection_leaves_the_session_of_a_fence_alone)
{
    Bench bench;
    bench.ask(1, PowerAction::prepare);
    bench.answer();
    bench.ask(2, PowerAction::inspect);
    bench.answer();
    EXPECT_EQ(bench.seen.stood_down, 0);
    bench.devices.stand_down(HostId{"compute1"});
    EXPECT_EQ(bench.seen.stood_down, 1);
}

TEST(FenceDevices, a_device_is_busy_until_its_last_answer_is_in)
{
    Bench bench;
    const DeviceId bmc{"bmc1"};
    EXPECT_FALSE(bench.devices.busy(bmc));
    bench.ask(1, PowerAction::inspect);
    EXPECT_TRUE(bench.devices.busy(bmc));
    bench.ask(2, PowerAction::off);
    bench.answer();
    EXPECT_TRUE(bench.devices.busy(bmc)) << "the inspection's agent has not answered";
    bench.answer_abandoned();
    EXPECT_FALSE(bench.devices.busy(bmc));
    EXPECT_FALSE(bench.devices.busy(DeviceId{"nobody"}));
}

TEST(FenceDevices, an_idle_device_is_removed_at_once)
{
    Bench bench;
    EXPECT_EQ(bench.devices.ids(), (std::vector{DeviceId{"bmc1"}}));
    bench.devices.remove(DeviceId{"bmc1"});
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_EQ(bench.seen.stood_down, 1) << "in order: its session ends";
    EXPECT_TRUE(bench.devices.ids().empty());
    EXPECT_FALSE(bench.devices.busy(DeviceId{"bmc1"}));
}

TEST(FenceDevices, a_device_that_is_asked_something_goes_when_all_is_answered)
{
    Bench bench;
    bench.ask(1, PowerAction::off);
    bench.ask(2, PowerAction::read);
    bench.devices.remove(DeviceId{"bmc1"});
    EXPECT_TRUE(bench.devices.ids().empty()) << "its name is free";
    EXPECT_FALSE(bench.seen.gone);
    EXPECT_EQ(bench.seen.stood_down, 0) << "a conversation is never broken off";
    bench.answer();
    EXPECT_TRUE(bench.devices.busy(DeviceId{"bmc1"}));
    bench.answer();
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_FALSE(bench.devices.busy(DeviceId{"bmc1"}));
}

TEST(FenceDevices, a_device_of_the_same_name_may_come_before_the_old_one_has_gone)
{
    SlowAgent::Seen other; // outlives the bench, whose devices tell it of their end
    Bench bench;
    bench.ask(1, PowerAction::off);
    bench.devices.remove(DeviceId{"bmc1"});
    bench.devices.add(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(other));
    bench.ask(2, PowerAction::read);
    EXPECT_EQ(other.commands.size(), 1U);
    bench.answer();
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_FALSE(other.gone);
    Bench::answer(other);
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
}

TEST(FenceDevices, a_device_removed_while_an_inspection_gives_way_still_answers_it)
{
    Bench bench;
    bench.ask(1, PowerAction::inspect);
    bench.ask(2, PowerAction::off);
    bench.devices.remove(DeviceId{"bmc1"});
    bench.answer();
    EXPECT_FALSE(bench.seen.gone);
    bench.answer_abandoned();
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_EQ(bench.answered.size(), 2U);
}

TEST(FenceDevices, an_idle_device_is_replaced_at_once)
{
    SlowAgent::Seen other;
    Bench bench;
    bench.devices.replace(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(other));
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_EQ(bench.seen.stood_down, 1);
    bench.ask(1, PowerAction::read);
    EXPECT_EQ(other.commands.size(), 1U);
}

TEST(FenceDevices, a_device_that_is_asked_something_is_replaced_between_two_turns)
{
    SlowAgent::Seen other;
    Bench bench;
    bench.ask(1, PowerAction::off);
    bench.ask(2, PowerAction::read);
    bench.devices.replace(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(other));
    EXPECT_FALSE(bench.seen.gone);
    EXPECT_TRUE(other.commands.empty()) << "one at a time";
    bench.answer();
    EXPECT_TRUE(bench.seen.gone);
    ASSERT_EQ(other.commands.size(), 1U);
    EXPECT_EQ(other.commands.back().action, PowerAction::read);
    Bench::answer(other);
    EXPECT_EQ(bench.answered, (std::vector{AttemptId{1}, AttemptId{2}}));
    EXPECT_EQ(other.stood_down, 0) << "what was read leaves a session";
}

TEST(FenceDevices, a_command_that_ends_an_inspection_goes_to_the_new_agent)
{
    SlowAgent::Seen other;
    Bench bench;
    bench.ask(1, PowerAction::inspect);
    bench.devices.replace(DeviceId{"bmc1"}, HostId{"compute1"}, std::make_unique<SlowAgent>(other));
    bench.ask(2, PowerAction::off);
    ASSERT_EQ(other.commands.size(), 1U);
    EXPECT_FALSE(bench.seen.gone) << "it has not answered yet";
    Bench::answer(other);
    bench.answer_abandoned();
    EXPECT_TRUE(bench.seen.gone);
    EXPECT_EQ(bench.answered.size(), 2U);
}

TEST(FenceDevices, a_replaced_device_stands_down_with_its_new_host)
{
    SlowAgent::Seen other;
    Bench bench;
    bench.devices.replace(DeviceId{"bmc1"}, HostId{"compute2"}, std::make_unique<SlowAgent>(other));
    bench.devices.stand_down(HostId{"compute1"});
    EXPECT_EQ(other.stood_down, 0);
    bench.devices.stand_down(HostId{"compute2"});
    EXPECT_EQ(other.stood_down, 1);
}

TEST(FenceDevices, whoever_is_answered_may_ask_the_next_thing_or_remove_the_device)
{
    Bench bench;
    bench.devices.execute(command(1, PowerAction::read), [&](const PowerReply&) {
        bench.ask(2, PowerAction::off);
        bench.devices.remove(DeviceId{"bmc1"});
    });
    bench.answer();
    EXPECT_EQ(bench.doing(), PowerAction::off);
    EXPECT_FALSE(bench.seen.gone);
    bench.answer();
    EXPECT_TRUE(bench.seen.gone);
}

} // namespace
} // namespace knell
