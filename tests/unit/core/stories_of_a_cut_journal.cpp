// SPDX-License-Identifier: GPL-3.0-or-later
// An episode of every kind, and a knelld that starts on each beginning of its rows: in the world
// that belongs to it, and in those that contradict it.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using Rows = std::vector<JournalEntry>;
using What = OperatorOrder::What;

constexpr auto it = "compute1";

SmallWorld heard_by_all()
{
    SmallWorld world{small_policy(3)};
    world.run(5s);
    return world;
}

void reach(SmallWorld& world, const std::string& state)
{
    ASSERT_TRUE(world.run_until([&] { return world.state(it) == state; }, 3min)) << state;
    world.run(2ms); // the journal has its time
}

void dies(SmallWorld& world)
{
    world.cut(it);
    reach(world, "Down");
}

void returns(SmallWorld& world)
{
    world.boot(it);
    reach(world, "Healthy");
}

/// It runs on where we cannot reach it, and its device says off.
void is_believed_dead(SmallWorld& world)
{
    world.host(it).wired = false;
    world.host(it).bmc = Bmc::says_off;
}

struct Episode {
    const char* name;
    void (*told)(SmallWorld& world);
};

const Episode episodes[] = {
    {"cut", [](auto& world) { dies(world), returns(world); }},
    {"cut_twice", [](auto& world) { dies(world), returns(world), dies(world), returns(world); }},
    {"cancelled",
     [](auto& world) {
         world.host(it).bmc = Bmc::mute;
         world.host(it).wired = false;
         reach(world, "FenceFailed");
         world.host(it).wired = true;
         reach(world, "Healthy");
     }},
    {"disputed_and_released",
     [](auto& world) {
         is_believed_dead(world);
         reach(world, "Down");
         world.host(it).wired = true;
         reach(world, "Disputed");
         world.run(10s);
         world.order(What::release, it);
         reach(world, "Healthy");
     }},
    {"disputed_before_nova_was_told",
     [](auto& world) {
         is_believed_dead(world);
         world.host(it).nova = Nova::mute;
         reach(world, "Fenced");
         world.host(it).wired = true;
         reach(world, "Disputed");
         world.host(it).nova = Nova::honest;
         world.order(What::release, it);
         reach(world, "Healthy");
     }},
    {"ordered",
     [](auto& world) {
         world.order(What::fence, it, true);
         reach(world, "Down");
         returns(world);
     }},
    {"confirmed",
     [](auto& world) {
         world.cut(it);
         world.host(it).bmc = Bmc::mute;
         reach(world, "FenceFailed");
         world.order(What::confirm_off, it, true);
         reach(world, "Down");
         returns(world);
     }},
    {"told_twice",
     [](auto& world) {
         world.cut(it);
         world.host(it).nova = Nova::dead;
         reach(world, "Fenced");
         world.run(30s);
         world.host(it).nova = Nova::honest;
         reach(world, "Down");
         returns(world);
     }},
    {"held",
     [](auto& world) {
         dies(world);
         world.order(What::hold);
         world.run(5s);
         world.order(What::unhold);
         returns(world);
     }},
    {"disarmed",
     [](auto& world) {
         dies(world);
         world.order(What::disarm);
         world.run(5s);
         world.order(What::arm);
         returns(world);
     }},
};

enum class Host { off, old_boot, new_boot };
enum class Flag { clear, ours, of_others };

/// `last`: the boot that the rows know of, as a number.
void make(SmallWorld& world, Host host, Flag flag, unsigned last)
{
    auto& one = world.host(it);
    one.power = one.booted = host != Host::off;
    one.boot = host == Host::new_boot ? last + 1 : last;
    one.booted_at = one.alive_since = world.now() - (host == Host::new_boot ? 1s : 36000s);
    world.set_flag_by_hand(it, flag != Flag::clear);
    one.owner = flag == Flag::ours ? Owner::knell : one.owner;
}

std::optional<Recollection::OpenEpisode> open_in(const Rows& rows)
{
    const auto open = fold(rows).open;
    const auto one = open.find(HostId{it});
    return one == open.end() ? std::nullopt : std::optional{one->second};
}

/// Of "compute1-boot-2".
unsigned number_of(const BootId& boot)
{
    return static_cast<unsigned>(std::stoul(boot.get().substr(boot.get().rfind('-') + 1)));
}

std::string end_of(const Rows& rows)
{
    std::string text = std::to_string(rows.size()) + " rows";
    for (const auto& row : rows) {
        text += " " + std::string{name_of(row.what)};
    }
    return text;
}

using Told = std::tuple<Episode, Host, Flag>;

class StoryOfACutJournal : public testing::TestWithParam<Told> {
protected:
    static Rows rows()
    {
        auto world = heard_by_all();
        std::get<Episode>(GetParam()).told(world);
        EXPECT_THAT(world.judge().broken(), testing::IsEmpty());
        return world.journal();
    }

    static void start_on(const Rows& rows)
    {
        const auto [episode, host, flag] = GetParam();
        SmallWorld world{small_policy(3)};
        const auto open = open_in(rows);
        make(world, host, flag, open && open->boot ? number_of(*open->boot) : 1);
        world.restart_knelld_on(rows);
        world.list_services();
        world.run(5min);
        EXPECT_EQ(world.count(it, "! HOST_RESUMED"), open ? 1U : 0U);
        if (host != Host::off) {
            EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U) << "it lives";
            EXPECT_EQ(world.count(it, "ForceDown"), 0U) << "it lives";
        } else if (!open) {
            EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U) << "it was never heard";
        }
        if (host == Host::old_boot && open && open->released_by.empty()) {
            EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U) << "this boot was fenced";
        }
        if (!open) {
            EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U) << "whose flag it is, nobody knows";
            EXPECT_EQ(world.count(it, "! FLAG_SET_BY_OTHERS"), flag == Flag::clear ? 0U : 1U);
        }
        // What an operator does whom the messages tell to, and then all is well.
        world.order(What::unhold);
        world.order(What::arm);
        world.boot(it);
        world.run(5min);
        if (world.state(it) == "Disputed") {
            world.order(What::release, it);
            world.run(1min);
        }
        EXPECT_FALSE(open_in(world.journal())) << end_of(world.journal());
        EXPECT_EQ(world.state(it), "Healthy");
        if (open && flag != Flag::of_others) {
            EXPECT_EQ(world.host(it).flag, flag == Flag::ours && !open->telling);
        }
        EXPECT_THAT(world.judge().broken(), testing::IsEmpty());
        if (HasFailure()) {
            for (const auto& line : world.log()) {
                if ((line.host == it || line.host.empty()) && !line.aside) {
                    std::printf("%9.3f %s\n",
                                std::chrono::duration<double>(line.at.time_since_epoch()).count() -
                                    3600,
                                line.text.c_str());
                }
            }
        }
    }
};

TEST_P(StoryOfACutJournal, loses_nothing_open_and_believes_nothing)
{
    const auto all = rows();
    for (auto end = all.begin();; ++end) {
        const Rows beginning{all.begin(), end};
        // Once Nova was being told, a set flag counts as ours: there is no mark in it.
        const auto open = open_in(beginning);
        if (!(open && open->telling && std::get<Flag>(GetParam()) == Flag::of_others)) {
            SCOPED_TRACE(end_of(beginning));
            start_on(beginning);
        }
        if (HasFailure() || end == all.end()) {
            break;
        }
    }
}

std::string name_of_told(const testing::TestParamInfo<Told>& one)
{
    const std::map<Host, std::string> hosts{
        {Host::off, "off"}, {Host::old_boot, "old_boot"}, {Host::new_boot, "new_boot"}};
    const std::map<Flag, std::string> flags{
        {Flag::clear, "no_flag"}, {Flag::ours, "our_flag"}, {Flag::of_others, "their_flag"}};
    const auto& [episode, host, flag] = one.param;
    return std::string{episode.name} + "_" + hosts.at(host) + "_" + flags.at(flag);
}

INSTANTIATE_TEST_SUITE_P(
    every_episode, StoryOfACutJournal,
    testing::Combine(testing::ValuesIn(episodes),
                     testing::Values(Host::off, Host::old_boot, Host::new_boot),
                     testing::Values(Flag::clear, Flag::ours, Flag::of_others)),
    name_of_told);

TEST_F(Story, an_order_is_answered_when_what_it_begins_is_durable)
{
    for (const auto what : {What::fence, What::release}) {
        forget_log();
        world.journal_holds = true;
        world.order(what, it, true);
        world.release_first_record();
        world.run(1ms);
        EXPECT_EQ(world.count("", "accepted"), 0U) << "an heir would know of nothing that is open";
        world.release_journal();
        world.run(1ms);
        EXPECT_EQ(world.count("", "accepted"), 1U);
        if (what == What::fence) {
            ASSERT_TRUE(reaches("Down"));
            world.run(20s);
        }
    }
}

} // namespace
} // namespace knell::test
