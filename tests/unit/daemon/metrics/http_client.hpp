// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace knell::metrics {

struct Response {
    int status = 0;
    std::map<std::string, std::string> fields; ///< names in lower case
    std::string body;
};

/// A blocking client of the loopback, ten seconds patient; it sends whatever bytes it is told.
class HttpClient {
public:
    explicit HttpClient(std::uint16_t port, bool v6 = false);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    bool send(std::string_view bytes) const;
    /// The next response; nothing when the server hung up or kept silent. `head`: to a HEAD.
    [[nodiscard]] std::optional<Response> receive(bool head = false);
    [[nodiscard]] std::optional<Response> get(const std::string& target);
    /// The server has closed, with nothing more to say.
    [[nodiscard]] bool hung_up();

private:
    bool more();

    int socket_;
    bool connected_ = false;
    bool ended_ = false;
    std::string in_;
};

} // namespace knell::metrics
