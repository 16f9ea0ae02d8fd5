// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/problems.hpp"
#include "daemon/config/secret_source.hpp"
#include "desk.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>

namespace knell::config {
namespace {

using ::testing::HasSubstr;

class Secrets : public Desk {
protected:
    /// Reads `password: <source>`, and keeps what was said.
    std::optional<Secret> read(const std::string& source, const SecretLimits& limits = {})
    {
        Sources sources;
        Problems problems;
        const std::string text = "password: " + source + "\n";
        const std::size_t file = sources.add("knell.yaml", text);
        const auto root = parse(text, file, sources, problems);
        std::optional<Secret> secret;
        if (root && root->find("password") != nullptr) {
            secret =
                read_secret(*root->find("password"), limits, {sources, surroundings_, problems});
        }
        std::ostringstream out;
        print(out, problems.report(sources));
        said_ = out.str();
        return secret;
    }

    std::string said_;
};

TEST_F(Secrets, come_from_a_file_a_credential_or_the_environment)
{
    EXPECT_EQ(read("{file: secrets/bmc}").value().reveal(), "fence-me");
    EXPECT_EQ(read("{credential: bmc}").value().reveal(), "from-systemd");
    EXPECT_EQ(read("{env: BMC_PASSWORD}").value().reveal(), "from-outside");
    EXPECT_EQ(said_, "");
}

TEST_F(Secrets, lose_one_newline_at_the_end_and_nothing_else)
{
    write("secrets/crlf", " with spaces \r\n", 0600);
    write("secrets/two", "two\n\n", 0600);
    write("secrets/none", "none", 0600);
    EXPECT_EQ(read("{file: secrets/crlf}").value().reveal(), " with spaces ");
    EXPECT_EQ(read("{file: secrets/two}").value().reveal(), "two\n");
    EXPECT_EQ(read("{file: secrets/none}").value().reveal(), "none");
}

TEST_F(Secrets, of_a_file_that_others_may_touch_are_refused)
{
    for (const mode_t mode : {0644, 0604, 0602, 0601, 0660, 0620, 0610, 0650, 0777}) {
        write("secrets/loose", "fence-me", mode);
        EXPECT_FALSE(read("{file: secrets/loose}").has_value()) << std::oct << mode;
        EXPECT_THAT(said_, HasSubstr("chmod 0600 secrets/loose")) << std::oct << mode;
    }
    for (const mode_t mode : {0640, 0600, 0440, 0400, 0700}) {
        write("secrets/tight", "fence-me", mode);
        EXPECT_TRUE(read("{file: secrets/tight}").has_value()) << std::oct << mode << said_;
        std::filesystem::remove("secrets/tight");
    }
}

TEST_F(Secrets, may_be_read_by_our_group_and_by_no_other)
{
    write("secrets/shared", "fence-me", 0640);
    surroundings_.keepers.groups = {::getegid() + 1};
    EXPECT_FALSE(read("{file: secrets/shared}").has_value());
    EXPECT_THAT(said_, HasSubstr("secrets/shared may be read by the group "));
    EXPECT_THAT(said_, HasSubstr(", which is not ours (mode 0640)"));
    surroundings_.keepers.groups.push_back(::getegid());
    EXPECT_TRUE(read("{file: secrets/shared}").has_value()) << said_;
}

TEST_F(Secrets, of_root_for_the_daemons_group_are_as_tmpfiles_and_manual_want_them)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can give files away";
        return;
    }
    constexpr uid_t daemon = 61001;
    constexpr gid_t group = 61002;
    surroundings_.keepers = {daemon, {group}};
    const auto said_of = [&](uid_t owner, gid_t of, mode_t mode) {
        EXPECT_EQ(::chown("secrets/bmc", owner, of), 0);
        EXPECT_EQ(::chmod("secrets/bmc", mode), 0);
        const bool taken = read("{file: secrets/bmc}").has_value();
        EXPECT_EQ(taken, said_.empty());
        return said_;
    };
    EXPECT_EQ(said_of(0, group, 0640), "");
    EXPECT_EQ(said_of(daemon, group, 0640), "");
    EXPECT_EQ(said_of(daemon, 0, 0600), "");
    EXPECT_THAT(said_of(0, group, 0660), HasSubstr("may be written or run by the group 61002"));
    EXPECT_THAT(said_of(0, 0, 0640), HasSubstr("chown root:61002 secrets/bmc && chmod 0640"));
    EXPECT_THAT(said_of(0, group, 0644), HasSubstr("chown root:61002 secrets/bmc && chmod 0640"));
    EXPECT_THAT(said_of(daemon, 0, 0640), HasSubstr("chmod 0600 secrets/bmc"));
    EXPECT_THAT(said_of(daemon + 1, group, 0640), HasSubstr("belongs to user 61002"));
}

TEST_F(Secrets, that_root_wrote_for_the_daemons_group_are_read_by_such_a_daemon)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can become somebody else";
        return;
    }
    constexpr uid_t daemon = 61001;
    constexpr gid_t group = 61002;
    ASSERT_EQ(::chmod(".", 0755) + ::chown("secrets/bmc", 0, group) + ::chmod("secrets/bmc", 0640),
              0);
    const auto ends_as = [&](gid_t gid) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgroups(0, nullptr) + ::setresgid(gid, gid, gid) +
                    ::setresuid(daemon, daemon, daemon) !=
                0) {
                ::_exit(2);
            }
            surroundings_ = of_this_process();
            ::_exit(read("{file: secrets/bmc}").has_value() ? 0 : 1);
        }
        int status = -1;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WEXITSTATUS(status);
    };
    EXPECT_EQ(ends_as(group), 0);
    EXPECT_EQ(ends_as(group + 1), 1) << "the kernel refuses that";
}

TEST_F(Secrets, of_somebody_elses_file_are_refused)
{
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown("secrets/bmc", 12345, 0), 0);
        EXPECT_FALSE(read("{file: secrets/bmc}").has_value());
        EXPECT_THAT(said_, HasSubstr("belongs to user 12345"));
        EXPECT_THAT(said_, HasSubstr("chown root:"));
    } else {
        surroundings_.keepers.user = ::geteuid() + 1;
        EXPECT_FALSE(read("{file: secrets/bmc}").has_value());
        EXPECT_THAT(said_, HasSubstr("belongs to user"));
    }
}

TEST_F(Secrets, are_for_our_own_user_and_group)
{
    const auto keepers = of_this_process().keepers;
    const auto& groups = keepers.groups;
    EXPECT_NE(std::find(groups.begin(), groups.end(), ::getegid()), groups.end());
    if (const auto* daemon = ::getpwnam("knell"); daemon != nullptr && ::geteuid() == 0) {
        EXPECT_EQ(keepers.user, daemon->pw_uid);
        EXPECT_EQ(groups.front(), daemon->pw_gid);
    } else {
        EXPECT_EQ(keepers.user, ::geteuid());
    }
}

TEST_F(Secrets, are_looked_at_where_a_link_leads)
{
    std::filesystem::create_symlink("readable", "secrets/link");
    EXPECT_FALSE(read("{file: secrets/link}").has_value());
    std::filesystem::create_symlink("bmc", "secrets/good-link");
    EXPECT_TRUE(read("{file: secrets/good-link}").has_value()) << said_;
}

TEST_F(Secrets, keep_to_their_limits)
{
    write("secrets/twenty", "12345678901234567890\n", 0600);
    EXPECT_TRUE(read("{file: secrets/twenty}", {1, 20}).has_value()) << said_;
    EXPECT_FALSE(read("{file: secrets/long}", {1, 20}).has_value());
    EXPECT_THAT(said_, HasSubstr("at most 20 bytes, this one is longer"));
    EXPECT_FALSE(read("{file: secrets/empty}").has_value());
    EXPECT_THAT(said_, HasSubstr("is empty"));
    write("secrets/zero", std::string_view{"a\0b", 3}, 0600);
    EXPECT_FALSE(read("{file: secrets/zero}").has_value());
    EXPECT_THAT(said_, HasSubstr("zero byte"));
    EXPECT_FALSE(read("{file: /dev/zero}").has_value());
    EXPECT_FALSE(read("{file: secrets}").has_value());
    write("secrets/huge", std::string(1U << 20U, 'x'), 0600);
    EXPECT_FALSE(read("{file: secrets/huge}").has_value());
}

TEST_F(Secrets, do_not_escape_the_folder_of_credentials)
{
    EXPECT_FALSE(read("{credential: ../secrets/bmc}").has_value());
    EXPECT_FALSE(read("{credential: ..}").has_value());
    EXPECT_FALSE(read("{credential: missing}").has_value());
}

TEST_F(Secrets, of_systemd_are_read_by_hand_where_the_unit_takes_them_from)
{
    surroundings_.credentials_directory.reset();
    surroundings_.secrets_directory = "secrets";
    EXPECT_EQ(read("{credential: secret_bmc}").value().reveal(), "fence-me");
    EXPECT_FALSE(read("{credential: secret_readable}").has_value());
    EXPECT_THAT(said_, HasSubstr("chmod")) << "no folder of systemd's guards it";
    EXPECT_FALSE(read("{credential: secret_}").has_value());
    EXPECT_FALSE(read("{credential: secret_..}").has_value());
    EXPECT_FALSE(read("{credential: bmc}").has_value()) << "who knows where that comes from";
    EXPECT_THAT(said_, HasSubstr("LoadCredential=bmc"));
}

TEST_F(Secrets, never_stand_in_what_is_said)
{
    for (const char* source :
         {"canary", "\"canary\"", "{literal: canary}", "[canary]", "|\n  canary", ">\n  canary",
          "\n  canary", "{file: secrets/bmc, canary: x}", "{canary}"}) {
        const bool names_it_as_a_key =
            std::string_view{source}.find("canary: x") != std::string::npos ||
            std::string_view{source} == "{canary}";
        EXPECT_FALSE(read(source).has_value()) << source;
        EXPECT_NE(said_, "");
        if (!names_it_as_a_key) {
            EXPECT_EQ(said_.find("canary"), std::string::npos) << source << '\n' << said_;
        }
    }
}

TEST_F(Secrets, of_an_unfinished_file_are_blotted_out_as_well)
{
    for (const char* text :
         {"password: canary\nbroken: [\n", "a: {password: canary, b: [\n",
          "password: \"canary\nb: c\n", "site_key: 'canary\n", "- passwd : canary: canary\n",
          "\"password\": canary: x\n", "password:\n\tcanary\n"}) {
        const Loaded loaded = load_text(text);
        EXPECT_FALSE(loaded.config.has_value());
        EXPECT_EQ(words(loaded).find("canary"), std::string::npos) << words(loaded);
    }
}

} // namespace
} // namespace knell::config
