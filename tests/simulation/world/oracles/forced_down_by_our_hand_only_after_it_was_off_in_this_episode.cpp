// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace knell::sim {

namespace {

/// The certificate must rest on readings that this process took in this episode, `readings` of
/// them over `settle`, the last one fresh; and the machine must have been off in truth. Excused,
/// and counted: a device that says off whatever is true, for no reading can tell. An operator's
/// word is enough if he insists, or if the device was asked since and did not read ON.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"forced down by our hand only after it was off in this episode", truth}
    {
    }

    void on_event(const Event& event) override
    {
        const auto* order = std::get_if<OperatorOrder>(&event);
        if (order != nullptr && order->what == OperatorOrder::What::confirm_off && order->host) {
            words_.insert_or_assign(order->id, Word{*order->host, order->force, {}, false});
        } else if (const auto* answer = std::get_if<PowerAnswer>(&event)) {
            learn(*answer);
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* reading = std::get_if<Reading>(&fact)) {
            readings_[reading->meant].push_back(*reading);
        } else if (std::holds_alternative<Started>(fact)) {
            readings_.clear(); // an earlier process's readings prove nothing to this one
            vouched_.clear();
            words_.clear();
            locked_.clear();
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* record = std::get_if<Record>(&effect)) {
            if (record->entry.what == JournalEntry::What::fencing) {
                readings_[*record->entry.host].clear();
            }
        } else if (const auto* power = std::get_if<Power>(&effect)) {
            for (auto& [order, word] : words_) {
                if (word.host == power->host && power->command.action == PowerAction::read) {
                    word.asked.insert(power->command.attempt);
                }
            }
        } else if (const auto* answer = std::get_if<Answer>(&effect)) {
            const auto word = words_.extract(answer->order);
            if (answer->accepted && !word.empty()) {
                vouched_.insert_or_assign(word.mapped().host, word.mapped());
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            weigh(put->certificate);
        }
    }

private:
    /// What an operator said, and what became known while knelld thought about it.
    struct Word {
        HostId host;
        bool insists = false;
        std::set<AttemptId> asked;
        bool reads_on = false;
    };

    void learn(const PowerAnswer& answer)
    {
        for (auto& [order, word] : words_) {
            if (word.asked.contains(answer.reply.attempt)) {
                word.reads_on = word.reads_on || answer.reply.state == PowerState::on;
            }
            if (answer.reply.fault == PowerFault::displaced) {
                word.asked.erase(answer.reply.attempt); // it was not, after all
            }
        }
        if (answer.reply.fault == PowerFault::wrong_credentials) {
            locked_.insert(answer.host);
        }
    }
    void weigh_word(const HostId& host)
    {
        const auto word = vouched_.find(host);
        judge(word != vouched_.end(), host, "nobody vouched that it is off");
        if (word == vouched_.end() || word->second.insists) {
            return;
        }
        const bool none = truth_.policy(host).devices.empty() || locked_.contains(host);
        judge(!word->second.asked.empty() || none, host,
              "a word was believed, and nobody looked at the power");
        judge(!word->second.reads_on, host, "a word was believed of a host that reads ON");
    }
    void weigh(const FenceCertificate& proof)
    {
        const auto& host = proof.host();
        if (proof.grounds() == FenceCertificate::Grounds::operator_word) {
            return weigh_word(host);
        }
        const auto& policy = truth_.policy(host).fence;
        const auto& readings = readings_[host];
        const auto last = std::find_if(readings.begin(), readings.end(), [&](const auto& reading) {
            return reading.asked_at == proof.verified_at() && reading.said == PowerState::off;
        });
        if (last == readings.end()) {
            return judge(false, host, "its proof rests on no reading of this episode");
        }
        unsigned off = 0;
        bool lie = false;
        auto first = last;
        for (auto one = last;; --one) {
            if (one->said != PowerState::off) {
                break;
            }
            first = one;
            lie = lie || !one->truly_off;
            ++off;
            if (one == readings.begin()) {
                break;
            }
        }
        judge(off >= policy.readings, host, "read off only " + std::to_string(off) + " times");
        judge(last->asked_at - first->asked_at >= policy.settle, host, "it was not settled");
        judge(now() - proof.verified_at() <= policy.fresh, host, "the last reading is too old");
        if (lie && std::any_of(first, last + 1, [](const auto& one) { return one.lie; })) {
            return excuse("a device that was told to lie");
        }
        judge(!lie, host, "it was on in truth when it was read off");
    }

    std::map<HostId, std::vector<Reading>> readings_;
    std::map<OrderId, Word> words_; ///< not answered yet
    std::map<HostId, Word> vouched_;
    std::set<HostId> locked_; ///< refused our password once, and need not be asked
};

} // namespace

std::unique_ptr<Oracle>
forced_down_by_our_hand_only_after_it_was_off_in_this_episode(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
