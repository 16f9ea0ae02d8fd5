// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/ipmi/protocol.hpp"
#include "tests/simulation/world/dice.hpp"
#include "tests/simulation/world/truth.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace knell::sim {

/// A BMC together with the helper that speaks to it: understands the lines that knelld writes to
/// `knell-fence-ipmi`, and answers in such lines.
struct Bmc {
    DeviceId id;
    HostId meant; ///< by the inventory
    HostId wired; ///< the machine that it controls in truth

    bool lies = false;   ///< reads off whatever is true
    bool deaf = false;   ///< says that it switched off, and did not
    bool stuck = false;  ///< does not answer
    bool busy = false;   ///< has no session to spare
    bool locked = false; ///< does not know our password
    bool mute = false;   ///< does what it is told, and the answer is lost
    Duration slowness{}; ///< at most, of each answer
    bool asked = false;  ///< somebody waits for an answer
    DeviceFacts facts{true, false, "always-off"};
};

class Bmcs {
public:
    explicit Bmcs(Truth& truth);

    [[nodiscard]] Bmc& of(const HostId& host) { return bmcs_.at(host); }
    [[nodiscard]] std::map<HostId, Bmc>& all() noexcept { return bmcs_; }
    /// Told of everything that reached a BMC, and what it says to it.
    std::function<void(const Bmc&, PowerAction, const PowerReply&)> on_command;

    /// What comes of a question; the answer's line some time later, or never.
    void ask(const HostId& host, std::string line, Instant asked_at,
             std::function<void(std::string)> answer);

private:
    [[nodiscard]] PowerReply perform(Bmc& bmc, const fencing::ipmi::Request& request,
                                     Instant asked_at);
    [[nodiscard]] PowerReply act(Bmc& bmc, const fencing::ipmi::Request& request, Instant asked_at);

    Truth& truth_;
    Dice dice_;
    std::map<HostId, Bmc> bmcs_;
};

} // namespace knell::sim
