// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/fence_devices.hpp"

#include "core/assert.hpp"

namespace knell {

void FenceDevices::add(DeviceId id, HostId host, std::unique_ptr<fencing::FenceAgent> agent)
{
    const bool added =
        devices_.emplace(std::move(id), Device{std::move(host), std::move(agent), {}, false})
            .second;
    KNELL_ASSERT(added);
}

void FenceDevices::execute(const PowerCommand& command, OnReply on_reply)
{
    auto& device = devices_.at(command.device);
    device.stand_down = false;
    device.waiting.push_back({command, std::move(on_reply)});
    if (device.waiting.size() == 1) {
        next(device);
    }
}

void FenceDevices::next(Device& device)
{
    device.agent->execute(device.waiting.front().command, [this, &device](PowerReply reply) {
        auto done = std::move(device.waiting.front());
        device.waiting.pop_front();
        if (!device.waiting.empty()) {
            next(device);
        } else if (device.stand_down) {
            device.agent->stand_down();
        }
        done.on_reply(std::move(reply));
    });
}

void FenceDevices::stand_down(const HostId& host)
{
    for (auto& [id, device] : devices_) {
        if (device.host != host) {
            continue;
        }
        if (device.waiting.empty()) {
            device.agent->stand_down();
        } else {
            device.stand_down = true;
        }
    }
}

} // namespace knell
