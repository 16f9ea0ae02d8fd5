// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/ipmi_agent.hpp"
#include "tests/integration/fencing/bmc.hpp"
#include "tests/integration/fencing/wiretap.hpp"
#include "tests/unit/fencing/ask.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace knell::fencing {

/// The real helper program, asked by the real agent.
class SessionTest : public testing::Test {
protected:
    static IpmiDevice device(std::uint16_t port)
    {
        return {.id = DeviceId{"bmc"},
                .address = "127.0.0.1",
                .port = port,
                .username = "knell",
                .password = Secret{"knell-secret"},
                .k_g = {},
                .cipher_suites = {17, 3},
                .privilege = Privilege::operator_level,
                .workarounds = {},
                .session_timeout = 5900ms,
                .retransmission_timeout = 1s};
    }
    /// For BMCs that will not answer: the errors come soon.
    static IpmiDevice impatient(std::uint16_t port)
    {
        auto device = SessionTest::device(port);
        device.session_timeout = 900ms;
        device.retransmission_timeout = 300ms;
        return device;
    }
    PowerReply ask_for(IpmiAgent& agent, PowerAction action,
                       std::optional<SystemUuid> identity = SystemUuid{bmc_guid},
                       Duration patience = 15s)
    {
        const auto reply = ask(loop, agent, command(action, ++attempt, patience, identity));
        EXPECT_TRUE(reply) << "every command is answered";
        EXPECT_EQ(reply->attempt, AttemptId{attempt});
        EXPECT_THAT(reply->detail, testing::Not(testing::HasSubstr("knell-secret")));
        return *reply;
    }

    boost::asio::io_context loop;
    std::uint64_t attempt = 0;
    const std::string helper = KNELL_FENCE_IPMI;
};

constexpr const char* power_down = "netfn 00 cmd 02 00";
constexpr const char* chassis_control = "netfn 00 cmd 02";
constexpr const char* chassis_status = "netfn 00 cmd 01";
constexpr const char* session_privilege = "netfn 06 cmd 3b";

} // namespace knell::fencing
