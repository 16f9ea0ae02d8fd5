// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace knell::control {

namespace json = boost::json;

/// A blocking client, five seconds patient.
class Client {
public:
    explicit Client(const std::filesystem::path& path)
        : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        const timeval patience{5, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        connected_ =
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    bool send(std::string_view bytes) const
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
    /// Without its newline; empty when the server has hung up, or kept silent.
    std::string line()
    {
        std::array<char, 4096> chunk{};
        for (;;) {
            if (const auto end = in_.find('\n'); end != std::string::npos) {
                auto found = in_.substr(0, end);
                in_.erase(0, end + 1);
                return found;
            }
            const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
            if (got <= 0) {
                hung_up_ = got == 0 || errno == ECONNRESET;
                return {};
            }
            in_.append(chunk.data(), static_cast<std::size_t>(got));
        }
    }
    json::object ask(std::string_view bytes)
    {
        send(bytes);
        const auto answer = line();
        return answer.empty() ? json::object{} : json::parse(answer).as_object();
    }
    json::object call(std::string_view method, json::object params = {})
    {
        return ask(
            json::serialize(json::object{
                {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}) +
            "\n");
    }
    [[nodiscard]] bool hung_up()
    {
        while (!hung_up_ && !line().empty()) {
        }
        return hung_up_;
    }

private:
    int socket_;
    bool connected_ = false;
    bool hung_up_ = false;
    std::string in_;
};

inline int code_of(const json::object& response)
{
    const auto* error = response.if_contains("error");
    return error == nullptr ? 0 : error->at("code").to_number<int>();
}

} // namespace knell::control
