// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"
#include "fencing/ipmi/identity.hpp"
#include "fencing/ipmi_device.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ipmi_ctx;

namespace knell::fencing::ipmi {

/// A PowerReply without its attempt.
struct Answer {
    PowerState state = PowerState::unknown;
    PowerFault fault = PowerFault::none;
    std::string detail;   ///< never a secret
    bool already = false; ///< refused with D5, "not in present state": perhaps it is so already
    std::optional<DeviceFacts> facts{}; ///< of inspect() alone
};

/// "D5".
[[nodiscard]] std::string hex_byte(unsigned byte);

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
    /// Chassis control "power up"; on already (D5) is no fault, every other refusal is `busy`.
    [[nodiscard]] Answer power_on(const std::optional<SystemUuid>& identity);
    /// Get Chassis Status (28.2).
    [[nodiscard]] Answer read_power(const std::optional<SystemUuid>& identity);

    /// What prepare() does, then what else fencing will need: the session's privilege (22.20, or
    /// 22.18), the power restore policy (28.2), whether cipher suite 0 is accepted. Changes
    /// nothing, tells no power state, and gives back the session if it opened it. For cipher
    /// suite 0 it waits at most a quarter of `patience`, and no longer than for any exchange. Logs
    /// in once, whatever becomes of it, and goes no further once not `wanted`.
    [[nodiscard]] Answer inspect(const std::optional<SystemUuid>& identity, Duration patience,
                                 const std::function<bool()>& wanted);

    /// What the BMC last called itself, if it did.
    [[nodiscard]] const std::optional<Guid>& told() const noexcept { return last_told_; }

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
    bool is_for_the_suite(int errnum, unsigned suite);
    bool open_with(unsigned suite);
    bool try_open_with(unsigned suite);
    Answer identify();
    Answer control(std::uint8_t operation, const char* words,
                   const std::optional<SystemUuid>& identity);
    Answer look(const std::optional<SystemUuid>& identity, const std::function<bool()>& wanted);
    Answer find_privilege(DeviceFacts& facts, const std::function<bool()>& wanted);
    static Answer abandoned();
    /// `answer` becomes the completion code and what follows it; a fault if there is none.
    Answer ask(std::uint8_t net_fn, std::initializer_list<std::uint8_t> request,
               const std::string& doing, std::vector<std::uint8_t>& answer);
    Answer failed(const std::string& doing);

    const IpmiDevice& device_;
    std::unique_ptr<ipmi_ctx, Close> context_;
    std::optional<Guid> told_; ///< in this session
    std::optional<Guid> last_told_;
    Clock::time_point last_exchange_{};
    std::optional<Clock::time_point> login_refused_;
    std::string refusal_;
    bool lacks_privilege_ = false; ///< the login was refused because of the privilege it asked for
    bool broken_ = false;
    bool try_twice_ = true; ///< an open that a stray datagram broke
};

} // namespace knell::fencing::ipmi
