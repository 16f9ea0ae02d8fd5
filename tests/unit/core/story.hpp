// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/small_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace knell::test {

/// Three hosts that have been heard; the story happens to compute1. Whatever is told, the judge
/// holds every effect against the promises.
class Story : public testing::Test {
protected:
    Story() : Story{small_policy(3)} {}
    explicit Story(Policy policy) : world{std::move(policy)}
    {
        world.run(5s);
        (void)world.story(it);
    }

    void TearDown() override
    {
        for (const auto& promise : world.judge().broken()) {
            ADD_FAILURE() << promise;
        }
        if (HasFailure()) {
            for (const auto& line : world.log()) {
                if (line.host == it || line.host.empty()) {
                    std::printf("%9.3f %s\n",
                                std::chrono::duration<double>(line.at.time_since_epoch()).count() -
                                    3600,
                                line.text.c_str());
                }
            }
        }
    }

    [[nodiscard]] bool reaches(const std::string& state, Duration at_most = 3min)
    {
        return world.run_until([&] { return world.state(it) == state; }, at_most);
    }
    [[nodiscard]] SmallHost& host() { return world.host(it); }
    /// It boots at once, and its agent is heard before anything else of it.
    void speaks_with_a_new_boot()
    {
        world.boot_time = 0s;
        world.boot(it);
        world.run(1us);
        world.tell(ProbeResult{
            HostId{it}, MonitorId{"heartbeat@mgmt"}, Pulse::beating, world.now(),
            AgentReport{BootId{host().boot_id()}, 1s, true, true, host().policy.identity}, ""});
    }
    void forget_log() { world.forget_log(); }

    const std::string it = "compute1";
    SmallWorld world;
};

} // namespace knell::test
