// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <optional>

namespace knell {

/// Writes of ours to Nova's flag of which we do not know what became. One that was given up may
/// take effect for as long as a request lives, and only a reading asked for after that tells how
/// it ended: until then no episode ends, and no flag is called somebody else's.
class Drain {
public:
    /// A write left us, and may take effect until then.
    void doubt(Instant until);
    /// Nova, asked at `asked_at`, shows no flag.
    void on_unset(Instant asked_at);

    [[nodiscard]] bool unsure() const noexcept { return until_.has_value(); }
    /// A write may still take effect.
    [[nodiscard]] bool flows(Instant now) const { return until_ && now < *until_; }
    /// For how long at most.
    [[nodiscard]] Duration left(Instant now) const;

private:
    std::optional<Instant> until_;
};

} // namespace knell
