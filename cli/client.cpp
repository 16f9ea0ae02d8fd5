// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/client.hpp"

#include "cli/socket_groups.hpp"

#include <boost/json.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace knell::cli {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

/// An order is answered when it is on the disk; the loop answers the rest at once.
constexpr std::chrono::milliseconds patience = 30s;

std::string way_in(const std::vector<std::string>& groups)
{
    if (groups.empty()) {
        return "join a group named under `control` in knell.yaml";
    }
    std::string names;
    for (const auto& group : groups) {
        names += (names.empty() ? "" : &group == &groups.back() ? " or " : ", ") + group;
    }
    return "join " + names + " (usermod -aG " + groups.front() + " USER) and log in again";
}

std::string remedy_for(int error, const std::string& path)
{
    const auto start = "cannot reach knelld on " + path + ": ";
    switch (error) {
    case ENOENT:
        return start + "there is no such socket. Is knelld running? systemctl status knelld. If "
                       "it listens elsewhere, name it: knellctl --socket PATH";
    case ECONNREFUSED:
        return start + "nobody answers; knelld has ended. Look why: journalctl -u knelld -e";
    case EACCES:
        return start + "you may not. Use sudo, or " + way_in(groups_let_in(path));
    default:
        return start + std::strerror(error);
    }
}

} // namespace

std::variant<Client, Unreachable> Client::connect(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return Unreachable{"the path of the socket must have 1 to 107 bytes: " + path};
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Client client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (client.socket_ < 0 || ::connect(client.socket_, reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address) != 0) {
        return Unreachable{remedy_for(errno, path)};
    }
    return client;
}

Client::Client(Client&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, in_{std::move(other.in_)}
{
}

Client::~Client()
{
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

std::optional<json::object> Client::next_object(std::optional<std::chrono::milliseconds> limit)
{
    const auto end = std::chrono::steady_clock::now() + limit.value_or(0ms);
    std::array<char, 16384> chunk{};
    for (;;) {
        if (const auto newline = in_.find('\n'); newline != std::string::npos) {
            boost::system::error_code error;
            auto value = json::parse(std::string_view{in_}.substr(0, newline), error);
            in_.erase(0, newline + 1);
            if (error || !value.is_object()) {
                return std::nullopt;
            }
            return std::move(value.get_object());
        }
        if (limit) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                end - std::chrono::steady_clock::now());
            pollfd ready{socket_, POLLIN, 0};
            if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
                return std::nullopt;
            }
        }
        const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return std::nullopt;
        }
        in_.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

Answer Client::call(std::string_view method, json::object params)
{
    const auto request =
        json::serialize(json::object{
            {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}) +
        "\n";
    // A connection that is turned away has its reason waiting: read it all the same.
    std::string_view left = request;
    while (!left.empty()) {
        const auto sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            break;
        }
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    for (;;) {
        auto object = next_object(patience);
        if (!object) {
            return Lost{"knelld gave no answer to `" + std::string{method} +
                        "`; whether it was carried out is not known. Look: knellctl status, "
                        "journalctl -u knelld -e"};
        }
        if (object->contains("method")) {
            continue;
        }
        if (auto* error = object->if_contains("error"); error != nullptr && error->is_object()) {
            const auto* code = error->get_object().if_contains("code");
            const auto* text = error->get_object().if_contains("message");
            return Refusal{code != nullptr && code->is_int64() ? static_cast<int>(code->get_int64())
                                                               : 0,
                           text != nullptr && text->is_string() ? std::string{text->get_string()}
                                                                : "an error without a text"};
        }
        auto* result = object->if_contains("result");
        if (result != nullptr && result->is_object()) {
            return std::move(result->get_object());
        }
        return Lost{"knelld's answer to `" + std::string{method} +
                    "` cannot be understood; are knellctl and knelld of one version?"};
    }
}

std::optional<json::object> Client::next_notice()
{
    while (auto object = next_object(std::nullopt)) {
        auto* params = object->if_contains("params");
        if (params != nullptr && params->is_object()) {
            return std::move(params->get_object());
        }
    }
    return std::nullopt;
}

} // namespace knell::cli
