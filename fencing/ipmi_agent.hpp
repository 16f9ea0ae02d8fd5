// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/fence_agent.hpp"
#include "fencing/ipmi_device.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace knell::fencing {

class Helper;

/// One BMC, spoken to by a `knell-fence-ipmi --serve` of its own: started by the
/// first command, killed at the command's deadline by the monotonic clock or
/// when it talks nonsense, started anew by the next command. Never retries.
///
/// Destruction kills the helper and forgets the handler of a command in flight.
class IpmiAgent final : public FenceAgent {
public:
    /// `device` must satisfy ipmi::complaint_about(). `helper` is the program's path.
    IpmiAgent(boost::asio::io_context& loop, IpmiDevice device, std::string helper);
    ~IpmiAgent() override;
    IpmiAgent(const IpmiAgent&) = delete;
    IpmiAgent& operator=(const IpmiAgent&) = delete;

    void execute(const PowerCommand& command, Handler on_reply) override;
    void stand_down() override;

    /// Of the helper; 0 if none lives. For status and tests.
    [[nodiscard]] int helper_pid() const noexcept;

private:
    struct Pending {
        PowerCommand command;
        Handler on_reply;
    };

    [[nodiscard]] bool start_helper(std::string& why);
    void ask(const PowerCommand& command);
    void on_line(std::string_view line);
    void on_end(std::string why);
    void on_deadline();
    void give_up(std::string why);
    void answer(PowerReply reply);
    void answer_later(std::string why, PowerFault fault = PowerFault::silent);

    boost::asio::io_context& loop_;
    const IpmiDevice device_;
    const std::string helper_path_;
    std::unique_ptr<Helper> helper_;
    std::optional<Pending> pending_;
    boost::asio::steady_timer deadline_;
    /// Handlers that are queued already outlive a cancelled timer: they ask this
    /// token whether the agent still lives.
    std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
};

} // namespace knell::fencing
