// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "monitor/targets.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace knell::monitor {

/// A loop, and everything that monitors on it have said.
struct Listener {
    boost::asio::io_context loop;
    std::vector<Event> events;

    Sink sink()
    {
        return [this](const Event& event) { events.push_back(event); };
    }
    void run_for(Duration duration);
    /// Runs until `enough`, but not for ever. Returns whether it was enough.
    bool run_until(const std::function<bool()>& enough, Duration at_most = 20s);
    [[nodiscard]] std::size_t count(Pulse pulse, const std::string& host) const;
    [[nodiscard]] std::size_t goodbyes() const;
};

/// A folder that goes when the test goes.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Writes a file with mode 0600 and returns its path.
    std::string file(const std::string& name, const std::string& text) const;

private:
    std::string path_;
};

/// A knell-agent process with files of its own. Killed with SIGKILL at the end.
class AgentProcess {
public:
    struct Options {
        std::string host = "compute1";
        std::string key; ///< 64 hexadecimal digits
        std::string controllers;
        std::string goodbye = "always";
        std::string boot = "00000000-1111-2222-3333-444444444444";
    };
    explicit AgentProcess(const Options& options);
    AgentProcess(const AgentProcess&) = delete;
    AgentProcess& operator=(const AgentProcess&) = delete;
    ~AgentProcess();

    void signal(int number) const;
    /// Waits for its end; the exit status, or -1 if a signal ended it.
    int wait();

private:
    TemporaryFolder folder_;
    int said_ = -1; ///< reading end of its standard error
    pid_t process_ = -1;
};

} // namespace knell::monitor
