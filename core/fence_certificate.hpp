// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <string>

namespace knell {

/// Proof that a host was powered off. Only FenceProcedure can issue one, and
/// only from settled power readings or an operator's word. It is never read
/// back from disk: after a restart the power is read again.
///
/// Nova's force_down() takes a certificate and nothing else, so a host that
/// was not fenced cannot be forced down, and neither can the wrong host.
class FenceCertificate {
public:
    enum class Grounds {
        powered_off,  ///< we commanded it and read it off, `settle` apart
        operator_word ///< a named operator vouches for it
    };

    [[nodiscard]] const HostId& host() const noexcept { return host_; }
    [[nodiscard]] EpisodeId episode() const noexcept { return episode_; }
    [[nodiscard]] Grounds grounds() const noexcept { return grounds_; }
    [[nodiscard]] Instant verified_at() const noexcept { return verified_at_; }
    [[nodiscard]] const std::string& witness() const noexcept { return witness_; }

    /// A person's word does not age; a reading does.
    [[nodiscard]] bool fresh(Instant now, Duration most) const noexcept
    {
        return grounds_ == Grounds::operator_word || now - verified_at_ <= most;
    }

private:
    friend class FenceProcedure;
    FenceCertificate(HostId host, EpisodeId episode, Grounds grounds, Instant verified_at,
                     std::string witness)
        : host_{std::move(host)}, episode_{episode}, grounds_{grounds},
          verified_at_{verified_at}, witness_{std::move(witness)}
    {
    }

    HostId host_;
    EpisodeId episode_;
    Grounds grounds_;
    Instant verified_at_; ///< when the last reading was *asked for*: never younger than the truth
    std::string witness_; ///< the fence device, or the operator, that vouches for it
};

} // namespace knell
