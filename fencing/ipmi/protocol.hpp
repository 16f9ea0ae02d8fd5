// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"
#include "fencing/ipmi_device.hpp"

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>

/// What knelld and `knell-fence-ipmi --serve` say to each other, over one socket
/// pair that is the helper's standard input. Lines of printable ASCII, at most
/// Lines::longest bytes; fields separated by one space; a byte that is not a
/// letter, digit, or one of "-._:," is written %XX.
///
///   knelld first says whom to talk to, once:
///     knell-fence-ipmi 1 address=10.0.1.11 port=623 user=knell password=s%20cret k_g=
///         suites=17,3 privilege=operator workarounds=opensesspriv session=5900
///         retransmission=1000                                   (one line; milliseconds)
///   then asks, one question at a time:
///     prepare 7 identity=4c4c4544-0034-3010-8052-b4c04f4e4d32
///     off 8 identity=4c4c4544-0034-3010-8052-b4c04f4e4d32
///     read 9 identity=waived
///     on 10 identity=4c4c4544-0034-3010-8052-b4c04f4e4d32
///     inspect 11 identity=4c4c4544-0034-3010-8052-b4c04f4e4d32 patience=8000   (milliseconds)
///   and each gets one answer: attempt, state, fault, words for the operator, and what an
///   inspection found:
///     reply 9 off none chassis%20is%20off
///     reply 8 unknown refused power%20off%20ended%20in%20completion%20code%20D5
///     reply 11 unknown none session%20open may_power_off=yes cipher_zero=unknown
///         on_restore=always-on                                              (one line)
///
/// To `off`, `refused` means that the chassis said "not in present state" (D5), and nothing else.
/// There is no word for a cycle or for a reset. The helper ends when
/// the socket closes, and when it does not understand. Every parser here is a
/// pure function that accepts exactly what its writer writes.
namespace knell::fencing::ipmi {

/// Why a line was not understood. Never quotes the line: it may hold a password.
struct Complaint {
    std::string text;
};
template <class T>
using Parsed = boost::system::result<T, Complaint>;

/// What the helper needs of a PowerCommand. The deadline is the supervisor's.
struct Request {
    PowerAction action = PowerAction::read;
    AttemptId attempt{0};
    std::optional<SystemUuid> identity; ///< absent: waived by the operator
    /// Of inspect alone, which shares it out: how long somebody will wait. Whole milliseconds.
    Duration patience{};

    friend bool operator==(const Request&, const Request&) = default;
};

/// Without line feeds, all of them. Secret because of what is in it.
[[nodiscard]] Secret write_device(const IpmiDevice& device);
[[nodiscard]] std::string write_request(const Request& request);
/// The most of a Request's patience; more is no use.
inline constexpr Duration longest_patience = 600s;
/// Overlong details are cut.
[[nodiscard]] std::string write_reply(const PowerReply& reply);

/// The result also satisfies complaint_about(); its id is its address.
[[nodiscard]] Parsed<IpmiDevice> read_device(std::string_view line);
[[nodiscard]] Parsed<Request> read_request(std::string_view line);
/// Refuses contradictions: a state besides a fault, facts besides a state, or besides a fault
/// after which nothing was looked at.
[[nodiscard]] Parsed<PowerReply> read_reply(std::string_view line);

} // namespace knell::fencing::ipmi
