// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/control_server.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace knell::control {

namespace json = boost::json;

/// A daemon that answers from values. Its orders are kept until a test looks.
class ScriptedOperations : public Operations {
public:
    FleetView fleet() override
    {
        FleetView view;
        view.mode = Mode::armed;
        view.mode_by = "configuration";
        view.clear = true;
        view.budget = 3;
        view.hosts.push_back(*host(HostId{"compute1"}));
        return view;
    }
    std::optional<HostView> host(const HostId& host) override
    {
        if (host != HostId{"compute1"}) {
            return std::nullopt;
        }
        return HostView{.host = host,
                        .state = "Healthy",
                        .since = read_now() - 90s,
                        .why = "all monitors beat",
                        .episode = EpisodeId{0},
                        .boot = BootId{"b1"},
                        .identity = std::nullopt,
                        .forced_down_by_us = false,
                        .nova_compute = true,
                        .monitors = {}};
    }
    Explanation explain(const HostId& host) override
    {
        return {{{.seq = 1,
                  .at = "2026-11-22T12:00:00.000000Z",
                  .boot_clock = {},
                  .entry = {.what = JournalEntry::What::fencing,
                            .host = host,
                            .episode = EpisodeId{7},
                            .boot = std::nullopt,
                            .by = "knelld",
                            .detail = "silent"}}},
                ""};
    }
    DaemonStatus status() override { return {true, "Nova answers", read_now(), {}}; }
    void order(OperatorOrder order, OnAnswer on_answer) override
    {
        orders.push_back(order);
        if (answers_later) {
            owed.push_back(std::move(on_answer));
        } else {
            on_answer(order.force, order.force ? "as you wish" : "the vantage is not clear");
        }
    }

    static Instant read_now() { return instant(std::chrono::steady_clock::now()); }

    std::vector<OperatorOrder> orders;
    std::vector<OnAnswer> owed;
    bool answers_later = false;
};

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

/// No user of any machine, one hopes.
constexpr uid_t somebody = 61000;

/// The raw calls change the credentials of the calling thread alone; glibc's
/// wrappers would change them in the whole process.
template <class Work>
void as(uid_t uid, gid_t gid, std::vector<gid_t> groups, Work work)
{
    std::thread{[&] {
        ASSERT_EQ(::syscall(SYS_setgroups, groups.size(), groups.data()), 0);
        ASSERT_EQ(::syscall(SYS_setresgid, gid, gid, gid), 0);
        ASSERT_EQ(::syscall(SYS_setresuid, uid, uid, uid), 0);
        work();
    }}.join();
}

/// A server on a thread of its own, as knelld runs it.
class ControlTest : public testing::Test {
protected:
    void SetUp() override
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-control-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        std::filesystem::permissions(directory_, std::filesystem::perms{0755});
        options.socket = directory_ / "control";
        options.version = "1.2.3";
    }
    void TearDown() override
    {
        stop();
        std::filesystem::remove_all(directory_);
    }
    void start()
    {
        auto opened = ControlServer::open(loop_, operations, options);
        if (auto* fault = std::get_if<std::string>(&opened)) {
            FAIL() << *fault;
        }
        server_ = std::get<std::unique_ptr<ControlServer>>(std::move(opened));
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    void stop()
    {
        if (thread_.joinable()) {
            on_loop([this] { server_.reset(); });
            loop_.stop();
            thread_.join();
        }
    }
    /// Runs `work` on the server's thread and waits for it.
    template <class Work>
    void on_loop(Work work)
    {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    void publish(const Notice& notice)
    {
        on_loop([&] { server_->publish(notice, std::chrono::system_clock::now()); });
    }
    [[nodiscard]] const std::filesystem::path& path() const { return options.socket; }
    ControlServer& server() { return *server_; }

    ControlOptions options;
    ScriptedOperations operations;

private:
    std::filesystem::path directory_;
    boost::asio::io_context loop_;
    std::unique_ptr<ControlServer> server_;
    std::thread thread_;
};

} // namespace knell::control
