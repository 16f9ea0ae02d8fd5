// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/view.hpp"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace knell {

/// Proof that our eyes worked: on each network named, answers came without a gap
/// from before the host's first silence on, and somebody else answered a question
/// that we asked after its last one. Issued by Vantage; no verdict on silence without it.
class Sight {
public:
    [[nodiscard]] const HostId& about() const noexcept { return about_; }

private:
    friend class Vantage;
    explicit Sight(HostId about) : about_{std::move(about)} {}
    HostId about_;
};

/// Our own ability to see. Doubt about ourselves comes before doubt about others.
class Vantage {
public:
    struct Silence {
        NetworkId network;
        Instant first; ///< when the first and the last question of an unbroken row of
        Instant last;  ///< unanswered ones were asked; the same if it was never heard at all
    };

    /// `pace`: how often somebody on each network is asked who proves that we see: its sentinels,
    /// or each of its hosts.
    Vantage(VantagePolicy policy, std::map<NetworkId, Duration> pace);

    /// Every entry into core passes here first. If we come much later than we wanted to be
    /// woken, we were stopped ourselves: returns for how long. What we missed meanwhile is void.
    [[nodiscard]] std::optional<Duration> observe(Instant now);

    /// Says when our view was lost or came back.
    void on_sentinel(const SentinelResult& result, Effects& effects);
    /// Our interface, or the kernel beneath it: a network that is dark shows nothing.
    void on_eyes(Instant now, const EyesReport& report, Effects& effects);
    /// Other sentinels, other numbers; what those that stay have shown is kept.
    void adopt(VantagePolicy policy, std::map<NetworkId, Duration> pace);
    /// Another host's beat is as good as a sentinel's where a network has no sentinel.
    void on_beat(const HostId& host, const NetworkId& network, Instant asked_at, Effects& effects);
    /// A host is dead by its rule, and sight() gave no proof that we could see these silences.
    /// Lasts it, it is said, until somebody answers there, or nobody is in doubt any more.
    void on_blindness(Instant now, std::span<const Silence> silences, Effects& effects);

    /// Since when we have looked without being stopped.
    [[nodiscard]] Instant looking_since() const noexcept { return clear_since_; }
    /// A silence on this network counts only if its question was asked after this.
    [[nodiscard]] Instant clear_since(const NetworkId& network) const;

    /// Somebody answers on this network at present.
    [[nodiscard]] bool sees(Instant now, const NetworkId& network) const;

    [[nodiscard]] std::optional<Sight> sight(const HostId& about,
                                             std::span<const Silence> silences) const;

    [[nodiscard]] Instant deadline() const noexcept { return expected_; }
    /// Why our view is in doubt at present; empty if it is clear.
    [[nodiscard]] std::string doubt() const;
    [[nodiscard]] std::vector<SentinelView> sentinels() const;

private:
    struct Sentinel {
        SentinelPolicy policy;
        unsigned silences = 0;             ///< in a row
        unsigned answers = 0;              ///< in a row
        std::optional<Instant> answered{}; ///< when the last answered question was asked
        bool told = false;                 ///< that it is silent
    };
    /// Answers on one network that follow each other without a gap.
    struct Run {
        Instant since; ///< when the question behind the first answer was asked
        Instant until;
    };
    [[nodiscard]] bool saw(const HostId& about, const Silence& silence) const;
    [[nodiscard]] bool has_sentinel(const NetworkId& network) const;
    [[nodiscard]] bool dark(const NetworkId& network) const;
    [[nodiscard]] static bool gone(const Sentinel& sentinel);
    void extend_run(const NetworkId& network, Instant asked_at);
    /// Between two answers that belong to one run.
    [[nodiscard]] Duration longest_gap(const NetworkId& network) const;
    void tell(Effects& effects);
    void tell_of(Sentinel& sentinel, Effects& effects) const;
    /// By network: why it shows us nothing at present.
    [[nodiscard]] std::map<NetworkId, std::string> lost_networks() const;
    [[nodiscard]] std::pair<unsigned, unsigned> answering(const NetworkId& network) const;
    /// On some network.
    [[nodiscard]] bool blind() const;

    VantagePolicy policy_;
    std::map<NetworkId, Duration> pace_;
    std::vector<Sentinel> sentinels_;
    std::map<std::pair<NetworkId, HostId>, Instant> beats_;
    std::map<NetworkId, Run> runs_;
    std::map<std::pair<NetworkId, std::string>, std::string> dark_; ///< by organ: why
    std::map<NetworkId, Instant> lit_since_;
    Instant clear_since_{};
    Instant expected_{};
    struct Blindness {
        Instant since;
        Instant last;
    };
    std::map<NetworkId, Blindness> blindness_;
    Instant now_{};
    bool started_ = false;
    std::set<NetworkId> told_lost_;
    bool told_blind_ = false;
};

} // namespace knell
