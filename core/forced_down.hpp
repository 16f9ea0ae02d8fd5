// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fence_certificate.hpp"

namespace knell {

/// Nova's flag as it was before we touched it.
struct FlagBefore {
    bool set = false; ///< by somebody else
    Instant seen_at{};
};

/// Nova has been seen to hold forced_down=true for this host by our own hand.
/// Issued by HostMachine on a read-back, or on a restart when journal and Nova
/// agree. An operator's forced_down never becomes one, so knell never clears it.
class ForcedDown {
public:
    [[nodiscard]] const HostId& host() const noexcept { return host_; }
    [[nodiscard]] EpisodeId episode() const noexcept { return episode_; }

private:
    friend class HostMachine;
    ForcedDown(HostId host, EpisodeId episode) : host_{std::move(host)}, episode_{episode} {}

    HostId host_;
    EpisodeId episode_;
};

/// Leave to clear that flag, issued by Readmission once a new boot of the host
/// has been well for long enough, or on an operator's word.
class Clearance {
public:
    [[nodiscard]] const HostId& host() const noexcept { return mark_.host(); }
    [[nodiscard]] EpisodeId episode() const noexcept { return mark_.episode(); }

private:
    friend class Readmission;
    explicit Clearance(ForcedDown mark) : mark_{std::move(mark)} {}

    ForcedDown mark_;
};

} // namespace knell
