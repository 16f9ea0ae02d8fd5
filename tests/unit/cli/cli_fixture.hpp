// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/command_line.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace knell::cli {

namespace json = boost::json;

/// Stands in for knelld: answers each request line by a script, then hangs up.
class ScriptedServer {
public:
    using Script = std::function<std::string(const json::object& request)>;

    ScriptedServer()
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-cli-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_, 8);
    }
    ~ScriptedServer()
    {
        ::shutdown(listener_, SHUT_RDWR);
        if (thread_.joinable()) {
            thread_.join();
        }
        ::close(listener_);
        std::filesystem::remove_all(directory_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::string path() const { return directory_ / "control"; }

    /// For the connections to come. An empty answer hangs up.
    void play(Script script)
    {
        thread_ = std::thread{[this, script = std::move(script)] {
            for (int peer; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
                serve(peer, script);
            }
        }};
    }
    /// Look at it when run() has returned.
    std::vector<json::object> requests;

private:
    void serve(int peer, const Script& script)
    {
        std::string in;
        char byte = 0;
        while (::recv(peer, &byte, 1, 0) == 1) {
            in += byte;
            if (byte != '\n') {
                continue;
            }
            requests.push_back(json::parse(in).as_object());
            in.clear();
            const auto answer = script(requests.back());
            if (answer.empty() || ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
                return;
            }
        }
    }

    std::filesystem::path directory_;
    int listener_;
    std::thread thread_;
};

inline std::string result(const json::value& value)
{
    return json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", 1}, {"result", value}}) + "\n";
}

inline std::string error(int code, const std::string& text)
{
    return json::serialize(
               json::object{{"jsonrpc", "2.0"},
                            {"id", 1},
                            {"error", json::object{{"code", code}, {"message", text}}}}) +
           "\n";
}

struct Ended {
    Exit exit = Exit::ok;
    std::string out, err;
};

/// knellctl, in this process. `typed` is what the operator answers; nothing: nobody is there.
inline Ended knellctl(const std::vector<std::string>& arguments, const char* typed = nullptr)
{
    std::istringstream in{typed == nullptr ? "" : typed};
    std::ostringstream out, err;
    const auto exit = run(arguments, Terminal{in, out, err, typed != nullptr},
                          [](const std::string& file, Terminal& terminal) {
                              terminal.out << "checked " << file << '\n';
                              return Exit::ok;
                          });
    return {exit, out.str(), err.str()};
}

/// With the socket of `server` named first.
inline Ended knellctl(const ScriptedServer& server, std::vector<std::string> arguments,
                      const char* typed = nullptr)
{
    arguments.insert(arguments.begin(), {"--socket", server.path()});
    return knellctl(arguments, typed);
}

} // namespace knell::cli
