// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/view.hpp"

#include <optional>
#include <string>

namespace knell {

/// Work that somebody announced. Until it ends its host is left alone; that it is about to end
/// is said before it does.
class PlannedWork {
public:
    enum class Kind {
        goodbye, ///< the agent said that the host is being shut down; a new boot ends it
        order    ///< an operator's word; only time or an operator ends it
    };
    /// Takes the place of what was announced before.
    void begin(Instant now, Kind kind, std::string by, std::string reason, Duration lasting);
    void end() noexcept { work_.reset(); }

    [[nodiscard]] bool under_way() const noexcept { return work_.has_value(); }
    [[nodiscard]] bool is(Kind kind) const noexcept { return work_ && work_->kind == kind; }
    [[nodiscard]] Instant since() const noexcept { return work_ ? work_->since : Instant{}; }
    [[nodiscard]] bool over(Instant now) const noexcept;
    /// True once, a while before the end.
    [[nodiscard]] bool ends_soon(Instant now);
    [[nodiscard]] std::optional<PlannedView> view() const;

private:
    struct Work {
        Kind kind;
        std::string by, reason;
        Instant since, until;
        bool warned = false;
    };
    std::optional<Work> work_;
};

/// By somebody, not by nova-compute itself.
[[nodiscard]] bool disabled_by_hand(const ServiceSeen& service);

} // namespace knell
