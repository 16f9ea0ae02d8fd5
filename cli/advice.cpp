// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/advice.hpp"

#include <algorithm>
#include <array>

namespace knell::cli {

namespace {

/// `HOST` stands for the host's name.
struct Advice {
    std::string_view state;
    int urgency;
    std::string_view text;
};

constexpr std::string_view held_in_plan = "Held in the plan";

constexpr std::array<Advice, 14> table{{
    {"Disputed", 0,
     "knell touches nothing until you decide. A host proven off has spoken: look which machine the "
     "fence device really is, then `knellctl host release HOST --reason ...`."},
    {"FenceFailed", 0,
     "knell tries the devices again by itself. If you have seen that the host is off: `knellctl "
     "host confirm-off HOST --reason ...`. Check the BMC and its network meanwhile."},
    {"Held", 0,
     "knell fences it when the reason above is gone. To fence it now, while armed and not on hold: "
     "`knellctl host fence HOST --reason ...`; if you have seen that it is off: `knellctl host "
     "confirm-off HOST --reason ...`."},
    {held_in_plan, 0,
     "`knellctl plan show` tells why it is held and whether that ends by itself; `knellctl plan "
     "approve HOST --reason ...` lets it. If you have seen that it is off: `knellctl host "
     "confirm-off HOST --reason ...`."},
    {"Parked", 0,
     "It failed too often. When it is mended: `knellctl host release HOST --reason "
     "...`."},
    {"Suspected", 1, "knell decides by itself in a moment; nothing to do."},
    {"Fencing", 1,
     "knell is powering it off and reads the power until it is proven off; follow "
     "it with `knellctl watch`."},
    {"Fenced", 1,
     "It is proven off; knell is telling Nova. If this lasts, look at NOVA in "
     "`knellctl status`."},
    {"Down", 1,
     "Its servers may be evacuated now. Mend and boot it; knell clears its flag when the new boot "
     "is well. To clear it now: `knellctl host release HOST --reason ...`."},
    {"Returning", 1,
     "knell clears its flag when the new boot has been well for the hold-down time and "
     "nova-compute runs. At once: `knellctl readmit`."},
    {"Readmitting", 1,
     "knell is clearing its flag in Nova. Nova refuses while evacuations are "
     "unfinished; knell asks again."},
    {"Maintenance", 1,
     "It is left alone and not fenced until it is back, or its time is over. At once: `knellctl "
     "maintenance end HOST --reason ...`."},
    {"Unseen", 1,
     "knell has not heard it since its start and will not fence it by itself. Check its address, "
     "its agent and its key; if it is dead: `knellctl host fence HOST --reason ...`."},
    {"Healthy", 2, ""},
}};

const Advice* find(std::string_view state)
{
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Advice& advice) { return advice.state == state; });
    return found == table.end() ? nullptr : found;
}

} // namespace

int urgency_of(std::string_view state)
{
    const auto* advice = find(state);
    return advice == nullptr ? 0 : advice->urgency;
}

std::string advice_for(std::string_view state, std::string_view host, InPlan in_plan)
{
    const auto* advice = find(in_plan == InPlan::yes ? held_in_plan : state);
    std::string text{advice == nullptr ? std::string_view{} : advice->text};
    constexpr std::string_view mark = "HOST";
    for (auto at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + host.size())) {
        text.replace(at, mark.size(), host);
    }
    return text;
}

} // namespace knell::cli
