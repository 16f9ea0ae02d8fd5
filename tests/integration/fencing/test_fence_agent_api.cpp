// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/session_test.hpp"
#include "tests/unit/fencing/script.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>

namespace knell::fencing {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// knell-fence-ipmi as another cluster runs it.
class ByHandTest : public SessionTest {
protected:
    struct Outcome {
        int status = -1;
        std::string output; ///< both kinds
    };

    std::string input(const LabBmc& bmc, const std::string& more) const
    {
        return "ip=127.0.0.1\nipport=" + std::to_string(bmc.port()) +
               "\nusername=knell\npassword=knell-secret\nguid=" + bmc_guid +
               "\nsettle=0.5\npoll=0.1\npower_timeout=10\nsession_timeout=0.9\n"
               "retransmission_timeout=0.3\nnodename=compute1\n" +
               more + "\n";
    }
    Outcome run(const std::string& text, const std::string& arguments = "") const
    {
        const auto in = (folder.path() / "in").string();
        const auto out = (folder.path() / "out").string();
        std::ofstream{in} << text;
        const int status =
            std::system((helper + " " + arguments + " <" + in + " >" + out + " 2>&1").c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, file_text(out)};
    }

    Folder folder;
};

TEST_F(ByHandTest, off_is_commanded_first_and_believed_when_it_has_settled)
{
    const LabBmc bmc;
    const auto off = run(input(bmc, "action=off"));
    EXPECT_EQ(off.status, 0) << off.output;
    EXPECT_EQ(bmc.count(power_down), 1U);
    EXPECT_GE(bmc.count(chassis_status), 3U);
    const auto log = bmc.log();
    EXPECT_LT(log.find(power_down), log.find(chassis_status));
    EXPECT_EQ(run(input(bmc, "action=off")).status, 0) << "again, when it is off";
    EXPECT_EQ(bmc.count(power_down), 2U);
}

TEST_F(ByHandTest, status_is_0_when_on_2_when_off_and_1_when_unknown)
{
    const LabBmc bmc;
    EXPECT_EQ(run(input(bmc, "action=status")).status, 0);
    EXPECT_EQ(run(input(bmc, "action=off")).status, 0);
    EXPECT_EQ(run(input(bmc, "action=status")).status, 2);
    EXPECT_EQ(run(input(bmc, "action=on")).status, 0);
    EXPECT_EQ(run(input(bmc, "action=status")).status, 0);
    bmc.fault("statfail=1");
    EXPECT_EQ(run(input(bmc, "action=status")).status, 1);
    bmc.fault("drop=100");
    EXPECT_EQ(run(input(bmc, "action=status")).status, 1);
}

TEST_F(ByHandTest, a_host_that_stays_on_or_refuses_is_not_off)
{
    const LabBmc bmc;
    for (const char* fault : {"stuck=1", "refuse=1", "statfail=1", "refuse=1\nlie_status=1"}) {
        bmc.fault(fault);
        const auto off = run(input(bmc, "action=off\npower_timeout=2"));
        EXPECT_EQ(off.status, 1) << fault << ": " << off.output;
        EXPECT_THAT(off.output, HasSubstr("not done within power_timeout"));
    }
}

TEST_F(ByHandTest, a_host_that_comes_back_on_is_switched_off_again_and_never_called_off)
{
    const LabBmc bmc;
    bmc.fault("autoon=0.3");
    const auto off = run(input(bmc, "action=off\npower_timeout=3"));
    EXPECT_EQ(off.status, 1) << off.output;
    EXPECT_GE(bmc.count(power_down), 2U);
}

TEST_F(ByHandTest, d5_on_a_host_that_is_off_is_a_success_once_it_is_read)
{
    const LabBmc bmc;
    EXPECT_EQ(run(input(bmc, "action=off")).status, 0);
    bmc.fault("d5=1");
    const auto again = run(input(bmc, "action=off"));
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_THAT(again.output, HasSubstr("D5"));
}

TEST_F(ByHandTest, a_frozen_bmc_ends_in_time_by_a_clock_that_nobody_sets)
{
    const LabBmc bmc;
    bmc.freeze();
    const auto off = run(input(bmc, "action=off\npower_timeout=1\nsession_timeout=30"));
    EXPECT_EQ(off.status, 1);
    EXPECT_THAT(off.output, HasSubstr("power_timeout"));
}

TEST_F(ByHandTest, the_wrong_machine_is_not_touched_by_hand_either)
{
    const LabBmc bmc;
    for (const char* action : {"off", "on", "status", "monitor"}) {
        const auto reply = run(input(bmc, std::string{"action="} + action +
                                              "\nguid=00112233-4455-6677-8899-aabbccddeefe"));
        EXPECT_EQ(reply.status, 1) << action;
        EXPECT_THAT(reply.output, HasSubstr("expected 00112233-4455-6677-8899-aabbccddeefe"));
    }
    EXPECT_EQ(bmc.count("netfn 00"), 0U);
}

TEST_F(ByHandTest, monitor_says_who_the_bmc_is)
{
    const LabBmc bmc;
    const auto reply = run(input(bmc, "action=monitor\nguid=\nidentity=unchecked"));
    EXPECT_EQ(reply.status, 0) << reply.output;
    EXPECT_THAT(reply.output, HasSubstr(bmc_guid));
}

TEST_F(ByHandTest, monitor_says_what_a_fence_would_meet_and_touches_nothing)
{
    const LabBmc bmc;
    bmc.fault("restore=always-on\nsuite0=1");
    const auto reply = run(input(bmc, "action=monitor"));
    EXPECT_EQ(reply.status, 0) << reply.output;
    EXPECT_THAT(reply.output, HasSubstr("may power off, power after an outage: always-on"));
    EXPECT_THAT(reply.output, HasSubstr("Warning: the BMC opens sessions with cipher suite 0"));
    EXPECT_EQ(bmc.count(chassis_control), 0U);
}

TEST_F(ByHandTest, monitor_fails_where_off_would)
{
    const LabBmc bmc;
    const std::string viewer = "action=monitor\nusername=viewer\npassword=viewer-secret\n";
    const auto brief = run(input(bmc, viewer + "privlvl=user"));
    EXPECT_EQ(brief.status, 1) << brief.output;
    EXPECT_THAT(brief.output, HasSubstr("OPERATOR"));
    EXPECT_EQ(run(input(bmc, viewer)).status, 1) << "refused the privilege";
    bmc.fault("statfail=1");
    EXPECT_EQ(run(input(bmc, "action=monitor")).status, 1) << "no off could be proven";
    bmc.fault("nosession=1");
    EXPECT_EQ(run(input(bmc, "action=monitor")).status, 1);
}

TEST_F(ByHandTest, on_succeeds_on_a_host_that_is_on)
{
    const LabBmc bmc;
    bmc.fault("d5=1");
    EXPECT_EQ(run(input(bmc, "action=on")).status, 0);
}

TEST_F(ByHandTest, a_wrong_password_fails_at_once_and_is_not_repeated)
{
    const LabBmc bmc;
    const auto reply = run(input(bmc, "action=off\npassword=guess-5"));
    EXPECT_EQ(reply.status, 1);
    EXPECT_THAT(reply.output, HasSubstr("password invalid"));
    EXPECT_THAT(reply.output, Not(HasSubstr("guess-5")));
}

TEST_F(ByHandTest, reboot_no_action_and_nonsense_fail_without_a_datagram)
{
    const LabBmc bmc;
    for (const char* action : {"action=reboot", "action=cycle", "action=", "action=destroy"}) {
        EXPECT_EQ(run(input(bmc, action)).status, 1) << action;
    }
    EXPECT_EQ(run("").status, 1);
    EXPECT_EQ(run("", "--serve").status, 64);
    EXPECT_EQ(run("", "--password=x --action=off").status, 1);
    EXPECT_THAT(bmc.log(), IsEmpty());
}

TEST_F(ByHandTest, validate_all_looks_only_at_the_options)
{
    const LabBmc bmc;
    EXPECT_EQ(run(input(bmc, "action=validate-all")).status, 0);
    EXPECT_EQ(run(input(bmc, "action=validate-all\ncipher=0")).status, 1);
    EXPECT_THAT(bmc.log(), IsEmpty());
}

TEST_F(ByHandTest, metadata_is_xml)
{
    const auto reply = run("action=metadata\n");
    EXPECT_EQ(reply.status, 0);
    EXPECT_THAT(reply.output, HasSubstr("<resource-agent name=\"knell-fence-ipmi\""));
    EXPECT_EQ(run("", "-o metadata").output, reply.output);
}

TEST_F(ByHandTest, a_password_file_does_if_not_everybody_can_read_it)
{
    const LabBmc bmc;
    const auto file = folder.path() / "password";
    std::ofstream{file} << "knell-secret\n";
    const auto words = input(bmc, "action=status\npassword=\npassword_file=" + file.string());
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    EXPECT_EQ(run(words).status, 0);
    std::filesystem::permissions(file, std::filesystem::perms::others_read |
                                           std::filesystem::perms::owner_read);
    const auto refused = run(words);
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("chmod"));
}

} // namespace
} // namespace knell::fencing
