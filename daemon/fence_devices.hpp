// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/fence_agent.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace knell {

/// All fence devices by name. A device does one thing at a time: what comes
/// meanwhile waits its turn, and is answered `unknown` if its time runs out first.
///
/// An inspection never delays anything else: it is stood down and answered `displaced` as soon as
/// something else is asked of the device, which goes on in a fresh session; one that finds
/// something else under way is answered `displaced` when that is answered. It leaves no session
/// behind, unless there was one before.
class FenceDevices {
public:
    using OnReply = std::function<void(PowerReply)>;

    /// Asked before anything is begun; no means that nothing ever is again.
    void on_begin(std::function<bool()> may_begin) { may_begin_ = std::move(may_begin); }
    /// The name must be new.
    void add(DeviceId id, HostId host, std::unique_ptr<fencing::FenceAgent> agent);
    /// The name must be known. What is under way is answered by the old agent; what waits, and
    /// what is asked from now on, by the new one.
    void replace(const DeviceId& id, HostId host, std::unique_ptr<fencing::FenceAgent> agent);
    /// The name must be known, and is forgotten at once. Everything that was asked is still done
    /// and answered; then the device's session ends and its agent goes.
    void remove(const DeviceId& id);

    [[nodiscard]] std::vector<DeviceId> ids() const;
    /// Whether an answer is still due, also from a device that was removed or replaced meanwhile.
    [[nodiscard]] bool busy(const DeviceId& id) const;

    /// The device must be there. `on_reply` runs later, exactly once, on the loop's thread.
    void execute(const PowerCommand& command, OnReply on_reply);
    /// Ends the sessions of this host's devices once what was asked is answered. A power off, or
    /// on, that has not left is not done any more, whether it waits or is under way.
    void stand_down(const HostId& host);

private:
    using Agent = std::unique_ptr<fencing::FenceAgent>;
    enum class Doing { nothing, command, inspection };
    struct Asked {
        PowerCommand command;
        OnReply on_reply;
    };
    using Waiting = std::deque<Asked>; ///< the first one is under way, if the device is doing it
    struct Device {
        Device(DeviceId name, HostId of, Agent speaker)
            : id{std::move(name)}, host{std::move(of)}, agent{std::move(speaker)}
        {
        }
        DeviceId id;
        HostId host;
        Agent agent;
        Agent successor;                 ///< takes over between two turns
        std::vector<Agent> predecessors; ///< whose last answer is due
        Waiting commands;
        Waiting inspections;
        std::vector<Asked> stood_down; ///< what had to go before its turn; to be told so
        Doing doing = Doing::nothing;
        std::uint64_t turn = 0; ///< an answer to an earlier one is of no use
        unsigned due = 0;       ///< answers of agents
        bool in_use = false;    ///< something other than an inspection may have left a session
        bool stand_down = false;
        bool removed = false;
    };

    void next(Device& device);
    void begin(Device& device, Doing doing, const PowerCommand& command);
    void give_way(Device& device);
    static void withdraw(Device& device);
    void on_answer(Device& device, std::uint64_t turn, PowerReply reply);
    void forget_if_done(Device& device);
    static void take_over(Device& device);

    std::function<bool()> may_begin_ = [] { return true; };
    std::map<DeviceId, std::unique_ptr<Device>> devices_;
    std::vector<std::unique_ptr<Device>> removed_; ///< until they have answered
};

} // namespace knell
