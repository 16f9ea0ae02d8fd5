// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/daemon/metrics/http_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace knell::metrics {

HttpClient::HttpClient(std::uint16_t port, bool v6)
    : socket_{::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
{
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_loopback;
    connected_ = v6 ? ::connect(socket_, reinterpret_cast<sockaddr*>(&six), sizeof six) == 0
                    : ::connect(socket_, reinterpret_cast<sockaddr*>(&four), sizeof four) == 0;
}

HttpClient::~HttpClient()
{
    ::close(socket_);
}

bool HttpClient::send(std::string_view bytes) const
{
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool HttpClient::more()
{
    std::array<char, 4096> chunk{};
    const auto size = ::recv(socket_, chunk.data(), chunk.size(), 0);
    ended_ = size == 0;
    if (size > 0) {
        in_.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return size > 0;
}

std::optional<Response> HttpClient::receive(bool head)
{
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
        if (!more()) {
            return std::nullopt;
        }
    }
    Response response;
    std::istringstream lines{in_.substr(0, end + 2)};
    std::string version;
    lines >> version >> response.status;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        const auto colon = line.find(':');
        auto name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char letter) { return std::tolower(letter); });
        response.fields[name] = line.substr(colon + 2, line.size() - colon - 3);
    }
    in_.erase(0, end + 4);
    const auto length = std::stoul(response.fields.at("content-length"));
    while (!head && in_.size() < length) {
        if (!more()) {
            return std::nullopt;
        }
    }
    response.body = in_.substr(0, head ? 0 : length);
    in_.erase(0, response.body.size());
    return response;
}

std::optional<Response> HttpClient::get(const std::string& target)
{
    return send("GET " + target + " HTTP/1.1\r\nHost: knell\r\n\r\n") ? receive() : std::nullopt;
}

bool HttpClient::hung_up()
{
    while (more()) {
    }
    return ended_ && in_.empty();
}

} // namespace knell::metrics
