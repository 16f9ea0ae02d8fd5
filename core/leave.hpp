// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <memory>

namespace knell {

/// A write's leave to set out. Between the wish and the first byte lie a token, a lookup, a
/// connection: so whoever sends it looks at this last. Copies are one and the same leave.
class Leave {
public:
    explicit Leave(Instant until = Instant::max()) : until_{until} {}

    /// What has not set out does not any more.
    void revoke() const noexcept { *stands_ = false; }

    [[nodiscard]] bool revoked() const noexcept { return !*stands_; }
    /// What the write rests on has grown old after that.
    [[nodiscard]] Instant until() const noexcept { return until_; }

private:
    Instant until_;
    std::shared_ptr<bool> stands_ = std::make_shared<bool>(true);
};

} // namespace knell
