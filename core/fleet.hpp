// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/view.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace knell {

/// Every decision knell makes, for all hosts. Pure: the same calls with the
/// same times give the same effects, and nothing else happens.
class Fleet {
public:
    Fleet(const Policy& policy, Recollection past);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Once, before anything else: takes up what the last process left open.
    [[nodiscard]] Effects begin(Instant now);
    [[nodiscard]] Effects on_event(Instant now, const Event& event);
    [[nodiscard]] Effects on_time(Instant now);
    /// When on_time() wants to be called. Never far: a late wake-up is how knell
    /// notices that it was stopped itself.
    [[nodiscard]] Instant deadline() const;

    /// Why another policy may not be taken up now, of each host in mid-episode that would change
    /// or go; empty: it may. Nothing happens.
    [[nodiscard]] std::vector<std::string> objections(const Policy& policy,
                                                      const Moves& moves = {}) const;
    /// Another policy, to which there is no objection, without losing what was seen.
    [[nodiscard]] Effects reload(Instant now, const Policy& policy, const Moves& moves = {});

    [[nodiscard]] FleetView view() const;
    [[nodiscard]] std::optional<HostView> view(const HostId& host) const;

private:
    struct House;

    void enter(Instant now, Effects& effects);
    void on_services(Instant now, const ServicesSeen& seen, Effects& effects);
    void on_recorded(Instant now, const Recorded& recorded, Effects& effects);
    void on_order(Instant now, const OperatorOrder& order, Effects& effects);
    void adopt(const GatePolicy& policy, Effects& effects);
    void set_mode(const OperatorOrder& order, Effects& effects);
    void set_hold(const OperatorOrder& order, Effects& effects);
    void stop_commands(Effects& effects);
    void keep(const OperatorOrder& order, JournalEntry::What what, const std::string& text,
              Effects& effects);
    void approve(Instant now, const OperatorOrder& order, Effects& effects);
    void readmit_all(Instant now, const OperatorOrder& order, Effects& effects);

    std::unique_ptr<House> house_;
};

} // namespace knell
