// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine.hpp"
#include "daemon/fence_devices.hpp"
#include "daemon/log.hpp"
#include "daemon/scribe.hpp"

#include <functional>
#include <map>

namespace knell::nova {
class ComputeServices;
}

namespace knell {

/// The real world: hands effects to the rooms and their answers back to the engine.
class Outside final : public World {
public:
    struct Rooms {
        Scribe& scribe;
        FenceDevices& devices;
        nova::ComputeServices& nova;
        Log& log;
    };
    using OnAnswer = std::function<void(bool accepted, const std::string& text)>;
    using OnNotice = std::function<void(std::chrono::system_clock::time_point, const Notice&)>;

    explicit Outside(Rooms rooms) : rooms_{rooms} {}

    /// Everything that happens out here is told to `deliver`. To be set before the first effect.
    void connect(std::function<void(const Event&)> deliver) { deliver_ = std::move(deliver); }
    /// Who watches hosts, and how closely: the monitors.
    void on_watch(std::function<void(const Watch&)> look) { look_ = std::move(look); }
    void on_notice(OnNotice watch) { watch_ = std::move(watch); }

    /// An id for an order, whose answer goes to `on_answer`, once.
    [[nodiscard]] OrderId expect_answer(OnAnswer on_answer);

    void record(const Record& record) override;
    void power(const Power& order) override;
    void stand_down(const StandDown& order) override;
    void force_down(const ForceDown& order) override;
    void clear_forced_down(const ClearForcedDown& order) override;
    void read_forced_down(const ReadForcedDown& order) override;
    void sample_servers(const SampleServers& order) override;
    void watch(const Watch& order) override;
    void notify(const Notice& notice) override;
    void answer(const Answer& answer) override;

private:
    Rooms rooms_;
    std::function<void(const Event&)> deliver_;
    OnNotice watch_;
    std::function<void(const Watch&)> look_;
    std::map<OrderId, OnAnswer> orders_;
    std::uint64_t last_order_ = 0;
};

} // namespace knell
