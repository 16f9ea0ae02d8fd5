// SPDX-License-Identifier: GPL-3.0-or-later
#include "control_fixture.hpp"
#include "daemon/control/methods.hpp"

#include <algorithm>
#include <grp.h>
#include <map>
#include <sys/stat.h>

namespace knell::control {
namespace {

/// Valid parameters of every method; a method that is missing here fails the test.
const std::map<std::string_view, json::object>& good_params()
{
    static const json::object host{{"host", "compute1"}};
    static const json::object reason{{"reason", "test"}};
    static const json::object both{{"host", "compute1"}, {"reason", "test"}};
    static const json::object work{{"host", "compute1"}, {"seconds", 60}, {"reason", "test"}};
    static const json::object plan{{"hosts", json::array{"compute1"}}, {"reason", "test"}};
    static const std::map<std::string_view, json::object> params{
        {"version", {}},
        {"status", {}},
        {"watch", {}},
        {"host.list", {}},
        {"host.show", host},
        {"host.explain", host},
        {"host.rehearse", host},
        {"plan.show", {}},
        {"host.fence", both},
        {"host.release", both},
        {"host.confirm_off", both},
        {"host.inspect", host},
        {"plan.approve", plan},
        {"maintenance.start", work},
        {"maintenance.end", both},
        {"hold.on", reason},
        {"hold.off", reason},
        {"arm", reason},
        {"disarm", reason},
        {"readmit", {}},
        {"config.reload", {}},
    };
    return params;
}

/// Written by hand, and not derived from the table it checks.
const std::map<std::string_view, bool>& needs_operator()
{
    static const std::map<std::string_view, bool> needs{
        {"version", false},     {"status", false},           {"watch", false},
        {"host.list", false},   {"host.show", false},        {"host.explain", false},
        {"plan.show", false},   {"host.rehearse", false},    {"host.fence", true},
        {"host.release", true}, {"host.confirm_off", true},  {"host.inspect", true},
        {"plan.approve", true}, {"maintenance.start", true}, {"maintenance.end", true},
        {"hold.on", true},      {"hold.off", true},          {"arm", true},
        {"disarm", true},       {"readmit", true},           {"config.reload", true},
    };
    return needs;
}

/// Whether anything was asked of the daemon that changes something.
bool something_was_ordered(const ScriptedOperations& operations)
{
    return !operations.reloaded_by.empty() ||
           std::any_of(operations.orders.begin(), operations.orders.end(),
                       [](const auto& order) { return !order.dry_run; });
}

constexpr gid_t readers_group = 61001;
constexpr gid_t operators_group = 61002;

TEST(ControlRoles, every_method_is_known_to_this_test_and_the_other_way_round)
{
    ASSERT_EQ(methods().size(), needs_operator().size());
    for (const auto& method : methods()) {
        ASSERT_TRUE(needs_operator().contains(method.name)) << method.name;
        ASSERT_TRUE(good_params().contains(method.name)) << method.name;
    }
}

TEST(ControlRoles, each_method_is_for_its_role_and_for_no_other)
{
    ScriptedOperations operations;
    RecentNotices notices;
    const std::string version = "1";
    const Access access{{{"readers", readers_group}}, {{"operators", operators_group}}};
    Services services{operations, notices, access, version};
    const struct {
        Peer peer;
        bool reads, orders;
    } people[] = {
        {{0, 0, 1, {}}, true, true},
        {{::geteuid(), 5, 1, {}}, true, true},
        {{somebody, 100, 1, {readers_group}}, true, false},
        {{somebody, readers_group, 1, {}}, true, false},
        {{somebody, 100, 1, {100, operators_group}}, true, true},
        {{somebody, operators_group, 1, {}}, true, true},
        {{somebody, 100, 1, {readers_group, operators_group}}, true, true},
        {{somebody, 100, 1, {}}, false, false},
        {{somebody, 0, 1, {0}}, false, false}, // the group of root is not root
    };
    for (const auto& person : people) {
        for (const auto& method : methods()) {
            const json::value request{{"jsonrpc", "2.0"},
                                      {"id", 1},
                                      {"method", method.name},
                                      {"params", good_params().at(method.name)}};
            operations.orders.clear();
            operations.reloaded_by.clear();
            json::object response;
            dispatch(
                services, person.peer, request, [] {},
                [&](json::object answer) { response = std::move(answer); });
            const bool allowed = needs_operator().at(method.name) ? person.orders : person.reads;
            EXPECT_EQ(code_of(response), allowed ? 0 : -32001)
                << method.name << " by uid " << person.peer.uid;
            EXPECT_EQ(something_was_ordered(operations),
                      allowed && needs_operator().at(method.name))
                << method.name << " by uid " << person.peer.uid;
        }
    }
}

TEST(ControlRoles, a_person_without_leave_is_not_told_whether_his_parameters_were_good)
{
    ScriptedOperations operations;
    RecentNotices notices;
    const std::string version = "1";
    const Access access;
    Services services{operations, notices, access, version};
    json::object response;
    dispatch(
        services, {somebody, 100, 1, {}},
        json::value{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "host.fence"}}, [] {},
        [&](json::object answer) { response = std::move(answer); });
    EXPECT_EQ(code_of(response), -32001);
}

/// With real users on a real socket; only root can become somebody else.
class ControlPeople : public ControlTest {
protected:
    void SetUp() override
    {
        ControlTest::SetUp();
        if (::geteuid() != 0) {
            return;
        }
        // Names that every Debian has; no users of this machine are needed.
        options.readers = {"games"};
        options.operators = {"operator", "staff"};
        start();
    }
    static gid_t id_of(const char* group) { return ::getgrnam(group)->gr_gid; }
};

TEST_F(ControlPeople, the_kernels_word_on_user_and_groups_decides_on_a_real_socket)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can become somebody else";
        return;
    }
    const auto can = [&](std::string_view method, json::object params) {
        Client client{path()};
        return client.connected() ? code_of(client.call(method, std::move(params))) : -1;
    };
    const json::object reason{{"reason", "test"}};
    as(somebody, 100, {id_of("games")}, [&] {
        EXPECT_EQ(can("status", {}), 0);
        EXPECT_EQ(can("arm", reason), -32001);
    });
    as(somebody, 100, {id_of("operator")}, [&] {
        EXPECT_EQ(can("status", {}), 0);
        EXPECT_EQ(can("arm", reason), 0);
    });
    as(somebody, 100, {id_of("staff")}, [&] { EXPECT_EQ(can("arm", reason), 0); });
    // The mode of the socket already keeps strangers out.
    as(somebody, 100, {}, [&] { EXPECT_EQ(can("status", {}), -1); });
    stop();
    ASSERT_EQ(operations.orders.size(), 2u);
    EXPECT_EQ(operations.orders[0].by, "uid=61000 pid=" + std::to_string(::getpid()));
}

TEST_F(ControlPeople, a_stranger_is_told_who_has_leave_even_if_somebody_opened_the_socket)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can become somebody else";
        return;
    }
    ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
    as(somebody, 100, {}, [&] {
        Client client{path()};
        ASSERT_TRUE(client.connected());
        const auto refusal = json::parse(client.line()).as_object();
        EXPECT_EQ(code_of(refusal), -32001);
        const std::string text{refusal.at("error").at("message").as_string()};
        EXPECT_NE(text.find("members of games, members of operator"), std::string::npos) << text;
        EXPECT_TRUE(client.hung_up());
    });
}

TEST(ControlIdentity, is_the_user_by_number_and_local_name_and_the_process)
{
    EXPECT_EQ(identity_of({0, 0, 4242, {}}), "uid=0(root) pid=4242");
    EXPECT_EQ(identity_of({somebody, 0, 1, {}}), "uid=61000 pid=1");
}

} // namespace
} // namespace knell::control
