// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/fence_agent.hpp"
#include "tests/simulation/world/bmc.hpp"
#include "tests/simulation/world/life.hpp"

#include <memory>
#include <optional>

namespace knell::sim {

/// What fencing::IpmiAgent is to a helper process: one question at a time, in lines, with a
/// deadline. The helper is not stopped when knelld is, and a command that left is carried out
/// though knelld dies.
class BmcLine final : public fencing::FenceAgent {
public:
    BmcLine(Bmcs& bmcs, HostId host, std::shared_ptr<Life> life, Truth& truth)
        : bmcs_{bmcs}, host_{std::move(host)}, life_{std::move(life)}, truth_{truth}
    {
    }

    void execute(const PowerCommand& command, Handler on_reply) override;
    void stand_down() override;

private:
    struct Pending {
        PowerCommand command;
        Handler on_reply;
    };
    void answer(PowerReply reply);

    Bmcs& bmcs_;
    HostId host_;
    std::shared_ptr<Life> life_;
    Truth& truth_;
    std::optional<Pending> pending_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace knell::sim
