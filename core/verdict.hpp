// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <string>

namespace knell {

/// "This host has failed": issued by Suspicion once every monitor has fallen
/// while we could see, or on an operator's order.
class FailureVerdict {
public:
    enum class Source { monitors, operator_order };

    [[nodiscard]] const HostId& host() const noexcept { return host_; }
    [[nodiscard]] Source source() const noexcept { return source_; }
    [[nodiscard]] Instant reached_at() const noexcept { return reached_at_; }
    [[nodiscard]] const std::string& evidence() const noexcept { return evidence_; }

private:
    friend class Suspicion;
    FailureVerdict(HostId host, Source source, Instant reached_at, std::string evidence)
        : host_{std::move(host)}, source_{source}, reached_at_{reached_at}, evidence_{
                                                                                std::move(evidence)}
    {
    }

    HostId host_;
    Source source_;
    Instant reached_at_;
    std::string evidence_; ///< what was silent for how long, or whose order it was
};

/// Leave to power one host off, issued by FenceGate when fencing is armed and
/// the budget allows it. Move-only: one permit starts one procedure.
class FencePermit {
public:
    FencePermit(FencePermit&&) = default;
    FencePermit& operator=(FencePermit&&) = default;
    FencePermit(const FencePermit&) = delete;
    FencePermit& operator=(const FencePermit&) = delete;
    ~FencePermit() = default;

    [[nodiscard]] const FailureVerdict& verdict() const noexcept { return verdict_; }
    [[nodiscard]] const HostId& host() const noexcept { return verdict_.host(); }
    [[nodiscard]] EpisodeId episode() const noexcept { return episode_; }

private:
    friend class FenceGate;
    FencePermit(FailureVerdict verdict, EpisodeId episode)
        : verdict_{std::move(verdict)}, episode_{episode}
    {
    }

    FailureVerdict verdict_;
    EpisodeId episode_;
};

} // namespace knell
