// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/host_state.hpp"

namespace knell {

std::string_view name_of(HostState state) noexcept
{
    switch (state) {
    case HostState::unseen:
        return "Unseen";
    case HostState::healthy:
        return "Healthy";
    case HostState::suspected:
        return "Suspected";
    case HostState::held:
        return "Held";
    case HostState::fencing:
        return "Fencing";
    case HostState::fence_failed:
        return "FenceFailed";
    case HostState::fenced:
        return "Fenced";
    case HostState::down:
        return "Down";
    case HostState::returning:
        return "Returning";
    case HostState::readmitting:
        return "Readmitting";
    case HostState::disputed:
        return "Disputed";
    case HostState::parked:
        return "Parked";
    case HostState::maintenance:
        return "Maintenance";
    }
    return {};
}

} // namespace knell
