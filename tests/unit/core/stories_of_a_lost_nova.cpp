// SPDX-License-Identifier: GPL-3.0-or-later
// A host that fails while nobody can be told of it.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using testing::HasSubstr;

Policy patient_with_nova(GatePolicy::NovaLost then = GatePolicy::NovaLost::hold)
{
    auto policy = small_policy(3);
    policy.gate.nova_lost = then;
    return policy;
}

class NovaIsLost : public Story {
protected:
    explicit NovaIsLost(Policy policy = patient_with_nova()) : Story{std::move(policy)} {}
    void nova(bool answers) { world.tell(NovaTurned{answers, answers ? "again" : "refused"}); }
    [[nodiscard]] HostView view() const { return *world.fleet().view(HostId{it}); }
};

TEST_F(NovaIsLost, a_host_that_fails_meanwhile_is_held_and_says_why)
{
    nova(false);
    world.run(10s);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    EXPECT_THAT(view().why, HasSubstr("Nova does not answer (refused)"));
    EXPECT_TRUE(view().in_plan);
    world.run(10min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_EQ(world.count(it, "! HOST_HELD"), 1U) << "said once, not for ten minutes";
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count("", "! NOVA_LOST"), 1U);
}

TEST_F(NovaIsLost, one_lost_answer_is_not_told_of)
{
    nova(false);
    world.run(1s);
    nova(true);
    world.run(1min);
    EXPECT_EQ(world.count("", "! NOVA_LOST"), 0U);
    EXPECT_EQ(world.count("", "! NOVA_ANSWERS"), 0U);
}

TEST_F(NovaIsLost, it_goes_on_by_itself_when_nova_answers_and_the_host_is_still_dead)
{
    nova(false);
    world.run(10s);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    nova(true);
    EXPECT_TRUE(reaches("Down", 30s));
    EXPECT_EQ(world.count("", "! NOVA_ANSWERS"), 1U);
}

TEST_F(Story, a_host_that_is_off_waits_a_minute_at_most_however_patient_nova_asks_us_to_be)
{
    host().nova = Nova::forbids;
    world.retry_after = 1h;
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! NOVA_REFUSED") > 0; }, 1min));
    host().nova = Nova::honest;
    EXPECT_TRUE(reaches("Down", 65s));
}

TEST_F(NovaIsLost, a_host_that_came_back_before_nova_did_is_not_fenced)
{
    nova(false);
    world.run(10s);
    host().wired = false;
    ASSERT_TRUE(reaches("Held"));
    host().wired = true;
    ASSERT_TRUE(reaches("Healthy"));
    nova(true);
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
}

TEST_F(NovaIsLost, one_lost_answer_delays_no_fence)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Suspected"));
    nova(false);
    ASSERT_TRUE(reaches("Fencing", 3s));
    EXPECT_EQ(world.count(it, "! HOST_HELD"), 0U);
}

TEST_F(NovaIsLost, an_operator_may_approve_it)
{
    nova(false);
    world.run(10s);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    OperatorOrder order{OrderId{99}, OperatorOrder::What::approve, std::nullopt, "alice", "",
                        false};
    order.hosts = {HostId{it}};
    world.tell(order);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(NovaIsLost, an_order_to_fence_passes)
{
    nova(false);
    world.run(10s);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    world.order(OperatorOrder::What::fence, it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(NovaIsLost, a_fence_that_has_begun_goes_on)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    nova(false);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(NovaIsLost, a_rehearsal_names_it)
{
    nova(false);
    world.run(10s);
    OperatorOrder order{OrderId{99}, OperatorOrder::What::fence, HostId{it}, "alice", "", false};
    order.dry_run = true;
    world.tell(order);
    EXPECT_THAT(world.log().back().text, HasSubstr("nova: NO, Nova does not answer"));
}

class NovaIsLostAndItIsAllTheSame : public NovaIsLost {
protected:
    NovaIsLostAndItIsAllTheSame() : NovaIsLost{patient_with_nova(GatePolicy::NovaLost::fence)} {}
};

TEST_F(NovaIsLostAndItIsAllTheSame, a_site_may_want_it_fenced_at_once)
{
    nova(false);
    world.run(10s);
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! HOST_HELD"), 0U);
}

} // namespace
} // namespace knell::test
