// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace knell::cli {

/// How soon somebody should look: 0 now, 1 it goes its way, 2 all is well.
[[nodiscard]] int urgency_of(std::string_view state);

/// Held, and an approval of the plan would let it be fenced.
enum class InPlan { no, yes };

/// What knell does next in this state, and what the operator can do; whole
/// sentences. Empty where there is nothing to do.
[[nodiscard]] std::string advice_for(std::string_view state, std::string_view host,
                                     InPlan in_plan = InPlan::no);

} // namespace knell::cli
