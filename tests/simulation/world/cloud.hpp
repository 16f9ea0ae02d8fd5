// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/dice.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace knell::sim {

/// On what knelld's word to Nova rested.
struct Word {
    Instant proven_at{};
    bool believed_a_lie = false;
};

using Words = std::map<HostId, Word>;

/// One nova-compute in Nova's database.
struct Service {
    std::string uuid;
    bool forced_down = false;
    std::set<Hand> hands; ///< of those who set it
    Word word;            ///< of knelld's, when it set it
    bool disabled = false;
    std::string disabled_reason;
    bool deleted = false; ///< Nova does not list it any more
    bool before = false;  ///< forced_down as a stale read may show it
    Instant changed_at{};
    bool forgotten = false; ///< its database lost a commit, ever
};

struct Guest {
    HostId home; ///< where Nova has it
    bool moving = false;
};

struct Evacuation {
    std::string guest;
    HostId from, to;
    std::set<Hand> hands; ///< whose flag it was that began it
    Word word;
    bool completed = false;
};

/// Nova's truth, and those who act on it: its own scheduler, an evacuator that moves guests off
/// every forced_down host at once, and owners who start a guest that does not run where it should.
class Cloud {
public:
    explicit Cloud(Truth& truth);

    [[nodiscard]] Service& service(const HostId& host) { return services_.at(host); }
    [[nodiscard]] const Service& service(const HostId& host) const { return services_.at(host); }
    [[nodiscard]] const std::map<HostId, Service>& services() const { return services_; }
    [[nodiscard]] const std::map<std::string, Guest>& guests() const { return guests_; }
    /// Evacuations from it are `done`, and Nova will not clear its flag.
    [[nodiscard]] bool unfinished(const HostId& host) const;

    void set_flag(const HostId& host, bool set, Hand hand, const Word& word = {});
    /// The database loses the last change of it.
    void revert(const HostId& host, bool set, std::set<Hand> hands);
    void on_compute_start(const HostId& host);

    bool works = true;           ///< nobody can ask Nova anything while it does not
    bool leaves_records = false; ///< evacuations stay `done` although their host came back

private:
    void look_after_guests();
    void evacuate(const std::string& name, Guest& guest);
    void start(const std::string& name, const HostId& host, const Evacuation* moved);

    Truth& truth_;
    Dice dice_;
    std::map<HostId, Service> services_;
    std::map<std::string, Guest> guests_;
    std::vector<Evacuation> evacuations_;
};

} // namespace knell::sim
