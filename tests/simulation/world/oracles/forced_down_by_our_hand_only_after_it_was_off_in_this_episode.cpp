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
/// and counted: a device that says off whatever is true, for no reading can tell.
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
            vouched_.insert(*order->host);
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* reading = std::get_if<Reading>(&fact)) {
            readings_[reading->meant].push_back(*reading);
        } else if (std::holds_alternative<Started>(fact)) {
            readings_.clear(); // an earlier process's readings prove nothing to this one
            vouched_.clear();
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* record = std::get_if<Record>(&effect)) {
            if (record->entry.what == JournalEntry::What::fencing) {
                readings_[*record->entry.host].clear();
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            weigh(put->certificate);
        }
    }

private:
    void weigh(const FenceCertificate& proof)
    {
        const auto& host = proof.host();
        if (proof.grounds() == FenceCertificate::Grounds::operator_word) {
            return judge(vouched_.contains(host), host, "nobody vouched that it is off");
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
            return excuse();
        }
        judge(!lie, host, "it was on in truth when it was read off");
    }

    std::map<HostId, std::vector<Reading>> readings_;
    std::set<HostId> vouched_;
};

} // namespace

std::unique_ptr<Oracle>
forced_down_by_our_hand_only_after_it_was_off_in_this_episode(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
