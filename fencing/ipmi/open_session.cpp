// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/open_session.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace knell::fencing::ipmi {
namespace {

/// RMCP version 1.0, no acknowledge, class IPMI (13.1.3).
constexpr std::array<std::uint8_t, 4> rmcp{0x06, 0x00, 0xff, 0x07};

constexpr std::uint8_t no_authentication = 0x00; ///< the IPMI v1.5 format (13.6)
constexpr std::uint8_t rmcp_plus = 0x06;
constexpr std::uint8_t open_request = 0x10; ///< payload types (13.27.3)
constexpr std::uint8_t open_response = 0x11;
constexpr std::uint8_t rakp_message_3 = 0x14;

constexpr std::uint8_t bmc_address = 0x20;
constexpr std::uint8_t console_address = 0x81;
constexpr std::uint8_t application = 0x06;
constexpr std::uint8_t get_channel_cipher_suites = 0x54;
constexpr std::uint8_t this_channel = 0x0e;

/// RMCP+ status codes (13.24).
constexpr std::uint8_t no_errors = 0x00;
constexpr std::uint8_t insufficient_resources = 0x01;
constexpr std::array<std::uint8_t, 6> about_the_suite{
    0x04, ///< invalid authentication algorithm
    0x05, ///< invalid integrity algorithm
    0x06, ///< no matching authentication payload
    0x07, ///< no matching integrity payload
    0x10, ///< invalid confidentiality algorithm
    0x11  ///< no cipher suite match with proposed security algorithms
};

void add(Bytes& bytes, std::initializer_list<std::uint8_t> more)
{
    bytes.insert(bytes.end(), more);
}

/// Least significant byte first, as everything in IPMI.
void add_number(Bytes& bytes, std::uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

std::uint32_t number_at(ByteView bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8 | bytes[at + i];
    }
    return value;
}

std::uint8_t checksum(ByteView bytes)
{
    const unsigned sum = std::accumulate(bytes.begin(), bytes.end(), 0U);
    return static_cast<std::uint8_t>(-sum);
}

bool begins_with_rmcp(ByteView datagram)
{
    return datagram.size() > rmcp.size() && datagram[0] == rmcp[0] && datagram[3] == rmcp[3];
}

/// Neither authenticated nor encrypted, outside any session.
Bytes wrapped(std::uint8_t type, const Bytes& payload)
{
    Bytes datagram{rmcp.begin(), rmcp.end()};
    add(datagram, {rmcp_plus, type, 0, 0, 0, 0, 0, 0, 0, 0});
    add(datagram, {static_cast<std::uint8_t>(payload.size()), 0});
    datagram.insert(datagram.end(), payload.begin(), payload.end());
    return datagram;
}

std::optional<ByteView> unwrapped(ByteView datagram, std::uint8_t type)
{
    constexpr std::size_t header = 16;
    if (datagram.size() < header || !begins_with_rmcp(datagram) || datagram[4] != rmcp_plus ||
        datagram[5] != type) {
        return std::nullopt;
    }
    const std::size_t size = datagram[14] | datagram[15] << 8;
    if (size > datagram.size() - header) {
        return std::nullopt;
    }
    return datagram.subspan(header, size);
}

/// The algorithm that a payload of the response confirms (table 13-10).
bool confirms(ByteView answer, std::size_t at, std::uint8_t type, std::uint8_t algorithm)
{
    return answer[at] == type && (answer[at + 4] & 0x3f) == algorithm;
}

} // namespace

Bytes open_session_request(std::uint8_t tag, std::uint32_t console, const Algorithms& algorithms)
{
    Bytes payload{tag, 0, 0, 0};
    add_number(payload, console);
    add(payload, {0, 0, 0, 8, algorithms.authentication, 0, 0, 0});
    add(payload, {1, 0, 0, 8, algorithms.integrity, 0, 0, 0});
    add(payload, {2, 0, 0, 8, algorithms.confidentiality, 0, 0, 0});
    return wrapped(open_request, payload);
}

std::optional<OpenSessionResponse> read_open_session_response(ByteView datagram, std::uint8_t tag,
                                                              std::uint32_t console,
                                                              const Algorithms& asked)
{
    const auto answer = unwrapped(datagram, open_response);
    if (!answer || answer->size() < 2 || (*answer)[0] != tag) {
        return std::nullopt;
    }
    using Verdict = OpenSessionResponse::Verdict;
    const auto status = (*answer)[1];
    if (status != no_errors) {
        const bool suite = std::find(about_the_suite.begin(), about_the_suite.end(), status) !=
                           about_the_suite.end();
        return OpenSessionResponse{suite ? Verdict::refused : Verdict::unknown, 0};
    }
    if (answer->size() < 12 || number_at(*answer, 4) != console) {
        return std::nullopt;
    }
    const bool as_asked = answer->size() >= 36 && confirms(*answer, 12, 0, asked.authentication) &&
                          confirms(*answer, 20, 1, asked.integrity) &&
                          confirms(*answer, 28, 2, asked.confidentiality);
    return OpenSessionResponse{as_asked ? Verdict::accepted : Verdict::unknown,
                               number_at(*answer, 8)};
}

Bytes abandon_session(std::uint8_t tag, std::uint32_t managed)
{
    Bytes payload{tag, insufficient_resources, 0, 0};
    add_number(payload, managed);
    return wrapped(rakp_message_3, payload);
}

Bytes cipher_suites_request(std::uint8_t sequence, std::uint8_t index)
{
    Bytes message{bmc_address, application << 2};
    message.push_back(checksum(message));
    const auto second = message.size();
    add(message, {console_address, static_cast<std::uint8_t>(sequence << 2)});
    add(message, {get_channel_cipher_suites, this_channel, 0});
    message.push_back(static_cast<std::uint8_t>(0x80 | (index & 0x3f)));
    message.push_back(checksum(ByteView{message}.subspan(second)));

    Bytes datagram{rmcp.begin(), rmcp.end()};
    add(datagram, {no_authentication, 0, 0, 0, 0, 0, 0, 0, 0});
    datagram.push_back(static_cast<std::uint8_t>(message.size()));
    datagram.insert(datagram.end(), message.begin(), message.end());
    return datagram;
}

std::optional<CipherSuitesPart> read_cipher_suites_response(ByteView datagram,
                                                            std::uint8_t sequence)
{
    constexpr std::size_t header = 14;
    if (datagram.size() < header || !begins_with_rmcp(datagram) ||
        datagram[4] != no_authentication || datagram[13] > datagram.size() - header) {
        return std::nullopt;
    }
    const auto message = datagram.subspan(header, datagram[13]);
    // Addresses, sequence number and command lie before the completion code, a checksum after it.
    if (message.size() < 8 || message[1] >> 2 != (application | 1) ||
        message[4] >> 2 != (sequence & 0x3f) || message[5] != get_channel_cipher_suites ||
        checksum(message.subspan(3)) != 0) {
        return std::nullopt;
    }
    if (message[6] != 0 || message.size() < 9) {
        return CipherSuitesPart{};
    }
    const auto records = message.subspan(8, message.size() - 9);
    if (records.size() > full_part) {
        return CipherSuitesPart{};
    }
    return CipherSuitesPart{true, {records.begin(), records.end()}};
}

std::optional<bool> lists_suite_zero(ByteView records)
{
    constexpr std::uint8_t standard = 0xc0;
    constexpr std::uint8_t oem = 0xc1;
    if (records.empty()) {
        return std::nullopt;
    }
    bool listed = false;
    while (!records.empty()) {
        const std::size_t head = records[0] == standard ? 2 : records[0] == oem ? 5 : 0;
        if (head == 0 || records.size() <= head) {
            return std::nullopt;
        }
        listed = listed || (records[0] == standard && records[1] == 0);
        records = records.subspan(head);
        const auto next = std::find_if(records.begin(), records.end(),
                                       [](std::uint8_t byte) { return byte >= standard; });
        const auto algorithms = static_cast<std::size_t>(next - records.begin());
        if (algorithms == 0) {
            return std::nullopt;
        }
        records = records.subspan(algorithms);
    }
    return listed;
}

} // namespace knell::fencing::ipmi
