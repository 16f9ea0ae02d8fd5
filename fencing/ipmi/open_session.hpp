// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The few datagrams with which a BMC can be asked what cipher suites it accepts, without logging
/// in: no user and no password are in them. libfreeipmi sends an open session request only as the
/// beginning of a login. All pure; every reader is bounded and believes no length it is told.
namespace knell::fencing::ipmi {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Of a cipher suite (IPMI v2.0, table 22-20). All zero: suite 0, which authenticates nobody.
struct Algorithms {
    std::uint8_t authentication = 0;
    std::uint8_t integrity = 0;
    std::uint8_t confidentiality = 0;
};

/// RMCP+ Open Session Request (13.17), for the highest privilege that the suite has.
[[nodiscard]] Bytes open_session_request(std::uint8_t tag, std::uint32_t console,
                                         const Algorithms& algorithms);

/// What a BMC makes of one.
struct OpenSessionResponse {
    enum class Verdict {
        unknown,  ///< for a reason that is not the suite's, e.g. no session slot
        accepted, ///< with the algorithms that were asked for
        refused   ///< because of one of the algorithms, or of all of them together
    };
    Verdict verdict = Verdict::unknown;
    std::uint32_t managed = 0; ///< the half-open session's id; 0: none was opened
};
/// Nothing: this datagram is no answer to that request.
[[nodiscard]] std::optional<OpenSessionResponse>
read_open_session_response(ByteView datagram, std::uint8_t tag, std::uint32_t console,
                           const Algorithms& asked);

/// RAKP Message 3 with an error status and no proof (13.22): the console goes no further, and the
/// BMC may have its slot back before it times out.
[[nodiscard]] Bytes abandon_session(std::uint8_t tag, std::uint32_t managed);

/// Get Channel Cipher Suites by suite, part `index` (22.15), which is answered outside a session.
/// Parts have 16 bytes; the first shorter one is the last.
[[nodiscard]] Bytes cipher_suites_request(std::uint8_t sequence, std::uint8_t index);
/// The part's records, or that the BMC would not.
struct CipherSuitesPart {
    bool told = false;
    Bytes records;
};
/// Nothing: this datagram is no answer to that request.
[[nodiscard]] std::optional<CipherSuitesPart> read_cipher_suites_response(ByteView datagram,
                                                                          std::uint8_t sequence);
inline constexpr std::size_t full_part = 16;
inline constexpr std::uint8_t most_parts = 0x40;

/// Whether all the records together (22.15.1) name the standard suite 0. Nothing: they are empty
/// or make no sense.
[[nodiscard]] std::optional<bool> lists_suite_zero(ByteView records);

} // namespace knell::fencing::ipmi
