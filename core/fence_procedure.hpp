// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fence_certificate.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/power.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace knell {

struct FenceFailure {
    std::string why;
    bool refused = false; ///< every device refused our credentials or belongs to another host
};

/// Turns a permit into a certificate by way of one or more fence devices.
/// Performs no I/O: each call says what to ask the device next, if anything.
///
///   power off ──▶ read ──off──▶ read … (`readings` of them, over `settle`) ──▶ certificate
///       ▲           │ on, ever later                                              │ confirm()
///       └───────────┘   any error starts the count again                          ▼
///                                                              read ──off──▶ certificate, renewed
///
/// Power off goes first and unconditionally: a device that says "off" may lie. Never cycle.
/// While it reads on it is read on, and power off is repeated after `poll`, then twice that, and so
/// on: a board with few sessions is not helped by haste. A device that is out of time, or not ours,
/// yields to the next one.
class FenceProcedure {
public:
    struct Nothing {};
    using Next = std::variant<Nothing, PowerCommand, FenceCertificate, FenceFailure>;

    FenceProcedure(FencePermit permit, std::vector<DeviceId> devices, FenceTiming timing,
                   std::optional<SystemUuid> identity, Ids& ids);

    [[nodiscard]] Next begin(Instant now);
    [[nodiscard]] Next on_reply(Instant now, const PowerReply& reply);
    [[nodiscard]] Next on_time(Instant now);
    /// After a certificate: one more reading, right before it is used. ON or an error starts
    /// everything again.
    [[nodiscard]] Next confirm(Instant now);
    /// The host was heard: whatever the device says, it is not off. The count starts again.
    void contradict() noexcept;
    /// Likewise, and nothing is asked or awaited until begin().
    void pause() noexcept;
    /// The power off that was just asked for was not sent: it is asked for again later. Until then
    /// the device may be read, if it has heard an earlier one.
    void postpone(Instant now, PowerAction then);

    /// When on_time() wants to be called; nothing while nothing is awaited.
    [[nodiscard]] std::optional<Instant> deadline() const noexcept { return wake_at_; }
    [[nodiscard]] bool settled() const noexcept { return settled_; }
    [[nodiscard]] bool awaits() const noexcept { return pending_.has_value(); }
    [[nodiscard]] bool awaits(PowerAction action) const noexcept
    {
        return pending_ && pending_->action == action;
    }
    [[nodiscard]] bool awaits(AttemptId answer) const noexcept
    {
        return pending_ && pending_->attempt == answer;
    }
    /// The device in use.
    [[nodiscard]] const DeviceId& device() const { return devices_[device_]; }
    [[nodiscard]] const FencePermit& permit() const noexcept { return permit_; }

    /// An operator who has seen the machine vouches that it is off.
    [[nodiscard]] FenceCertificate confirmed_by(const std::string& operator_name,
                                                Instant now) const;

private:
    Next use_device(Instant now);
    Next ask(Instant now, PowerAction action);
    Next rest(Instant now, PowerAction then);
    Next on_off_reading(Instant now);

    FencePermit permit_;
    std::vector<DeviceId> devices_;
    FenceTiming timing_;
    std::optional<SystemUuid> identity_;
    Ids* ids_;
    std::size_t device_ = 0;
    std::optional<PowerCommand> pending_; ///< what we await a reply to
    PowerAction next_ = PowerAction::off; ///< what follows the present rest
    bool heard_ = false;    ///< a power off, by the device in use: no reading is proof before
    bool settled_ = false;  ///< a certificate was issued and nothing spoke against it
    unsigned readings_ = 0; ///< good OFF readings in a row
    Instant off_since_{};   ///< when the first of them reached us
    Instant asked_at_{};
    Instant off_at_{}; ///< the next power off leaves no sooner
    Duration off_rest_{};
    Instant device_until_{};
    std::optional<Instant> wake_at_;
    std::size_t refusals_ = 0; ///< devices that it makes no sense to ask again
    std::string last_trouble_;
};

} // namespace knell
