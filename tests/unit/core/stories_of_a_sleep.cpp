// SPDX-License-Identifier: GPL-3.0-or-later
// The machine that knelld runs on is suspended, and the clock by which proofs age stands still.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

class StoryOfASleep : public Story {
protected:
    [[nodiscard]] bool says(const std::string& line, Duration at_most = 1min)
    {
        return world.run_until([&] { return world.count(it, line) > 0; }, at_most);
    }
    /// A day, as everybody else has it; what is on its way meanwhile arrives after it.
    void sleep() { world.tell(Suspended{24h}); }
};

TEST_F(StoryOfASleep, a_proof_from_before_it_is_read_again_before_nova_is_told)
{
    world.cut(it);
    ASSERT_TRUE(says("! HOST_FENCED"));
    world.run(5ms); // that is durable
    world.journal_holds = true;
    ASSERT_TRUE(says("Record forcing_down"));
    world.forget_log();
    sleep();
    host().power = true; // somebody was there meanwhile
    world.release_journal();
    world.run(20ms);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 1U);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_FALSE(host().power) << "proven anew";
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
}

TEST_F(StoryOfASleep, a_reading_that_arrives_after_it_is_no_proof)
{
    world.power_takes = 400ms;
    world.cut(it);
    ASSERT_TRUE(says("! HOST_FENCED"));
    ASSERT_TRUE(says("ReadForcedDown"));
    world.run(300ms); // the last reading was made, and its answer is on its way
    ASSERT_EQ(world.count(it, "ForceDown"), 0U);
    sleep();
    host().power = true;
    ASSERT_TRUE(says("Power bmc1 off", 10s)) << "it reads on";
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_FALSE(host().power);
}

TEST_F(StoryOfASleep, a_proof_that_had_begun_begins_again)
{
    world.cut(it);
    ASSERT_TRUE(says("Power bmc1 off"));
    world.run(world.policy().hosts.front().fence.settle - 100ms);
    ASSERT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    sleep();
    const auto woke = world.now();
    ASSERT_TRUE(says("! HOST_FENCED"));
    EXPECT_GE(world.now() - woke, world.policy().hosts.front().fence.settle);
}

TEST_F(StoryOfASleep, the_flag_as_it_was_is_read_again)
{
    world.cut(it);
    ASSERT_TRUE(says("Power bmc1 off"));
    ASSERT_TRUE(says("ReadForcedDown"));
    world.run(200ms);
    sleep();
    world.set_flag_by_hand(it, true);
    ASSERT_TRUE(says("! FORCED_DOWN_FOREIGN"));
    EXPECT_EQ(world.count(it, "ForceDown"), 0U) << "it is not ours";
}

TEST_F(StoryOfASleep, what_nova_answered_before_it_is_asked_again)
{
    world.cut(it);
    ASSERT_TRUE(says("ReadForcedDown"));
    world.run(25ms); // it was read, and the answer is on its way
    sleep();
    world.set_flag_by_hand(it, true);
    ASSERT_TRUE(says("! FORCED_DOWN_FOREIGN"));
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(StoryOfASleep, an_operators_word_outlasts_it)
{
    host().bmc = Bmc::dumb;
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed", 2min));
    world.journal_holds = true;
    world.order(OperatorOrder::What::confirm_off, it);
    ASSERT_TRUE(says("! HOST_FENCED"));
    sleep();
    world.release_journal();
    EXPECT_TRUE(reaches("Down"));
}

} // namespace
} // namespace knell::test
