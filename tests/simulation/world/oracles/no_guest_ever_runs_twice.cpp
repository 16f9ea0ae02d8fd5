// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <set>

namespace knell::sim {

namespace {

/// Excused, and counted: a guest that was moved because somebody else set the flag (or Nova's
/// database set it again); a proof that rested on a device which said off and was not, or on an
/// operator who insisted, or whose host's fence device said nothing when it was asked; and a host
/// that somebody switched on after it was proven off, and before a request that had left arrived.
/// No fencing program can prevent these.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"no guest ever runs twice", truth} {}

    void on_fact(const Fact& fact) override
    {
        const auto* started = std::get_if<GuestStarted>(&fact);
        if (started == nullptr || already_.contains(started->guest)) {
            return;
        }
        const bool twice = !started->elsewhere.empty();
        if (twice) {
            already_.insert(started->guest);
        }
        if (twice && (!started->hands.contains(Hand::knell) || started->hands.size() > 1)) {
            return excuse("moved on the flag of somebody else");
        }
        if (twice && started->believed_a_lie) {
            return excuse("a lie was believed");
        }
        if (twice && started->boot_since > started->proven_at) {
            return excuse("switched on between proof and flag");
        }
        judge(!twice, started->on,
              started->guest + " starts while it runs on " +
                  (twice ? started->elsewhere.front().get() : ""));
    }

private:
    std::set<std::string> already_;
};

} // namespace

std::unique_ptr<Oracle> no_guest_ever_runs_twice(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
