// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace knell::http {

struct Tls {
    bool verify = true;           ///< the peer's certificate and its name, both or neither
    std::string ca_file;          ///< PEM bundle; empty: the system's
    std::string certificate_file; ///< PEM, for servers that ask for one
    std::string key_file;         ///< PEM

    friend bool operator==(const Tls&, const Tls&) = default;
};

/// Values are secrets because one of them usually is a token.
struct Header {
    std::string name;
    Secret value;
};

enum class Repetition {
    harmless, ///< the same request twice does what it does once
    harmful   ///< goes out on a connection of its own, so that it is never sent twice
};

enum class Proxy { none, from_environment };

struct Request {
    std::string method = "GET";
    std::string url; ///< http or https
    std::vector<Header> headers;
    Secret body;
    Repetition repetition = Repetition::harmful;
    Duration connect = 2s; ///< at most, for name, TCP and TLS together
    Instant reply_by{};    ///< the whole answer must have arrived by then
    Tls tls;
    Proxy proxy = Proxy::none;
    std::size_t most_body = std::size_t{4} << 20; ///< bytes; a longer answer counts as lost
    /// Asked last, when there is a connection and before the first byte: why it must not go out.
    /// Null: nothing speaks against it.
    std::function<std::optional<std::string>()> objection;
};

struct Response {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// The first header of that name, in whatever case it came (RFC 9110, 5.1).
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// Nothing of the request can have reached the server.
struct NotSent {
    std::string why;
};

/// The server may have got the request and may have acted on it, or may yet.
struct Lost {
    std::string why;
};

using Outcome = std::variant<Response, NotSent, Lost>;

} // namespace knell::http
