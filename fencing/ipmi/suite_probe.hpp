// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/ipmi/open_session.hpp"
#include "fencing/ipmi_device.hpp"

#include <chrono>
#include <optional>

namespace knell::fencing::ipmi {

/// Asks a BMC what cipher suites it accepts, without logging in: it is told no user and no
/// password, so it has nothing to count as a failed login. Blocks until the deadline at most, by
/// the monotonic clock. Every error, silence and doubt is "unknown".
class SuiteProbe {
public:
    using Clock = std::chrono::steady_clock;

    /// A socket of its own, connected: it hears nobody but the BMC.
    explicit SuiteProbe(const IpmiDevice& device);
    ~SuiteProbe();
    SuiteProbe(const SuiteProbe&) = delete;
    SuiteProbe& operator=(const SuiteProbe&) = delete;

    /// Whether it would open a session with cipher suite 0, that is for anybody. A BMC that lists
    /// its suites, and not this one, is believed.
    [[nodiscard]] std::optional<bool> accepts_suite_zero(Clock::time_point deadline);

    /// Whether it would open a session with these algorithms. The session slot that this takes is
    /// let go at once.
    [[nodiscard]] std::optional<bool> accepts(const Algorithms& algorithms,
                                              Clock::time_point deadline);

private:
    [[nodiscard]] std::optional<bool> lists_zero(Clock::time_point deadline);
    [[nodiscard]] std::optional<CipherSuitesPart> part(std::uint8_t index,
                                                       Clock::time_point deadline);
    [[nodiscard]] bool send(const Bytes& datagram) const;
    [[nodiscard]] std::optional<ByteView> receive(Clock::time_point deadline);

    int socket_ = -1; ///< owned; -1: the kernel would not
    Bytes buffer_;
};

} // namespace knell::fencing::ipmi
