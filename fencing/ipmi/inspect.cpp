// SPDX-License-Identifier: GPL-3.0-or-later
// Session::inspect: a look at what fencing will need, which leaves everything as it was.
#include "fencing/ipmi/inspection.hpp"
#include "fencing/ipmi/session.hpp"
#include "fencing/ipmi/suite_probe.hpp"

#include <freeipmi/freeipmi.h>

#include <algorithm>

namespace knell::fencing::ipmi {

Answer Session::inspect(const std::optional<SystemUuid>& identity, Duration patience,
                        const std::function<bool()>& wanted)
{
    const auto deadline = Clock::now() + patience;
    const bool had_a_session = context_ != nullptr;
    auto answer = look(identity, wanted);
    // A broken one goes when the answer has been given: that can take long.
    if (!had_a_session && !broken_) {
        context_.reset();
        told_.reset();
    }
    const bool logged_in = answer.fault == PowerFault::none || answer.fault == PowerFault::refused;
    if (!answer.facts || !logged_in) {
        return answer;
    }
    if (wanted()) {
        const auto now = Clock::now();
        const auto most = std::min<Clock::duration>(patience / 4, device_.session_timeout);
        answer.facts->cipher_zero = SuiteProbe{device_}.accepts_suite_zero(
            now + std::min<Clock::duration>(most, (deadline - now) / 2));
    }
    answer.detail += "; " + words_of(*answer.facts);
    return answer;
}

/// All that wants a session.
Answer Session::look(const std::optional<SystemUuid>& identity, const std::function<bool()>& wanted)
{
    // A stray datagram may have come before or after the login that it broke, and nobody is in
    // danger: the next inspection will do.
    try_twice_ = false;
    auto answer = prepare(identity);
    try_twice_ = true;
    if (answer.fault != PowerFault::none) {
        if (lacks_privilege_) {
            answer.facts = DeviceFacts{.may_power_off = false, .cipher_zero = {}, .on_restore = {}};
        }
        return answer;
    }
    DeviceFacts facts;
    if (auto trouble = find_privilege(facts, wanted); trouble.fault != PowerFault::none) {
        return trouble;
    }
    if (!wanted()) {
        return abandoned();
    }
    Bytes status;
    auto trouble = ask(IPMI_NET_FN_CHASSIS_RQ, {IPMI_CMD_GET_CHASSIS_STATUS},
                       "reading the chassis status", status);
    if (trouble.fault != PowerFault::none) {
        return trouble;
    }
    if (status[0] == 0 && status.size() >= 2) {
        facts.on_restore = restore_policy(status[1]);
    } else {
        answer.fault = PowerFault::refused;
        answer.detail = "the BMC does not tell its chassis status (completion code " +
                        hex_byte(status[0]) + ")";
    }
    if (told_ && !blank(*told_)) {
        facts.system_guid = SystemUuid{text_of(*told_)};
    }
    answer.facts = std::move(facts);
    return answer;
}

/// The level that the session has; no answer to that question is no fault.
Answer Session::find_privilege(DeviceFacts& facts, const std::function<bool()>& wanted)
{
    constexpr std::uint8_t of_this_session = 0;
    constexpr std::uint8_t no_change = 0;
    Bytes info; // 22.20: handle, slots, slots in use, user, level
    if (auto trouble = ask(IPMI_NET_FN_APP_RQ, {IPMI_CMD_GET_SESSION_INFO, of_this_session},
                           "reading the session's privilege", info);
        trouble.fault != PowerFault::none) {
        return trouble;
    }
    if (info[0] == 0 && info.size() >= 6 && info[1] != 0) {
        facts.may_power_off = suffices_to_power_off(info[5] & 0x0f);
        return {};
    }
    if (!wanted()) {
        return abandoned();
    }
    Bytes level; // 22.18
    if (auto trouble = ask(IPMI_NET_FN_APP_RQ, {IPMI_CMD_SET_SESSION_PRIVILEGE_LEVEL, no_change},
                           "reading the session's privilege", level);
        trouble.fault != PowerFault::none) {
        return trouble;
    }
    if (level[0] == 0 && level.size() >= 2) {
        facts.may_power_off = suffices_to_power_off(level[1] & 0x0f);
    }
    return {};
}

Answer Session::abandoned()
{
    return {PowerState::unknown, PowerFault::busy, "nobody waits for the inspection any more"};
}

} // namespace knell::fencing::ipmi
