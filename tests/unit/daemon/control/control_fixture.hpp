// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control_client.hpp"
#include "daemon/control/control_server.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>

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

/// A daemon that answers from values, among them `view`, which a test may change before it
/// starts the server. Its orders are kept until a test looks.
class ScriptedOperations : public Operations {
public:
    ScriptedOperations()
    {
        view.mode = Mode::armed;
        view.mode_by = "configuration";
        view.clear = true;
        view.budget = 3;
        view.hosts.push_back({.host = HostId{"compute1"},
                              .state = "Healthy",
                              .since = read_now() - 90s,
                              .why = "all monitors beat",
                              .episode = EpisodeId{0},
                              .boot = BootId{"b1"},
                              .identity = std::nullopt,
                              .forced_down_by_us = false,
                              .nova_compute = true,
                              .monitors = {}});
    }
    FleetView fleet() override { return view; }
    std::optional<HostView> host(const HostId& host) override
    {
        for (const auto& each : view.hosts) {
            if (each.host == host) {
                return each;
            }
        }
        return std::nullopt;
    }
    Explanation explain(const HostId& host, std::optional<EpisodeId> episode) override
    {
        asked_episode = episode;
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

    void reload(const std::string& by, OnAnswer on_answer) override
    {
        reloaded_by = by;
        on_answer(true, "nothing has changed");
    }

    static Instant read_now() { return instant(std::chrono::steady_clock::now()); }

    FleetView view;
    std::vector<OperatorOrder> orders;
    std::vector<OnAnswer> owed;
    std::optional<EpisodeId> asked_episode;
    std::string reloaded_by;
    bool answers_later = false;
};

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
