// SPDX-License-Identifier: GPL-3.0-or-later
// Hosts that were never heard since knelld started, or since an episode was closed over them.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;

class NeverHeard : public Story {
protected:
    NeverHeard()
    {
        world.cut(it);
        world.restart_knelld();
        world.run(5s);
    }
};

TEST_F(NeverHeard, one_whose_ordered_fence_failed_is_tried_again)
{
    ASSERT_EQ(world.state(it), "Unseen");
    host().bmc = Bmc::mute;
    world.order(What::fence, it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! HOST_FENCE_FAILED") > 0; }, 3min));
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(NeverHeard, one_whose_ordered_fence_meets_a_hold_is_fenced_when_that_is_over)
{
    world.journal_holds = true;
    world.order(What::fence, it);
    world.order(What::hold);
    world.release_journal();
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    world.order(What::unhold);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(NeverHeard, one_that_speaks_after_all_is_let_go)
{
    host().bmc = Bmc::mute;
    world.order(What::fence, it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! HOST_FENCE_FAILED") > 0; }, 3min));
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_TRUE(host().power);
}

TEST_F(NeverHeard, one_is_told_of_again_when_it_is_unseen_again)
{
    world.run(5min);
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN"), 1U);
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.set_flag_by_hand(it, false);
    ASSERT_TRUE(reaches("Unseen"));
    world.run(5min);
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN"), 2U);
}

TEST_F(Story, a_host_whose_service_was_deleted_in_nova_while_it_was_down_can_be_released)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().nova = Nova::forgot;
    host().listed = false;
    world.run(1min);
    world.order(What::release, it, true);
    EXPECT_TRUE(reaches("Unseen", 5min));
    world.run(10min);
    EXPECT_EQ(world.state(it), "Unseen") << "it may be taken out of the inventory now";
}

} // namespace
} // namespace knell::test
