// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine.hpp"

#include <gtest/gtest.h>

namespace knell {
namespace {

/// Writes down what it was asked, in order.
class Paper final : public World {
public:
    std::vector<std::string> lines;
    Engine* reentered = nullptr;

    void record(const Record& e) override { note("record " + std::string{name_of(e.entry.what)}); }
    void power(const Power&) override { note("power"); }
    void stand_down(const StandDown&) override { note("stand down"); }
    void force_down(const ForceDown&) override { note("force down"); }
    void clear_forced_down(const ClearForcedDown&) override { note("clear"); }
    void read_forced_down(const ReadForcedDown&) override { note("read"); }
    void sample_servers(const SampleServers&) override { note("sample"); }
    void watch(const Watch&) override { note("watch"); }
    void notify(const Notice& e) override { note("notice " + std::string{e.id}); }
    void answer(const Answer& e) override { note(e.accepted ? "accepted" : "refused"); }

private:
    void note(std::string line)
    {
        lines.push_back(std::move(line));
        if (reentered != nullptr) {
            reentered->wake(Instant{});
        }
    }
};

OperatorOrder arm()
{
    return {OrderId{1}, OperatorOrder::What::arm, std::nullopt, "test", "", false};
}

TEST(Engine, an_order_is_answered_only_after_its_record_is_durable)
{
    Fleet fleet{Policy{}, Recollection{}};
    Paper paper;
    Engine engine{fleet, paper};
    engine.begin(Instant{});
    engine.deliver(Instant{}, arm());
    EXPECT_EQ(paper.lines, (std::vector<std::string>{"notice MODE_CHANGED", "record armed"}));
    engine.deliver(Instant{}, Recorded{std::nullopt, AttemptId{1}});
    EXPECT_EQ(paper.lines.back(), "accepted");
}

TEST(EngineDeathTest, a_world_that_answers_from_within_a_call_is_a_mistake_of_ours)
{
    Fleet fleet{Policy{}, Recollection{}};
    Paper paper;
    Engine engine{fleet, paper};
    engine.begin(Instant{});
    paper.reentered = &engine;
    EXPECT_DEATH(engine.deliver(Instant{}, arm()), "performing_");
}

} // namespace
} // namespace knell
