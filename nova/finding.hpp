// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>

namespace knell::nova {

/// What one question to Nova came to.
struct Finding {
    NovaOutcome outcome = NovaOutcome::unknown;
    NovaRefusal refusal = NovaRefusal::none;
    std::optional<bool> forced_down;
    std::optional<Duration> retry_after;
    std::string request_id; ///< of Nova's answer, if it was a good one; nova-api's log has it too
    std::string detail;
    bool may_land = false; ///< a write left, and what became of it is not known
};

[[nodiscard]] Finding unknown(std::string detail);
[[nodiscard]] Finding refused(NovaRefusal refusal, std::string detail);

[[nodiscard]] bool success(const http::Response& response);
/// What a status other than success means (Compute API reference, "Faults").
[[nodiscard]] Finding judge(const http::Response& response);
/// The peer's x-openstack-request-id if it looks like one; else empty.
[[nodiscard]] std::string request_id(const http::Response& response);
/// "Nova answered HTTP 403: its own words (request id)", by the name of who answered.
[[nodiscard]] std::string described(const char* who, const http::Response& response);

} // namespace knell::nova
