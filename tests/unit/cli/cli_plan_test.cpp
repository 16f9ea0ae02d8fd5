// SPDX-License-Identifier: GPL-3.0-or-later
// The plan, from core in a small world over a real control server to the terminal.
#include "knellctl_and_world.hpp"

#include <gmock/gmock.h>
#include <regex>

namespace knell::control {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Eight hosts; four of them are in rack1, and compute5 is precious. A loss of two in a rack, or
/// of five at all, waits for an operator.
Policy with_a_rack()
{
    auto policy = test::small_policy(8);
    policy.gate.storm_hosts = 5;
    policy.gate.budget = 8;
    policy.gate.domains = {{DomainId{"rack1"}, DomainPolicy::Action::hold, 2, 1}};
    for (std::size_t n = 0; n < 4; ++n) {
        policy.hosts[n].domains = {DomainId{"rack1"}};
    }
    policy.hosts[4].precious = "it runs etcd";
    for (auto& host : policy.hosts) {
        host.fence.inspect = 10min;
    }
    return policy;
}

class Plan : public KnellctlAndWorld {
protected:
    Plan() : KnellctlAndWorld{with_a_rack()} {}

    void lose_the_rack()
    {
        run(1min); // its devices have been looked at
        cut({"compute1", "compute2"});
        run(2min + 11s);
        wait_for_their_reason();
    }
    /// Between two looks at the vantage a held host may give its doubt as the reason.
    void wait_for_their_reason()
    {
        bool both = false;
        on_loop([&] {
            both = operations.world.run_until(
                [&] {
                    const auto why = [&](const char* name) {
                        return operations.world.fleet().view(HostId{name})->why;
                    };
                    return why("compute1").find("rack1") != std::string::npos &&
                           why("compute2").find("rack1") != std::string::npos;
                },
                1s);
        });
        ASSERT_TRUE(both);
    }
    /// How often and how long depends on the pace of probes; texts stay as long as they are.
    static std::string without_measures(std::string text)
    {
        text = std::regex_replace(text, std::regex{R"(\(\d+ in a row\))"}, "(N in a row)");
        text = std::regex_replace(text, std::regex{R"(\dm \d\ds)"}, "#m ##s");
        return std::regex_replace(text, std::regex{R"(\d+ ms)"}, "# ms");
    }
};

TEST_F(Plan, show_tells_whom_knell_would_fence_and_why_what_they_share_and_the_commands)
{
    lose_the_rack();
    cut({"compute5"});
    run(10s);
    wait_for_their_reason();
    EXPECT_EQ(knellctl({"plan", "show"}), 0) << err;
    EXPECT_EQ(without_measures(out),
              R"(LOST AS A WHOLE: 2 of the 4 hosts of rack1 are silent at the same time
knell would fence these 2 hosts, and holds back:
  HOST      SILENT FOR  FENCE DEVICES  DOMAINS  WHY IT WAITS
  compute1  #m ##s      ready          rack1    2 of the 4 hosts of rack1 are silent at the same time
  compute2  #m ##s      ready          rack1    2 of the 4 hosts of rack1 are silent at the same time

What they share:
  domains   rack1 (2 of its 4 hosts are in doubt)
  networks  silent on mgmt
  moment    fell silent within # ms of each other, #m ##s ago

compute1
  evidence  icmp@mgmt silent for #m ##s (N in a row)
            heartbeat@mgmt silent for #m ##s (N in a row)
  it waits  2 of the 4 hosts of rack1 are silent at the same time
  fencing   bmc1 ready, looked at #m ##s ago
  Nova      has not told, or does not list it

compute2
  evidence  icmp@mgmt silent for #m ##s (N in a row)
            heartbeat@mgmt silent for #m ##s (N in a row)
  it waits  2 of the 4 hosts of rack1 are silent at the same time
  fencing   bmc2 ready, looked at #m ##s ago
  Nova      has not told, or does not list it

A switch or a power feed that they share, once mended, may bring all of them back alive: look there first.
A host held by a storm, a lost domain or a maintenance that ended waits until you approve, or it is heard again.
One held by a budget, by Nova or by its disabled nova-compute is fenced by itself when that ends.
  to fence exactly these:            knellctl plan approve compute1 compute2 --reason ...
  to fence one of them:              knellctl plan approve compute1 --reason ...
  to see what each gate says:        knellctl host fence compute1 --dry-run
  if it is planned work:             knellctl maintenance start compute1 --for 2h --reason ...
  to have nothing fenced meanwhile:  knellctl hold on --reason ...

Also held, and no approval would let them be fenced:
  compute5: it is never fenced automatically: it runs etcd; `knellctl host fence`
)");
}

TEST_F(Plan, an_empty_plan_says_so_and_all_of_it_cannot_be_approved)
{
    EXPECT_EQ(knellctl({"plan", "show"}), 0);
    EXPECT_EQ(out, "No host waits for an approval.\n");
    EXPECT_EQ(knellctl({"plan", "approve", "--all", "--reason", "x", "--yes"}), 3);
    EXPECT_EQ(err, "refused: no host waits for an approval\n");
}

TEST_F(Plan, all_is_the_list_as_it_was_shown_and_its_length_must_be_typed)
{
    lose_the_rack();
    const std::vector<std::string> words{"plan", "approve", "--all", "--reason", "the rack burns"};
    EXPECT_EQ(knellctl(words, "y\n"), 3);
    EXPECT_THAT(
        without_measures(err),
        StartsWith(
            R"(knell will cut the power of these 2 hosts if they are still silent: every server on them stops at once.
  HOST      SILENT FOR  FENCE DEVICES  DOMAINS  WHY IT WAITS
  compute1  #m ##s      ready          rack1    2 of the 4 hosts of rack1 are silent at the same time
  compute2  #m ##s      ready          rack1    2 of the 4 hosts of rack1 are silent at the same time

Type the number of these hosts to go on: )"));
    EXPECT_THAT(err, EndsWith("nothing was done.\n"));
    run(1min);
    EXPECT_EQ(state("compute1"), "Held");
    EXPECT_EQ(knellctl(words, "2\n"), 0) << err;
    EXPECT_EQ(out, "accepted: approved: compute1, compute2\n");
    cut({"compute3"}); // came later: it was in no list
    run(1min);
    EXPECT_EQ(state("compute1"), "Down");
    EXPECT_EQ(state("compute2"), "Down");
    EXPECT_EQ(state("compute3"), "Held");
}

TEST_F(Plan, one_host_is_approved_by_its_name_typed_again_and_the_other_waits)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"plan", "approve", "compute2", "--reason", "burnt"}, "compute2\n"), 0)
        << err;
    EXPECT_THAT(err, HasSubstr("the power of this host"));
    EXPECT_THAT(err, Not(HasSubstr("compute1")));
    run(1min);
    EXPECT_EQ(state("compute2"), "Down");
    EXPECT_EQ(state("compute1"), "Held");
}

TEST_F(Plan, a_host_that_is_not_in_the_plan_refuses_the_whole_approval)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"plan", "approve", "compute1", "compute7", "--reason", "x", "--yes"}), 3);
    EXPECT_THAT(err, HasSubstr("compute7 is not in the plan"));
    run(1min);
    EXPECT_EQ(state("compute1"), "Held");
}

TEST_F(Plan, nobody_there_to_ask_means_no_unless_yes_was_given)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"plan", "approve", "--all", "--reason", "x"}), 3);
    EXPECT_THAT(err, HasSubstr("give --yes if you mean it"));
    EXPECT_EQ(knellctl({"plan", "approve", "--all", "--reason", "x", "--yes"}), 0) << err;
}

TEST_F(Plan, a_hold_is_told_first_and_lets_nothing_through)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"hold", "on", "--reason", "work on the switches"}), 0) << err;
    EXPECT_THAT(out, HasSubstr("accepted: on hold"));
    run(10s);
    EXPECT_EQ(knellctl({"plan", "show"}), 0);
    EXPECT_THAT(out, StartsWith("ON HOLD, so that nothing is fenced, approved or not: by uid="));
    EXPECT_EQ(knellctl({"status"}), 0);
    EXPECT_THAT(out, StartsWith("HOLD       nothing is powered off or on"));
    EXPECT_EQ(knellctl({"hold", "off", "--reason", "done"}), 0);
    run(10s);
    EXPECT_EQ(knellctl({"status"}), 0);
    EXPECT_THAT(out, Not(HasSubstr("HOLD ")));
    EXPECT_THAT(out, HasSubstr("PLAN       2 hosts wait for your approval"));
}

TEST_F(Plan, the_plan_is_a_list_for_programs)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"plan", "show", "-f", "value", "-c", "Host", "-c", "Domains"}), 0);
    EXPECT_EQ(out, "compute1 rack1\ncompute2 rack1\n");
}

TEST_F(Plan, a_rehearsal_tells_each_gate_and_does_nothing)
{
    lose_the_rack();
    EXPECT_EQ(knellctl({"host", "fence", "compute1", "--dry-run"}), 0) << err;
    EXPECT_THAT(out, HasSubstr("  domain         CLOSED  2 of the 4 hosts of rack1 are silent"));
    EXPECT_THAT(out, HasSubstr("It would not be fenced; closed: domain.\n"));
    EXPECT_EQ(knellctl({"host", "fence", "compute7", "--dry-run"}), 0) << err;
    EXPECT_THAT(out, HasSubstr("closed: verdict.\n"));
    run(1min);
    EXPECT_EQ(state("compute1"), "Held");
    EXPECT_EQ(state("compute7"), "Healthy");
}

TEST_F(Plan, planned_work_begins_is_listed_and_ends)
{
    EXPECT_EQ(knellctl({"maintenance", "start", "compute7", "--for", "2h", "--reason", "new fans"}),
              0)
        << err;
    EXPECT_EQ(state("compute7"), "Maintenance");
    EXPECT_EQ(knellctl({"maintenance", "list", "-f", "value", "-c", "Host", "-c", "Reason"}), 0);
    EXPECT_EQ(out, "compute7 new fans\n");
    EXPECT_EQ(knellctl({"maintenance", "end", "compute7", "--reason", "done"}), 0) << err;
    run(1s);
    EXPECT_EQ(state("compute7"), "Healthy");
    EXPECT_EQ(knellctl({"maintenance", "end", "compute7", "--reason", "done"}), 3);
    EXPECT_EQ(knellctl({"host", "inspect", "compute7"}), 0) << err;
    EXPECT_EQ(knellctl({"reload"}), 0) << err;
}

} // namespace
} // namespace knell::control
