// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/power.hpp"
#include "core/readiness.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell {

/// Reads the power of a host that is down, now and then: through the device that proved it off or,
/// once that one does not answer, through the next. A device that refused our password is passed
/// over, because BMCs lock accounts. Nothing that it reads is a proof.
class PowerWatch {
public:
    /// From `at` on, through the device of this name if there is one.
    void begin(Instant at, const HostPolicy& policy, const std::string& witness);

    [[nodiscard]] std::optional<PowerCommand> due(Instant now, const HostPolicy& policy,
                                                  const Readiness& readiness,
                                                  const std::optional<SystemUuid>& identity,
                                                  Ids& ids);
    /// The device whose answer this is; nothing: it answers no question of ours.
    [[nodiscard]] std::optional<DeviceId> on_reply(const PowerReply& reply);

    /// The one to be asked next; nothing: each has refused our password.
    [[nodiscard]] std::optional<DeviceId> device(const HostPolicy& policy,
                                                 const Readiness& readiness) const;
    /// It did not do what it was asked.
    void pass_over() { ++device_; }

    /// Once: nobody has answered for long, or, if `hopeless`, nobody will.
    [[nodiscard]] bool goes_dark(bool hopeless);
    /// Once after that.
    [[nodiscard]] bool lights_up();
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

private:
    void fail(std::string trouble);

    std::size_t device_ = 0; ///< counts on beyond the last one, round and round
    std::optional<PowerCommand> asked_;
    Instant next_{};
    unsigned failed_ = 0; ///< readings in a row
    bool dark_ = false;   ///< and that was told
    std::string trouble_; ///< of the last that failed
};

} // namespace knell
