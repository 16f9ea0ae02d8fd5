// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>

namespace knell::sim {

namespace {

class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"planned work and precious hosts are left alone", truth}
    {
    }

    void on_event(const Event& event) override
    {
        const auto* order = std::get_if<OperatorOrder>(&event);
        if (order != nullptr && order->host) {
            asked_.insert_or_assign(order->id, Asked{*order, now()});
            let_go(*order);
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* answer = std::get_if<Answer>(&effect)) {
            const auto asked = asked_.extract(answer->order);
            if (asked && answer->accepted) {
                take(asked.mapped());
            }
            return;
        }
        const auto* record = std::get_if<Record>(&effect);
        if (record == nullptr || record->entry.what != JournalEntry::What::fencing ||
            record->entry.by != "knelld") {
            return;
        }
        const auto& host = *record->entry.host;
        judge(truth_.policy(host).precious.empty(), host, "it is never fenced automatically");
        const auto until = planned_.find(host);
        judge(until == planned_.end() || until->second <= now(), host, "its maintenance goes on");
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* started = std::get_if<Started>(&fact)) {
            asked_.clear();
            if (!started->ages_known) {
                planned_.clear();
            }
        }
    }

private:
    struct Asked {
        OperatorOrder order;
        Instant at;
    };

    /// It runs from the order; the answer waits for the disk, or for a process that was stopped.
    void take(const Asked& asked)
    {
        const auto& order = asked.order;
        const auto gone = let_go_at_.find(*order.host);
        if (order.what == OperatorOrder::What::begin_maintenance &&
            (gone == let_go_at_.end() || gone->second < asked.at)) {
            planned_[*order.host] = asked.at + order.lasting;
        }
    }
    /// Whoever says that it need not be left alone any longer means from now on, whenever that
    /// becomes durable.
    void let_go(const OperatorOrder& order)
    {
        if (order.what == OperatorOrder::What::end_maintenance ||
            order.what == OperatorOrder::What::fence) {
            planned_.erase(*order.host);
            let_go_at_[*order.host] = now();
        }
    }
    std::map<OrderId, Asked> asked_;
    std::map<HostId, Instant> planned_; ///< until when
    std::map<HostId, Instant> let_go_at_;
};

} // namespace

std::unique_ptr<Oracle> planned_work_and_precious_hosts_are_left_alone(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
