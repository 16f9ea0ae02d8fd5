// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/knelld.hpp"

#include <functional>
#include <memory>

namespace knell::sim {

/// The whole simulated world, with knelld in it. Deterministic: the same options and the same acts
/// give the same story, to the letter.
class Datacentre {
public:
    /// Without `knelld`: it is not started yet, so that the world can be changed before.
    explicit Datacentre(const Options& options, bool knelld = true);
    void start_knelld();

    /// Ends early when a promise is broken.
    void run(Duration duration);
    /// False: it did not come to be.
    bool run_until(const std::function<bool()>& reached, Duration at_most);

    /// kill -9 now. It starts again by itself, as systemd has it.
    void kill_knelld(Duration rest = 1s);
    void stop_knelld(Duration duration);
    /// Our machine with all that is on it.
    void suspend_machine(Duration duration);
    void reboot_machine(Duration clock_jump);
    [[nodiscard]] bool running() const { return knelld_ != nullptr && !knelld_->dead(); }
    [[nodiscard]] Knelld& knelld() { return *knelld_; }
    [[nodiscard]] std::optional<HostView> view(const HostId& host) const;

    using What = OperatorOrder::What;
    void order(What what, const std::optional<HostId>& host = std::nullopt, bool force = false,
               Duration lasting = {});

    /// Somebody brings a host back to service: cables, power, boot.
    void revive(const HostId& host);
    /// Silent on every network, whatever the reason.
    [[nodiscard]] bool silent(const HostId& host) const;

    Truth truth;
    Cables cables;
    Agents agents;
    Bmcs bmcs;
    Cloud cloud;
    NovaApi api;
    NovaWeather weather;
    Disk disk;

private:
    void bury();
    void pause(Duration duration, const char* said, std::function<void()> then);

    Dice dice_;
    std::unique_ptr<Knelld> knelld_;
    unsigned lives_ = 0; ///< an address may be that of the knelld before
    Duration rest_ = 1s; ///< until it is started again
};

} // namespace knell::sim
