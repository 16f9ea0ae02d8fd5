// SPDX-License-Identifier: GPL-3.0-or-later
// A write that is no longer wanted when there is a token and a connection for it.
#include "tests/unit/nova/nova_client_fixture.hpp"

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::HasSubstr;

class LeaveOfWrites : public NovaClientTest {
protected:
    void expect_not_sent(const NovaAnswer& result, const std::string& why) const
    {
        EXPECT_EQ(result.outcome, NovaOutcome::unknown);
        EXPECT_FALSE(result.may_land);
        EXPECT_THAT(result.detail, HasSubstr(why));
        EXPECT_FALSE(cloud_.services.at("compute1").forced_down);
    }
};

TEST_F(LeaveOfWrites, taken_back_while_keystone_is_asked_for_a_token_nothing_is_sent)
{
    cloud_.fault = [&](const Seen& seen) -> std::optional<Behaviour> {
        if (seen.method == "POST") {
            leave_.revoke();
        }
        return std::nullopt;
    };
    expect_not_sent(force_down(), "taken back");
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(LeaveOfWrites, taken_back_between_a_rejected_token_and_the_next_nothing_more_is_sent)
{
    warm_up();
    put_meets([&](const Seen&) {
        leave_.revoke();
        return answer(401, "");
    });
    expect_not_sent(force_down(), "taken back");
    EXPECT_EQ(cloud_.count("PUT"), 1U);
}

TEST_F(LeaveOfWrites, a_proof_that_has_grown_old_tells_nova_nothing)
{
    warm_up();
    leave_ = Leave{in(-1ms)};
    expect_not_sent(force_down(), "grown old");
    EXPECT_EQ(cloud_.count("PUT"), 0U);
    leave_ = Leave{in(5s)};
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
}

TEST_F(LeaveOfWrites, a_clearing_that_was_taken_back_clears_nothing)
{
    warm_up();
    ASSERT_EQ(force_down().outcome, NovaOutcome::done);
    leave_.revoke();
    const NovaAnswer result = clear();
    EXPECT_EQ(result.outcome, NovaOutcome::unknown);
    EXPECT_FALSE(result.may_land);
    EXPECT_TRUE(cloud_.services.at("compute1").forced_down);
}

TEST_F(LeaveOfWrites, what_we_did_not_want_to_send_is_no_trouble_of_novas)
{
    warm_up();
    leave_.revoke();
    (void)force_down();
    EXPECT_TRUE(client().health().warm);
    EXPECT_EQ(client().health().last_error, "");
}

} // namespace
} // namespace knell::nova
