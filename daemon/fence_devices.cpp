// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/fence_devices.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace knell {
namespace {

PowerReply not_begun(const PowerCommand& command)
{
    return {command.attempt, PowerState::unknown, PowerFault::displaced,
            command.action == PowerAction::inspect
                ? "not inspected: the device is wanted for something that matters more"
                : "stood down before its turn came"};
}

} // namespace

void FenceDevices::add(DeviceId id, HostId host, std::unique_ptr<fencing::FenceAgent> agent)
{
    auto device = std::make_unique<Device>(id, std::move(host), std::move(agent));
    const bool added = devices_.emplace(std::move(id), std::move(device)).second;
    KNELL_ASSERT(added);
}

void FenceDevices::replace(const DeviceId& id, HostId host,
                           std::unique_ptr<fencing::FenceAgent> agent)
{
    auto& device = *devices_.at(id);
    device.host = std::move(host);
    device.successor = std::move(agent);
    if (device.doing == Doing::nothing) {
        take_over(device);
    }
}

void FenceDevices::remove(const DeviceId& id)
{
    const auto found = devices_.find(id);
    KNELL_ASSERT(found != devices_.end());
    auto& device = *removed_.emplace_back(std::move(found->second));
    devices_.erase(found);
    device.removed = true;
    if (device.doing == Doing::nothing) {
        device.agent->stand_down();
    }
    forget_if_done(device);
}

std::vector<DeviceId> FenceDevices::ids() const
{
    std::vector<DeviceId> ids;
    for (const auto& [id, device] : devices_) {
        ids.push_back(id);
    }
    return ids;
}

bool FenceDevices::busy(const DeviceId& id) const
{
    const auto found = devices_.find(id);
    return (found != devices_.end() && found->second->due > 0) ||
           std::any_of(removed_.begin(), removed_.end(),
                       [&](const auto& device) { return device->id == id; });
}

void FenceDevices::execute(const PowerCommand& command, OnReply on_reply)
{
    auto& device = *devices_.at(command.device);
    device.stand_down = false;
    if (command.action == PowerAction::inspect) {
        device.inspections.push_back({command, std::move(on_reply)});
    } else {
        device.commands.push_back({command, std::move(on_reply)});
        if (device.doing == Doing::inspection) {
            give_way(device);
        }
    }
    if (device.doing == Doing::nothing) {
        next(device);
    }
}

void FenceDevices::stand_down(const HostId& host)
{
    for (auto& [id, device] : devices_) {
        if (device->host != host) {
            continue;
        }
        if (device->doing == Doing::nothing) {
            device->agent->stand_down();
            device->in_use = false;
        } else {
            device->stand_down = true;
            withdraw(*device);
        }
    }
}

/// No power is to be changed any more: not by what waits, nor by what is under way, if it has not
/// left.
void FenceDevices::withdraw(Device& device)
{
    const auto first = device.commands.begin() + (device.doing == Doing::command ? 1 : 0);
    const auto stays = [](const Asked& asked) { return !changes_power(asked.command.action); };
    const auto gone = std::stable_partition(first, device.commands.end(), stays);
    std::move(gone, device.commands.end(), std::back_inserter(device.stood_down));
    device.commands.erase(gone, device.commands.end());
    if (device.doing == Doing::command && !stays(device.commands.front())) {
        device.agent->stand_down();
    }
}

/// Commands first. With nothing left to do the session ends if nobody wants it.
void FenceDevices::next(Device& device)
{
    if (!may_begin_()) {
        return;
    }
    if (device.successor) {
        take_over(device);
    }
    if (!device.commands.empty()) {
        device.in_use = true;
        begin(device, Doing::command, device.commands.front().command);
    } else if (!device.inspections.empty()) {
        begin(device, Doing::inspection, device.inspections.front().command);
    } else if (device.stand_down || device.removed || !device.in_use) {
        device.agent->stand_down();
        device.in_use = device.stand_down = false;
    }
}

void FenceDevices::begin(Device& device, Doing doing, const PowerCommand& command)
{
    device.doing = doing;
    ++device.due;
    device.agent->execute(command, [this, &device, turn = ++device.turn](PowerReply reply) {
        on_answer(device, turn, std::move(reply));
    });
}

/// The agent answers for the inspection that it was doing, later; all of them are told then.
void FenceDevices::give_way(Device& device)
{
    std::move(device.inspections.begin(), device.inspections.end(),
              std::back_inserter(device.stood_down));
    device.inspections.clear();
    device.doing = Doing::nothing;
    ++device.turn;
    device.agent->stand_down();
    device.in_use = false;
}

/// Whoever is told may ask the next thing, or remove the device: so that comes last.
void FenceDevices::on_answer(Device& device, std::uint64_t turn, PowerReply reply)
{
    --device.due;
    auto displaced = std::exchange(device.stood_down, {});
    std::optional<Asked> done;
    if (turn == device.turn) {
        const bool inspected = std::exchange(device.doing, Doing::nothing) == Doing::inspection;
        auto& waiting = inspected ? device.inspections : device.commands;
        done = std::move(waiting.front());
        waiting.pop_front();
        if (!inspected) {
            std::move(device.inspections.begin(), device.inspections.end(),
                      std::back_inserter(displaced));
            device.inspections.clear();
        }
        next(device);
    }
    forget_if_done(device);
    if (done) {
        done->on_reply(std::move(reply));
    }
    for (const auto& asked : displaced) {
        asked.on_reply(not_begun(asked.command));
    }
}

void FenceDevices::forget_if_done(Device& device)
{
    if (device.due == 0) {
        device.predecessors.clear();
    }
    if (device.removed && device.due == 0) {
        removed_.erase(std::find_if(removed_.begin(), removed_.end(),
                                    [&](const auto& one) { return one.get() == &device; }));
    }
}

/// An agent must live until it has answered.
void FenceDevices::take_over(Device& device)
{
    auto old = std::exchange(device.agent, std::exchange(device.successor, nullptr));
    old->stand_down();
    device.in_use = false;
    if (device.due > 0) {
        device.predecessors.push_back(std::move(old));
    }
}

} // namespace knell
