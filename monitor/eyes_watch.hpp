// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/eyes_ledger.hpp"
#include "monitor/targets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace knell::monitor {

/// Watches our own interfaces, routes and neighbour tables, and reports (EyesReport) when what
/// they are worth for a network changes; EyesLedger says by which rules. A report with `clear`
/// comes only after one without.
///
/// Interfaces: by rtnetlink, within milliseconds; the kernel itself holds back the loss of a
/// carrier for up to a second when it has told of another one just before (net/core/link_watch.c).
/// Neighbour tables: looked at each second. Only a machine's first network namespace has their
/// statistics; elsewhere that organ says nothing.
///
/// Belongs to the loop's thread, on which the sink is called, never from within start(),
/// retarget() or the destructor. Must not be destroyed from within the sink. Silent once destroyed.
class EyesWatch {
public:
    /// `statistics` is the folder of arp_cache and ndisc_cache.
    EyesWatch(boost::asio::io_context& loop, std::vector<EyesTarget> targets, Sink sink,
              std::string statistics = "/proc/self/net/stat");
    EyesWatch(const EyesWatch&) = delete;
    EyesWatch& operator=(const EyesWatch&) = delete;
    ~EyesWatch();

    /// Opens the sockets and begins to look. Returns what went wrong and how to mend it, or
    /// nothing. Call once.
    [[nodiscard]] std::optional<std::string> start();

    /// From now on these. Returns what is wrong with them, and then nothing has changed. What
    /// stands against a network that is not among them is taken back.
    [[nodiscard]] std::optional<std::string> retarget(const std::vector<EyesTarget>& targets);

    /// What stands against our eyes, one sentence each, e.g. "mgmt: eth1 has no carrier".
    [[nodiscard]] std::vector<std::string> doubts() const;

private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with handlers that the loop has queued already
};

} // namespace knell::monitor
