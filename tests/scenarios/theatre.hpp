// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "tests/scenarios/story.hpp"
#include "tests/scenarios/transcript.hpp"
#include "tests/simulation/world/datacentre.hpp"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace knell::scenarios {

/// What Nova and the way to it do to requests, until it is said otherwise.
struct NovaMood {
    enum class Who { everything, writes, keystone };
    sim::Fate fate;
    Who who = Who::everything;
    bool changed = false; ///< false: all is well
};

/// One story, played: its world, with knelld in it, and everybody who acts in it.
class Theatre {
public:
    /// Throws Malformed, also for a knell.yaml that knelld would refuse.
    explicit Theatre(const Story& story);

    /// What `expect` should hold: a line each.
    [[nodiscard]] std::vector<std::string> play();

    // For the verbs.
    [[nodiscard]] sim::Datacentre& world() noexcept { return world_; }
    [[nodiscard]] NovaMood& nova() noexcept { return mood_; }
    [[nodiscard]] const Story& story() const noexcept { return story_; }
    /// The last heartbeats of each host, as anybody on the wire could have recorded them.
    [[nodiscard]] std::deque<std::pair<std::size_t, sim::Agents::Packet>>&
    recorded(const HostId& host)
    {
        return recorded_[host];
    }
    void operate(const std::string& command, unsigned line);
    void reload(const std::string& yaml, unsigned line);

private:
    struct Waiting {
        Cue cue;
        bool came = false;
    };
    void cue(const Cue& cue);
    void on_word(std::string_view word, const HostId* host);
    void listen();
    [[nodiscard]] sim::Fate fate_of(const http::Request& request) const;
    void conclude(std::vector<std::string>& lines) const;
    [[nodiscard]] std::string standing(const sim::Machine& machine) const;

    const Story& story_;
    config::Config config_;
    sim::Datacentre world_;
    Instant began_;
    Transcript* transcript_; ///< among the world's oracles
    NovaMood mood_;
    std::list<Waiting> waiting_;
    std::map<HostId, std::deque<std::pair<std::size_t, sim::Agents::Packet>>> recorded_;
};

} // namespace knell::scenarios
