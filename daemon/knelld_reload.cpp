// SPDX-License-Identifier: GPL-3.0-or-later
// Another configuration without a restart: all of it, or, with reasons, nothing.
#include "daemon/clock.hpp"
#include "daemon/config/difference.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/config/moves.hpp"
#include "daemon/config/same.hpp"
#include "daemon/knelld.hpp"
#include "daemon/watchers.hpp"
#include "fencing/ipmi_agent.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace knell {

namespace {

std::string lines_of(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) {
        text += (text.empty() ? "" : "\n") + line;
    }
    return text;
}

using Devices = std::map<DeviceId, std::pair<HostId, const fencing::IpmiDevice*>>;

Devices devices_of(const config::Config& config)
{
    Devices devices;
    for (const auto& host : config.hosts) {
        for (const auto& device : host.devices) {
            devices.emplace(device.id, std::pair{host.id, &device});
        }
    }
    return devices;
}

} // namespace

void Knelld::reload(const std::string& by, OnAnswer on_answer)
{
    notify_.reloading();
    const auto [done, text] = take_up_anew(by);
    notify_.ready(summary());
    on_answer(done, text);
}

std::pair<bool, std::string> Knelld::take_up_anew(const std::string& by)
{
    const auto refuse = [&](const std::string& why) {
        outside_->notify({Notice::Weight::warning, "KNELL_NOT_RELOADED", std::nullopt, EpisodeId{0},
                          by + ": nothing was changed: " + why});
        return std::pair{false, why};
    };
    const auto tell = [&](const std::string& text) {
        outside_->notify(
            {Notice::Weight::info, "KNELL_RELOADED", std::nullopt, EpisodeId{0}, by + ": " + text});
        return std::pair{true, text};
    };
    auto loaded = config::load_config(file_);
    if (!loaded.config) {
        std::ostringstream text;
        config::print(text, loaded.diagnostics);
        return refuse(text.str());
    }
    const auto difference = config::difference(config_, *loaded.config);
    if (!difference.restarts.empty()) {
        return refuse(lines_of(difference.restarts));
    }
    if (difference.changes.empty()) {
        return tell("nothing has changed");
    }
    const auto& policy = loaded.config->policy;
    const auto moves = config::moves_between(config_, *loaded.config);
    // Asked first: a monitor that is aimed elsewhere, and back, has forgotten whom it had heard.
    if (const auto objections = fleet_->objections(policy, moves); !objections.empty()) {
        return refuse(lines_of(objections));
    }
    if (auto why = watchers_->retarget(config_, *loaded.config)) {
        return refuse(*why);
    }
    const auto effects = fleet_->reload(now(), policy, moves);
    change_devices(*loaded.config);
    config_ = std::move(*loaded.config);
    watch_nova();
    engine_->perform(effects);
    ticker_->look();
    auto lines = difference.changes;
    if (auto order = config::overruled_by(fleet_->view(), config_); !order.empty()) {
        lines.push_back(std::move(order));
    }
    return tell(lines_of(lines));
}

void Knelld::change_devices(const config::Config& after)
{
    const auto old_ones = devices_of(config_);
    const auto new_ones = devices_of(after);
    for (const auto& [id, device] : old_ones) {
        if (new_ones.count(id) == 0) {
            devices_.remove(id);
        }
    }
    for (const auto& [id, device] : new_ones) {
        const auto& [host, settings] = device;
        auto agent = std::make_unique<fencing::IpmiAgent>(loop_, *settings, after.fence_helper);
        const auto old = old_ones.find(id);
        if (old == old_ones.end()) {
            devices_.add(id, host, std::move(agent));
        } else if (old->second.first != host || !config::same(*old->second.second, *settings)) {
            devices_.replace(id, host, std::move(agent));
        }
    }
}

} // namespace knell
