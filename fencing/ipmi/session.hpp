// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"
#include "fencing/ipmi/identity.hpp"
#include "fencing/ipmi_device.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

struct ipmi_ctx;

namespace knell::fencing::ipmi {

/// A PowerReply without its attempt.
struct Answer {
    PowerState state = PowerState::unknown;
    PowerFault fault = PowerFault::none;
    std::string detail;   ///< never a secret
    bool already = false; ///< refused with D5, "not in present state": perhaps it is so already
};

/// One RMCP+ session with one BMC, by libfreeipmi: opened when it is needed,
/// opened afresh after an error or a rest. Every call blocks, for up to
/// `session_timeout` per exchange of which an open has five, measured by the
/// wall clock: whoever calls is supervised by somebody with a better clock.
///
/// Each call first makes sure that the BMC is that of `identity`; absent, the
/// operator has waived it. Nothing about power is sent or believed before.
class Session {
public:
    /// Borrows `device`, which must satisfy complaint_about().
    explicit Session(const IpmiDevice& device);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Answer prepare(const std::optional<SystemUuid>& identity);
    /// Chassis control "power down" (IPMI v2.0, 28.3): immediate, idempotent. A
    /// success, or D5 "not in present state", still says nothing about the power.
    /// `refused` is D5 alone; every other refusal is `busy`: off was not carried out.
    [[nodiscard]] Answer power_off(const std::optional<SystemUuid>& identity);
    /// Chassis control "power up". For the command line only.
    [[nodiscard]] Answer power_on(const std::optional<SystemUuid>& identity);
    /// Get Chassis Status (28.2).
    [[nodiscard]] Answer read_power(const std::optional<SystemUuid>& identity);

    /// What the BMC last called itself, if it did.
    [[nodiscard]] const std::optional<Guid>& told() const noexcept { return told_; }

    /// Throws a broken session away. That can block, so it is done when the
    /// answer has been given.
    void tidy() noexcept;

private:
    using Clock = std::chrono::steady_clock;
    struct Close {
        void operator()(ipmi_ctx* context) const noexcept;
    };

    Answer ready(const std::optional<SystemUuid>& identity);
    Answer open();
    bool open_with(unsigned suite);
    bool try_open_with(unsigned suite);
    Answer identify();
    Answer control(std::uint8_t operation, const char* words,
                   const std::optional<SystemUuid>& identity);
    Answer failed(const std::string& doing);

    const IpmiDevice& device_;
    std::unique_ptr<ipmi_ctx, Close> context_;
    std::optional<Guid> told_;
    Clock::time_point last_exchange_{};
    std::optional<Clock::time_point> login_refused_;
    std::string refusal_;
    bool broken_ = false;
};

} // namespace knell::fencing::ipmi
