// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/fence_agent.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace knell {

/// All fence devices by name. A device does one thing at a time: what comes
/// meanwhile waits its turn, and is answered `unknown` if its time runs out first.
class FenceDevices {
public:
    using OnReply = std::function<void(PowerReply)>;

    void add(DeviceId id, HostId host, std::unique_ptr<fencing::FenceAgent> agent);

    /// `on_reply` runs later, exactly once, on the loop's thread.
    void execute(const PowerCommand& command, OnReply on_reply);
    /// Ends the sessions of this host's devices once what was asked is answered.
    void stand_down(const HostId& host);

private:
    struct Waiting {
        PowerCommand command;
        OnReply on_reply;
    };
    struct Device {
        HostId host;
        std::unique_ptr<fencing::FenceAgent> agent;
        std::deque<Waiting> waiting; ///< the first one is under way
        bool stand_down = false;
    };
    void next(Device& device);

    std::map<DeviceId, Device> devices_;
};

} // namespace knell
