// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/metrics/guard.hpp"

#include <algorithm>

namespace knell::metrics {

namespace {

/// The first row whose words all occur, in this order, decides; so what is more particular
/// comes first.
struct Row {
    std::string_view first;
    std::string_view then;
    std::string_view guard;
};

constexpr Row rows[] = {
    {"observing only", "", "mode"},
    {"everything is on hold", "", "hold"},
    {"it is never fenced automatically", "", "precious"},
    {"nova-compute is disabled by hand", "", "planned"},
    {"silent when its maintenance ended", "", "planned"},
    {"Nova does not answer", "", "nova"},
    {" of the ", " are silent at the same time", "domain"},
    {" are silent at the same time", "", "storm"},
    {"the budget of ", " fences in ", "domain_budget"},
    {"the budget of ", " is spent", "budget"},
    {"are down by knell's hand", "", "down_at_once"},
    {"it has no fence device", "", "device"},
    {"its BMC cannot be told from another", "", "device"},
};

} // namespace

std::string_view guard_of(std::string_view text)
{
    for (const auto& row : rows) {
        const auto first = text.find(row.first);
        if (first != std::string_view::npos &&
            text.find(row.then, first + row.first.size()) != std::string_view::npos) {
            return row.guard;
        }
    }
    return "other";
}

const std::vector<std::string_view>& guards()
{
    static const auto all = [] {
        std::vector<std::string_view> names{"other"};
        for (const auto& row : rows) {
            if (std::find(names.begin(), names.end(), row.guard) == names.end()) {
                names.push_back(row.guard);
            }
        }
        return names;
    }();
    return all;
}

} // namespace knell::metrics
