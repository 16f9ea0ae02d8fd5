// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/find_cloud.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <unistd.h>

namespace knell::nova {
namespace {

namespace fs = std::filesystem;

const std::string good = R"(clouds:
  lab:
    auth:
      auth_url: https://keystone.example:5000/v3
      username: admin
      password: sesame
      project_name: ops
      user_domain_name: Default
      project_domain_id: default
    region_name: RegionOne
)";

class CloudsYaml : public ::testing::Test {
protected:
    CloudsYaml()
    {
        std::string pattern = (fs::temp_directory_path() / "knell-clouds-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            std::abort();
        }
        directory_ = pattern;
        query_.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment_.find(name);
            return found == environment_.end() ? std::nullopt : std::optional{found->second};
        };
        query_.directories = {directory_};
        query_.keepers = {::geteuid(), {::getegid()}};
    }
    ~CloudsYaml() override { fs::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& text,
                      fs::perms perms = fs::perms::owner_read | fs::perms::owner_write)
    {
        const fs::path path = directory_ / name;
        fs::create_directories(path.parent_path());
        std::ofstream{path} << text;
        fs::permissions(path, perms);
        return path.string();
    }

    CloudSettings settings()
    {
        auto read = read_cloud(query_);
        if (const auto* errors = std::get_if<CloudErrors>(&read)) {
            for (const auto& error : *errors) {
                ADD_FAILURE() << error;
            }
            return {};
        }
        return std::get<CloudSettings>(std::move(read));
    }

    /// All error sentences in one, without the directory; empty if there are none.
    std::string errors()
    {
        const auto read = read_cloud(query_);
        std::string text;
        if (const auto* list = std::get_if<CloudErrors>(&read)) {
            for (const auto& error : *list) {
                EXPECT_EQ(error.find("sesame"), std::string::npos) << error;
                text += error + "\n";
            }
        }
        const std::string prefix = directory_.string() + "/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.erase(at, prefix.size());
        }
        return text;
    }

    bool complains(const std::string& text, const std::string& of)
    {
        write("clouds.yaml", text);
        const std::string all = errors();
        EXPECT_NE(all.find(of), std::string::npos) << "wanted: " << of << "\ngot: " << all;
        return !all.empty();
    }

    static std::string with(const std::string& from, const std::string& to)
    {
        std::string text = good;
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    }

    fs::path directory_;
    std::map<std::string, std::string> environment_;
    CloudQuery query_;
};

TEST_F(CloudsYaml, the_only_cloud_of_a_file_is_taken)
{
    write("clouds.yaml", good);
    const CloudSettings s = settings();
    EXPECT_EQ(s.cloud, "lab");
    EXPECT_EQ(s.auth_url, "https://keystone.example:5000/v3");
    EXPECT_EQ(s.method, CloudSettings::Method::password);
    EXPECT_EQ(s.username, "admin");
    EXPECT_EQ(s.password.reveal(), "sesame");
    EXPECT_EQ(s.project_name, "ops");
    EXPECT_EQ(s.user_domain_name, "Default");
    EXPECT_EQ(s.project_domain_id, "default");
    EXPECT_EQ(s.region, "RegionOne");
    EXPECT_EQ(s.interface, "public");
    EXPECT_TRUE(s.tls.verify);
    EXPECT_TRUE(s.warnings.empty());
}

TEST_F(CloudsYaml, the_first_file_found_wins_and_nothing_is_merged)
{
    query_.directories = {directory_ / "a", directory_ / "b"};
    write("b/clouds.yaml", good);
    EXPECT_EQ(settings().cloud, "lab");
    write("a/clouds.yml", with("lab:", "first:"));
    EXPECT_EQ(settings().cloud, "first");
    environment_["OS_CLIENT_CONFIG_FILE"] = write("c.yaml", with("lab:", "named:"));
    EXPECT_EQ(settings().cloud, "named");
    query_.clouds_file = write("d.yaml", with("lab:", "explicit:"));
    EXPECT_EQ(settings().cloud, "explicit");
}

TEST_F(CloudsYaml, home_is_searched_and_the_current_directory_is_not)
{
    environment_["HOME"] = directory_.string();
    query_.directories = CloudQuery{}.directories;
    write(".config/openstack/clouds.yaml", good);
    EXPECT_EQ(settings().cloud, "lab");
    for (const auto& directory : CloudQuery{}.directories) {
        EXPECT_TRUE(directory.is_absolute() || directory.string().starts_with("~/")) << directory;
    }
}

TEST_F(CloudsYaml, json_is_yaml_too)
{
    write("clouds.json",
          R"({"clouds": {"lab": {"auth": {"auth_url": "http://k/v3", "username": "u", "password":
              "p", "user_domain_id": "default", "project_id": "1"}}}})");
    EXPECT_EQ(settings().project_id, "1");
}

TEST_F(CloudsYaml, one_of_several_must_be_named)
{
    write("clouds.yaml", good + "  other:\n    auth: {auth_url: 'http://o'}\n");
    EXPECT_NE(errors().find("several clouds (lab, other); choose one"), std::string::npos);
    environment_["OS_CLOUD"] = "lab";
    EXPECT_EQ(settings().cloud, "lab");
    query_.cloud = "other";
    EXPECT_NE(errors().find("cloud \"other\": there is no"), std::string::npos);
    query_.cloud = "missing";
    EXPECT_NE(errors().find("there is no cloud \"missing\"; there is: lab, other"),
              std::string::npos);
}

TEST_F(CloudsYaml, secure_yaml_goes_over_it)
{
    write("clouds.yaml", with("      password: sesame\n", ""), fs::perms{0644});
    EXPECT_NE(errors().find("there is no password; write it under auth: in secure.yaml"),
              std::string::npos);
    write("secure.yaml", "clouds: {lab: {auth: {password: other, username: root}}}");
    EXPECT_EQ(settings().password.reveal(), "other");
    EXPECT_EQ(settings().username, "root");
    environment_["CREDENTIALS_DIRECTORY"] = (directory_ / "credentials").string();
    write("credentials/secure.yaml", "clouds: {lab: {auth: {password: third}}}");
    EXPECT_EQ(settings().password.reveal(), "third");
    environment_["OS_CLIENT_SECURE_FILE"] =
        write("elsewhere.yaml", "clouds: {lab: {auth: {password: fourth}}}");
    EXPECT_EQ(settings().password.reveal(), "fourth");
}

TEST_F(CloudsYaml, secure_yaml_is_looked_for_beside_a_named_file)
{
    query_.directories.clear();
    query_.clouds_file = write("x/my-clouds.yaml", with("      password: sesame\n", ""));
    write("x/secure.yaml", "clouds: {lab: {auth: {password: beside}}}");
    EXPECT_EQ(settings().password.reveal(), "beside");
}

TEST_F(CloudsYaml, a_secret_that_others_may_read_is_an_error)
{
    const std::string path = write("clouds.yaml", good, fs::perms{0644});
    EXPECT_EQ(errors(), "clouds.yaml:6:17: holds this password, but clouds.yaml may be read or "
                        "written by others (mode 0644); do: chmod 0600 clouds.yaml\n");
    for (const unsigned mode : {0640U, 0600U, 0440U, 0400U}) {
        fs::permissions(path, fs::perms{mode});
        EXPECT_EQ(errors(), "") << std::oct << mode;
    }
    query_.keepers.groups = {::getegid() + 1};
    fs::permissions(path, fs::perms{0640});
    EXPECT_NE(errors().find(", which is not ours (mode 0640); do: chmod 0600 clouds.yaml"),
              std::string::npos);
    write("secure.yaml", "clouds: {lab: {auth: {password: x}}}", fs::perms{0604});
    EXPECT_NE(errors().find("do: chmod 0600 secure.yaml"), std::string::npos);
}

TEST_F(CloudsYaml, who_could_write_it_could_have_the_password_sent_to_him)
{
    write("secure.yaml", "clouds: {lab: {auth: {password: other}}}");
    const std::string path =
        write("clouds.yaml", with("      password: sesame\n", ""), fs::perms{0644});
    EXPECT_EQ(errors(), "");
    for (const unsigned mode : {0664U, 0646U, 0660U, 0666U}) {
        fs::permissions(path, fs::perms{mode});
        EXPECT_NE(errors().find("; do: chmod go-w clouds.yaml"), std::string::npos) << errors();
    }
    fs::permissions(path, fs::perms{0644});
    query_.keepers.user = ::geteuid() + 1;
    if (::geteuid() == 0) {
        EXPECT_EQ(errors(), "") << "root may own it";
        ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
    }
    EXPECT_NE(errors().find("who could have our password sent to him; do: chown root:"),
              std::string::npos)
        << errors();
}

TEST_F(CloudsYaml, a_credential_is_systemds_to_keep)
{
    write("clouds.yaml", with("      password: sesame\n", ""));
    environment_["CREDENTIALS_DIRECTORY"] = (directory_ / "credentials").string();
    write("credentials/secure.yaml", "clouds: {lab: {auth: {password: third}}}", fs::perms{0440});
    query_.keepers.groups.clear();
    EXPECT_EQ(settings().password.reveal(), "third") << "its mode shows the mask of an ACL";
}

TEST_F(CloudsYaml, the_environment_alone_makes_a_cloud)
{
    environment_ = {{"OS_AUTH_URL", "http://k:5000"},
                    {"OS_USERNAME", "u"},
                    {"OS_PASSWORD", "p"},
                    {"OS_TENANT_NAME", "t"},
                    {"OS_DOMAIN_NAME", "d"},
                    {"OS_ENDPOINT_TYPE", "internalURL"},
                    {"OS_REGION_NAME", "R"},
                    {"OS_INSECURE", "true"},
                    {"OS_CACERT", ""}};
    const CloudSettings s = settings();
    EXPECT_EQ(s.cloud, "envvars");
    EXPECT_EQ(s.project_name, "t");
    EXPECT_EQ(s.user_domain_name, "d");
    EXPECT_EQ(s.project_domain_name, "d");
    EXPECT_EQ(s.interface, "internal");
    EXPECT_FALSE(s.tls.verify);
    ASSERT_EQ(s.warnings.size(), 1U);
    EXPECT_NE(s.warnings[0].find("OS_INSECURE"), std::string::npos);
}

TEST_F(CloudsYaml, the_environment_does_not_leak_into_a_chosen_cloud)
{
    write("clouds.yaml", good);
    environment_ = {{"OS_AUTH_URL", "http://k:5000"}, {"OS_USERNAME", "u"}, {"OS_CLOUD", "lab"}};
    EXPECT_EQ(settings().username, "admin");
    environment_.erase("OS_CLOUD");
    EXPECT_NE(errors().find("the OS_* variables: there is no password"), std::string::npos);
    environment_["OS_CLOUD_NAME"] = "lab";
    EXPECT_NE(errors().find("also made by the OS_* variables"), std::string::npos);
}

TEST_F(CloudsYaml, no_cloud_at_all_is_said)
{
    EXPECT_NE(errors().find("no cloud is configured; write /etc/knell/clouds.yaml"),
              std::string::npos);
    query_.clouds_file = directory_ / "absent.yaml";
    EXPECT_NE(errors().find("absent.yaml: there is no such file"), std::string::npos);
}

TEST_F(CloudsYaml, an_application_credential)
{
    const std::string text = R"(clouds:
  lab:
    auth_type: v3applicationcredential
    auth: {auth_url: "http://k/v3", application_credential_id: abc,
           application_credential_secret: sesame}
)";
    write("clouds.yaml", text);
    const CloudSettings s = settings();
    EXPECT_EQ(s.method, CloudSettings::Method::application_credential);
    EXPECT_EQ(s.application_credential_id, "abc");
    EXPECT_EQ(s.application_credential_secret.reveal(), "sesame");
    std::string forgetful = text;
    const std::string line = "    auth_type: v3applicationcredential\n";
    forgetful.erase(forgetful.find(line), line.size());
    complains(forgetful, "application credential wants auth_type: v3applicationcredential");
}

TEST_F(CloudsYaml, aliases_of_old_are_understood)
{
    write("clouds.yaml", R"(clouds:
  lab:
    auth: {auth_url: "http://k/v3", username: u, password: p, tenant_id: t1, domain_id: d1}
    regions: [{name: R1}, R2]
    endpoint_type: adminURL
    compute_endpoint_override: http://nova.example/v2.1
)");
    const CloudSettings s = settings();
    EXPECT_EQ(s.project_id, "t1");
    EXPECT_EQ(s.user_domain_id, "d1");
    EXPECT_EQ(s.region, "R1");
    EXPECT_EQ(s.interface, "admin");
    EXPECT_EQ(s.compute_endpoint_override, "http://nova.example/v2.1");
}

TEST_F(CloudsYaml, merge_keys_give_what_is_not_there)
{
    write("clouds.yaml", R"(x: &base {user_domain_id: default, project_id: p1, username: base}
clouds:
  lab:
    auth: {<<: *base, auth_url: "http://k/v3", username: own, password: p}
)");
    EXPECT_EQ(settings().username, "own");
    EXPECT_EQ(settings().project_id, "p1");
}

TEST_F(CloudsYaml, a_system_scope_needs_no_project)
{
    write("clouds.yaml", with("project_name: ops", "system_scope: all"));
    EXPECT_EQ(settings().system_scope, "all");
    complains(with("project_name: ops", "system_scope: some"), "clouds.yaml:7:21: system_scope");
}

TEST_F(CloudsYaml, tls_files_are_found_below_home_and_must_be_readable)
{
    environment_["HOME"] = directory_.string();
    const std::string ca = write("ca.pem", "x");
    write("clouds.yaml", good + "    cacert: ~/ca.pem\n");
    EXPECT_EQ(settings().tls.ca_file, ca);
    complains(good + "    cacert: /absent.pem\n",
              "clouds.yaml:11:13: cacert: /absent.pem cannot be read");
}

TEST_F(CloudsYaml, verification_is_only_given_up_in_clear_words)
{
    for (const char* line : {"verify: false", "verify: no", "insecure: true", "insecure: 'True'",
                             "verify: false\n    insecure: false"}) {
        write("clouds.yaml", good + "    " + line + "\n");
        EXPECT_FALSE(settings().tls.verify) << line;
        ASSERT_EQ(settings().warnings.size(), 1U) << line;
        EXPECT_NE(settings().warnings[0].find("clouds.yaml:11:"), std::string::npos)
            << settings().warnings[0];
    }
    write("clouds.yaml", good + "    verify: true\n    insecure: false\n");
    EXPECT_TRUE(settings().tls.verify);
    complains(good + "    verify: perhaps\n", "clouds.yaml:11:13: verify must be true or false");
}

TEST_F(CloudsYaml, errors_say_where_and_what_to_do)
{
    complains("clouds: [\n", "clouds.yaml:");
    complains("cloud:\n  lab: {}\n", "clouds.yaml:1:1: there is no map \"clouds:\" at the top");
    complains("", "there is no map \"clouds:\"");
    complains("clouds: {lab: 3}", "clouds.yaml:1:15: cloud \"lab\" is not a map");
    complains("clouds: {lab: {}}", "cloud \"lab\": there is no auth_url; write Keystone's URL");
    complains("clouds: {lab: {profile: vexxhost}}", "vendor profiles are not supported");
    complains(with("https:", "ftp:"), "clouds.yaml:4:17: auth_url must be an http");
    complains(with("https://", "https://u:sesame@"), "auth_url has a user or a password in it");
    complains(with("/v3", "/v3?x=y"), "auth_url must end with its path");
    complains(with("username: admin", "username: [a]"), "\"username\" must be a single value");
    complains(with("      username: admin\n", ""), "there is no username");
    complains(with("      user_domain_name: Default\n", ""), "there is no user_domain_name");
    complains(with("      project_domain_id: default\n", ""), "there is no project_domain_name");
    complains(with("      project_name: ops\n", ""), "there is no project_name");
    complains(with("username: admin", "username: a\n      username: b"),
              "clouds.yaml:6:7: \"username\" is there twice; remove one of them");
    complains(good + "    auth_type: v2password\n",
              "clouds.yaml:11:16: auth_type \"v2password\" is not supported");
    complains(good + "    interface: outside\n", "clouds.yaml:11:16: interface must be public");
}

TEST_F(CloudsYaml, every_program_of_knell_finds_it_in_the_same_words)
{
    std::ostringstream err;
    write("clouds.yaml", good + "    verify: false\n");
    const auto found = find_cloud(query_, err);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cloud, "lab");
    EXPECT_EQ(err.str().find("warning: " + directory_.string() + "/clouds.yaml:11:13: "), 0U);
    err.str("");
    query_.cloud = "nowhere";
    EXPECT_FALSE(find_cloud(query_, err));
    EXPECT_EQ(err.str(),
              directory_.string() + "/clouds.yaml: there is no cloud \"nowhere\"; there is: lab\n");
    EXPECT_EQ(cloud_query("a", "b").cloud, "a");
    EXPECT_EQ(cloud_query("a", "b").clouds_file, "b");
    EXPECT_EQ(cloud_query("", "").cloud, std::nullopt);
    EXPECT_EQ(cloud_query("", "").clouds_file, std::nullopt);
}

TEST_F(CloudsYaml, all_errors_come_at_once)
{
    write("clouds.yaml", "clouds: {lab: {auth: {auth_url: x}, interface: y, verify: z}}");
    const auto read = read_cloud(query_);
    EXPECT_GE(std::get<CloudErrors>(read).size(), 6U);
}

TEST_F(CloudsYaml, a_cloud_that_is_merged_with_itself_is_refused)
{
    write("clouds.yaml", "clouds: {lab: &lab {<<: *lab, auth: &auth {<<: [*auth, *auth]}}}\n");
    EXPECT_NE(errors().find("merged (<<) from 100 maps or more, or from itself"),
              std::string::npos);
}

TEST_F(CloudsYaml, a_region_without_a_name_is_refused)
{
    write("clouds.yaml", good + "    regions: [{}]\n");
    EXPECT_NE(errors().find("\"regions\" must be a single value"), std::string::npos);
}

} // namespace
} // namespace knell::nova
