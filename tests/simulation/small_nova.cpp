// SPDX-License-Identifier: GPL-3.0-or-later
// Nova as the small world has it, and what tests ask of the world.
#include "tests/simulation/small_world.hpp"

#include <algorithm>

namespace knell::test {

void SmallWorld::apply(SmallHost& host, bool flag)
{
    if (flag && !host.flag) {
        host.owner = Owner::knell;
        host.flagged_at = now_;
    } else if (!flag) {
        host.owner = Owner::nobody;
    }
    host.flag = flag;
}

void SmallWorld::set_flag_by_hand(const std::string& name, bool flag)
{
    auto& it = host(name);
    if (it.flag != flag) {
        it.flag = flag;
        it.owner = flag ? Owner::somebody : Owner::nobody;
        it.flagged_at = now_;
    }
}

void SmallWorld::set_nova(const HostId& name, AttemptId attempt, bool flag, const Leave& leave)
{
    at(now_ + nova_takes, [this, name, attempt, flag, leave] {
        auto& it = hosts_.at(name);
        if (leave.revoked() || now_ > leave.until()) {
            return hand_over(now_,
                             NovaAnswer{name, attempt, NovaOutcome::unknown, NovaRefusal::none,
                                        std::nullopt, std::nullopt, "it was not sent", false});
        }
        const bool done =
            it.nova == Nova::honest || it.nova == Nova::lossy || it.nova == Nova::read_back;
        if (done && !flag && it.evacuations) {
            return answer_nova(name, attempt, NovaOutcome::refused,
                               NovaRefusal::evacuations_unfinished, it.flag);
        }
        if (done) {
            apply(it, flag);
        }
        switch (it.nova) {
        case Nova::honest:
            return answer_nova(name, attempt, NovaOutcome::done, NovaRefusal::none, flag);
        case Nova::read_back:
            return answer_nova(name, attempt, NovaOutcome::unknown, NovaRefusal::none, flag);
        case Nova::late:
            at(now_ + nova_late, [this, &it, flag] { apply(it, flag); });
            return answer_nova(name, attempt, NovaOutcome::unknown, NovaRefusal::none, it.flag);
        case Nova::forbids:
            return answer_nova(name, attempt, NovaOutcome::refused, NovaRefusal::forbidden,
                               it.flag);
        case Nova::forgot:
            return answer_nova(name, attempt, NovaOutcome::refused, NovaRefusal::not_found,
                               std::nullopt);
        case Nova::dead:
        case Nova::lossy:
            return answer_nova(name, attempt, NovaOutcome::unknown, NovaRefusal::none,
                               std::nullopt);
        case Nova::mute:
            break;
        }
    });
}

void SmallWorld::read_nova(const ReadForcedDown& read)
{
    at(now_ + 20ms, [this, read] {
        const auto& it = hosts_.at(read.host);
        if (it.nova == Nova::mute) {
            return;
        }
        if (it.nova == Nova::forgot) {
            return answer_nova(read.host, read.attempt, NovaOutcome::refused,
                               NovaRefusal::not_found, std::nullopt);
        }
        const bool known = it.nova != Nova::dead;
        answer_nova(read.host, read.attempt, known ? NovaOutcome::done : NovaOutcome::unknown,
                    NovaRefusal::none, known ? std::optional{it.flag} : std::nullopt);
    });
}

void SmallWorld::answer_nova(const HostId& host, AttemptId attempt, NovaOutcome outcome,
                             NovaRefusal refusal, std::optional<bool> flag)
{
    const NovaAnswer answer{host,
                            attempt,
                            outcome,
                            refusal,
                            flag,
                            retry_after,
                            "as the test has it",
                            outcome == NovaOutcome::unknown};
    hand_over(now_ + 10ms, answer);
    if (every_answer_twice) {
        hand_over(now_ + 4s, answer);
    }
}

std::vector<std::string> SmallWorld::reload(const Policy& policy, const Moves& moves)
{
    if (auto objections = fleet_->objections(policy, moves); !objections.empty()) {
        return objections;
    }
    const auto effects = fleet_->reload(now_, policy, moves);
    policy_ = policy;
    for (const auto& host : policy.hosts) {
        if (const auto at = hosts_.find(host.host); at != hosts_.end()) {
            at->second.policy = host;
        }
    }
    judge_.on_reload(policy, moves);
    perform(effects);
    return {};
}

void SmallWorld::list_services()
{
    ServicesSeen seen;
    seen.asked_at = now_;
    for (const auto& [name, host] : hosts_) {
        if (host.listed) {
            seen.services.push_back({name, host.flag, host.disabled, host.disabled_reason, true});
        }
    }
    tell(seen);
}

std::string SmallWorld::state(const std::string& name) const
{
    return std::string{fleet_->view(HostId{name})->state};
}

std::vector<std::string> SmallWorld::story(const std::string& name)
{
    std::vector<std::string> lines;
    for (auto& at = told_[name]; at < log_.size(); ++at) {
        const auto& line = log_[at];
        const bool reading =
            line.text.rfind("Power ", 0) == 0 && line.text.find(" read") != std::string::npos;
        if (line.host == name && !reading && !line.aside) {
            // Of a notice the id is enough; its words may change.
            lines.push_back(line.text.substr(0, line.text.find(':')));
        }
    }
    return lines;
}

std::size_t SmallWorld::count(const std::string& name, const std::string& beginning) const
{
    return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), [&](const auto& line) {
        return line.host == name && line.text.rfind(beginning, 0) == 0;
    }));
}

} // namespace knell::test
