// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace knell::cli {

/// There is no knelld to talk to. The text holds the remedy.
struct Unreachable {
    std::string text;
};

/// knelld answered with an error; codes in daemon/control/methods.hpp.
struct Refusal {
    int code = 0;
    std::string text;
};

/// The connection ended, or was silent too long, when an answer was due.
struct Lost {
    std::string text;
};

using Answer = std::variant<boost::json::object, Refusal, Lost>;

/// A synchronous JSON-RPC client on knelld's control socket.
class Client {
public:
    [[nodiscard]] static std::variant<Client, Unreachable> connect(const std::string& path);

    Client(Client&& other) noexcept;
    Client& operator=(Client&&) = delete;
    ~Client();

    [[nodiscard]] Answer call(std::string_view method, boost::json::object params);
    /// Waits for the next notice, for ever; nothing when the connection ends.
    [[nodiscard]] std::optional<boost::json::object> next_notice();

private:
    explicit Client(int socket) noexcept : socket_{socket} {}
    [[nodiscard]] std::optional<boost::json::object>
    next_object(std::optional<std::chrono::milliseconds> patience);

    int socket_;
    std::string in_;
};

} // namespace knell::cli
