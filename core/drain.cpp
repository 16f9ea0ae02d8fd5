// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/drain.hpp"

#include <algorithm>

namespace knell {

void Drain::doubt(Instant until)
{
    until_ = std::max(until_.value_or(until), until);
}

void Drain::on_unset(Instant asked_at)
{
    if (until_ && asked_at >= *until_) {
        until_.reset();
    }
}

Duration Drain::left(Instant now) const
{
    return flows(now) ? *until_ - now : Duration{};
}

} // namespace knell
