// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/failpoint.hpp"

#include "core/overloaded.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace knell::failpoint {

namespace {

std::string word_of(PowerAction action)
{
    switch (action) {
    case PowerAction::prepare:
        return "prepare";
    case PowerAction::off:
        return "off";
    case PowerAction::read:
        return "read";
    case PowerAction::inspect:
        return "inspect";
    case PowerAction::on:
        return "on";
    }
    return {};
}

/// What is done, and the attempt that its answer will name.
struct Deed {
    std::string name;
    std::optional<AttemptId> attempt;
    std::string which{}; ///< a closer name, besides
};

Deed deed_of(const Effect& effect)
{
    return std::visit(Overloaded{
                          [](const Record& e) -> Deed {
                              return {"record-" + std::string{name_of(e.entry.what)}, e.attempt};
                          },
                          [](const Power& e) -> Deed {
                              return {"power-" + word_of(e.command.action), e.command.attempt};
                          },
                          [](const ForceDown& e) -> Deed {
                              return {"force-down", e.attempt};
                          },
                          [](const ClearForcedDown& e) -> Deed {
                              return {"clear-forced-down", e.attempt};
                          },
                          [](const ReadForcedDown& e) -> Deed {
                              return {"read-forced-down", e.attempt};
                          },
                          [](const SampleServers& e) -> Deed {
                              return {"sample-servers", e.attempt};
                          },
                          [](const StandDown&) -> Deed {
                              return {"stand-down", {}};
                          },
                          [](const Watch&) -> Deed {
                              return {"watch", {}};
                          },
                          [](const Notice& e) -> Deed {
                              return {"notice", {}, "notice-" + std::string{e.id}};
                          },
                          [](const Answer&) -> Deed {
                              return {"answer", {}};
                          },
                      },
                      effect);
}

std::string text_from(const char* variable)
{
    const char* const text = std::getenv(variable);
    return text == nullptr ? "" : text;
}

class Points {
public:
    void after(const Effect& effect)
    {
        const auto deed = deed_of(effect);
        if (deed.attempt) {
            awaited_[*deed.attempt] = deed.name;
        }
        pass("after-" + deed.name);
        if (!deed.which.empty()) {
            strike("after-" + deed.which);
        }
    }

    void answered(AttemptId attempt)
    {
        if (const auto it = awaited_.find(attempt); it != awaited_.end()) {
            const auto point = "answered-" + it->second;
            awaited_.erase(it);
            pass(point);
        }
    }

private:
    void pass(const std::string& point)
    {
        if (!passed_.contains(point) && !list_.empty()) {
            std::ofstream{list_, std::ios::app} << point << '\n';
        }
        strike(point);
    }

    void strike(const std::string& point)
    {
        const auto times = ++passed_[point];
        const auto here = times == 1 ? point : point + '#' + std::to_string(times);
        if (here + ":kill" == wanted_) {
            std::raise(SIGKILL);
        } else if (here + ":stop" == wanted_) {
            std::raise(SIGSTOP);
        } else if (here + ":spin" == wanted_) {
            for (const volatile bool ever = true; ever;) {
            }
        }
    }

    const std::string wanted_ = text_from("KNELL_FAILPOINT");
    const std::string list_ = text_from("KNELL_FAILPOINTS_PASSED");
    std::map<std::string, unsigned> passed_; ///< how often
    std::map<AttemptId, std::string> awaited_;
};

Points& points()
{
    static Points one;
    return one;
}

} // namespace

void after(const Effect& effect)
{
    points().after(effect);
}

void answered(const Event& event)
{
    std::visit(Overloaded{[](const Recorded& e) { points().answered(e.attempt); },
                          [](const PowerAnswer& e) { points().answered(e.reply.attempt); },
                          [](const NovaAnswer& e) { points().answered(e.attempt); },
                          [](const ServersSeen& e) { points().answered(e.attempt); },
                          [](const auto&) {}},
               event);
}

} // namespace knell::failpoint
