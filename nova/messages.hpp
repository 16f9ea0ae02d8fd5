// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"
#include "nova/cloud_settings.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What Keystone and Nova say, read as if they meant harm: nesting, lengths and
/// types are checked, and what is shown to people is cut and stripped.
/// Sources: Identity API v3, Compute API reference, "Microversion history".
namespace knell::nova {

struct Unreadable {
    std::string why;
};

template <class T>
using Parsed = std::variant<T, Unreadable>;

struct Microversion {
    unsigned major = 0;
    unsigned minor = 0;
    friend auto operator<=>(const Microversion&, const Microversion&) = default;
};

[[nodiscard]] std::string to_string(Microversion version); ///< "2.53"

// What we need of the "Microversion history".
inline constexpr Microversion knows_forced_down{2, 11};
inline constexpr Microversion knows_host_status{2, 16};
inline constexpr Microversion writes_by_id{2, 53};
/// From here on what lies in an unreachable cell is shown with less, not left out.
inline constexpr Microversion shows_unreachable{2, 69};

struct VersionRange {
    Microversion least;
    Microversion most;

    /// `wanted`, or what comes nearest to it.
    [[nodiscard]] Microversion nearest(Microversion wanted) const;
    /// "this Nova speaks at most 2.10, and forced_down needs 2.11"
    [[nodiscard]] std::string too_old_for(const char* what, Microversion needed) const;
};

struct Endpoint {
    std::string interface; ///< "public", "internal", "admin"
    std::string region;
    std::string url;
};

/// The body of a token answer; the token itself is in a header.
struct TokenDocument {
    Duration lifetime{}; ///< expires_at - issued_at: no clock of ours has a say
    std::vector<Endpoint> compute;
};

/// One record of os-services. What an unreachable cell hides is absent.
struct ServiceRecord {
    std::string binary;
    std::string host;
    std::string id;                  ///< a UUID from 2.53 on; else empty
    std::optional<bool> forced_down; ///< from 2.11 on
    std::optional<bool> disabled;    ///< `status`
    std::optional<bool> up;          ///< `state`
    std::string disabled_reason;     ///< one line; mostly empty
};

struct ServersSample {
    unsigned sampled = 0; ///< servers of that host with a host_status
    unsigned down = 0;
    unsigned others = 0; ///< servers of another host, or without host_status
};

[[nodiscard]] Parsed<TokenDocument> parse_token(std::string_view body);
/// The answer to GET .../v2.1/
[[nodiscard]] Parsed<VersionRange> parse_version(std::string_view body);
[[nodiscard]] Parsed<std::vector<ServiceRecord>> parse_services(std::string_view body);
[[nodiscard]] Parsed<ServersSample> parse_servers(std::string_view body, std::string_view host);

/// At most 400 bytes and " ..." of a text, in one line, as UTF-8 without control characters. What
/// is none is "?".
[[nodiscard]] std::string one_line(std::string_view text);
/// The peer's own words about an error: one line of at most 400 bytes without
/// control characters; empty if there are none.
[[nodiscard]] std::string fault_message(std::string_view body);
[[nodiscard]] bool looks_like_html(std::string_view body);
/// 400 to forced_down=false while evacuations from the host are not finished
/// (nova/api/openstack/compute/services.py, since 24.0.0).
[[nodiscard]] bool tells_of_unfinished_evacuations(std::string_view message);

/// The body of POST /v3/auth/tokens.
[[nodiscard]] Secret token_request(const CloudSettings& settings);
[[nodiscard]] std::string force_down_by_host(std::string_view host, bool forced_down);
[[nodiscard]] std::string force_down_by_id(bool forced_down);

/// `auth_url`, with or without /v3 and slash, to .../v3/auth/tokens.
[[nodiscard]] std::string token_url(std::string_view auth_url);
/// The compute endpoint that fits; nothing if none does. An empty region fits all.
[[nodiscard]] std::optional<std::string> choose_endpoint(const std::vector<Endpoint>& endpoints,
                                                         std::string_view interface,
                                                         std::string_view region);
/// ".../v2.1" and ".../v2.1/{project}/" to ".../v2.1/", where the versions are told.
[[nodiscard]] std::string version_root(std::string_view endpoint);
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace knell::nova
