// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "daemon/metrics/facts.hpp"
#include "daemon/metrics/snapshot.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string>
#include <vector>

namespace knell::metrics {

/// What is asked of the outside and answered by an event.
enum class Request { journal, force_down, clear, read, servers };

/// Everything that Prometheus may ask of knelld: what is so now, taken as Facts at a scrape, and
/// how long things took, measured here from what knelld says, asks and hears. The names are
/// explained in knell-metrics(7).
///
/// On the loop's thread. It decides nothing, and nothing waits for it.
class Collector {
public:
    struct Sources {
        std::function<Facts(Instant now)> facts;
        /// When HOST_FAILED is said: how long had its fallen monitors been without a beat?
        std::function<std::optional<HostView>(const HostId&)> host;
    };
    /// Facts are taken and written out at most so often, however many ask.
    static constexpr Duration freshness = 1s;

    explicit Collector(Sources sources);

    void on_notice(Instant now, const Notice& notice);
    void on_request(Instant now, Request what, AttemptId attempt);
    void on_event(Instant now, const Event& event);
    void on_lag(Duration lag);

    /// Text exposition format 0.0.4.
    [[nodiscard]] std::shared_ptr<const std::string> exposition(Instant now);
    /// Why knelld would not do its whole work now, a sentence each; empty: it would.
    [[nodiscard]] const std::vector<std::string>& not_ready(Instant now);

private:
    /// One episode of one host, as far as it was told.
    struct Incident {
        EpisodeId episode{0};
        std::optional<Instant> suspected;
        std::optional<Instant> failed;
        std::optional<Instant> fencing;
        std::optional<Instant> forced_down;
        bool fenced = false;
        std::string guard; ///< that held it last
    };
    struct Asked {
        Request what;
        Instant at;
    };
    using Histograms = prometheus::Family<prometheus::Histogram>;
    using Counters = prometheus::Family<prometheus::Counter>;

    void refresh(Instant now);
    void follow(Instant now, const Notice& notice, Incident& incident);
    void on_failed(Instant now, const HostId& host, Incident& incident);
    void end_fence(Instant now, Incident& incident, const std::string& result);
    void count(Counters& counters, const char* label, std::string_view value);
    void answered(Instant now, AttemptId attempt, const std::string& code);

    Sources sources_;
    Snapshot snapshot_;
    prometheus::Registry registry_;
    prometheus::Histogram& detection_;
    prometheus::Histogram& suspicion_;
    prometheus::Histogram& fence_;
    prometheus::Histogram& forced_down_;
    prometheus::Histogram& servers_down_;
    prometheus::Histogram& journal_write_;
    prometheus::Histogram& lag_;
    Histograms& nova_seconds_;
    Counters& nova_requests_;
    Counters& nova_drift_;
    Counters& fences_;
    Counters& blocked_;
    prometheus::Counter& journal_errors_;
    prometheus::Counter& stalls_;

    std::map<HostId, Incident> incidents_;
    std::map<AttemptId, Asked> asked_; ///< not answered yet
    std::optional<Instant> taken_at_;
    std::shared_ptr<const std::string> text_;
    std::vector<std::string> not_ready_;
};

} // namespace knell::metrics
