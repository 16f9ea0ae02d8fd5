// SPDX-License-Identifier: GPL-3.0-or-later
// Keystone and Nova behind TLS, as clouds.yaml says.
#include "nova/find_cloud.hpp"
#include "tests/unit/http/test_certificates.hpp"
#include "tests/unit/nova/nova_client_fixture.hpp"

#include <fstream>
#include <sstream>

namespace knell::nova {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CloudBehindTls : public NovaClientTest {
protected:
    void show(const std::string& certificate) { certificates_.show(tls_, certificate); }

    /// Asks for a host's flag by a clouds.yaml with these lines in it; `warned_` is what its reader
    /// said.
    NovaAnswer ask(const std::string& lines)
    {
        const auto file = certificates_.file("clouds.yaml");
        std::ofstream{file} << "clouds:\n  lab:\n    auth:\n      auth_url: "
                            << secure_.url("/identity/v3")
                            << "\n      username: admin\n      password: sesame\n      "
                               "user_domain_id: default\n      project_id: p\n"
                            << lines;
        std::filesystem::permissions(file, std::filesystem::perms{0600});
        CloudQuery query;
        query.clouds_file = file;
        query.directories.clear();
        query.environment = [](const std::string&) { return std::nullopt; };
        std::ostringstream said;
        auto cloud = find_cloud(query, said);
        warned_ = said.str();
        EXPECT_TRUE(cloud) << warned_;
        client_ = std::make_unique<NovaClient>(loop_, *transport_, cloud.value_or(CloudSettings{}),
                                               options_);
        return read();
    }
    std::string trusting(const std::string& authority) const
    {
        return "    cacert: " + certificates_.file(authority + ".pem") + "\n";
    }

    http::TestCertificates certificates_;
    boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
    FakeCloud secure_{loop_, tls_};
    std::string warned_;
};

TEST_F(CloudBehindTls, is_believed_by_its_authority)
{
    certificates_.issue("server", {});
    show("server");
    EXPECT_EQ(ask(trusting("ca")).outcome, NovaOutcome::done);
    EXPECT_THAT(warned_, IsEmpty());
}

TEST_F(CloudBehindTls, gets_no_password_if_its_certificate_is_not_what_it_should_be)
{
    certificates_.issue("expired", {.until = -std::chrono::seconds{5}});
    certificates_.issue("named", {.who = "DNS:keystone.example"});
    certificates_.sign_itself("alone", {});
    const std::map<std::string, std::string> words{{"expired", "renew the server's certificate"},
                                                   {"named", "a name that the certificate has"},
                                                   {"alone", "under cacert in clouds.yaml"}};
    for (const auto& [certificate, remedy] : words) {
        show(certificate);
        const NovaAnswer result = ask(trusting("ca"));
        EXPECT_EQ(result.outcome, NovaOutcome::unknown);
        EXPECT_THAT(result.detail,
                    AllOf(StartsWith("Keystone could not be asked for a token: "),
                          HasSubstr(", at " + secure_.url("; ")), HasSubstr(remedy)));
    }
    EXPECT_THAT(secure_.asked(), IsEmpty());
}

TEST_F(CloudBehindTls, of_anybody_is_believed_where_clouds_yaml_says_insecure_and_warns_of_it)
{
    certificates_.sign_itself("alone", {.who = "DNS:keystone.example"});
    show("alone");
    EXPECT_EQ(ask("").outcome, NovaOutcome::unknown);
    EXPECT_THAT(warned_, IsEmpty());
    EXPECT_EQ(ask("    insecure: true\n").outcome, NovaOutcome::done);
    EXPECT_THAT(warned_, AllOf(StartsWith("warning: "), HasSubstr("clouds.yaml:9:15: "),
                               HasSubstr("certificates of Keystone and Nova are not verified"),
                               HasSubstr("give cacert instead")));
}

} // namespace
} // namespace knell::nova
