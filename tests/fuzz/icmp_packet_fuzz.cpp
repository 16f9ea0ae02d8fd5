// SPDX-License-Identifier: GPL-3.0-or-later
// ICMP as a socket delivers it. Input: flags (1 IPv6, 2 with an IPv4 header, 4 a genuine answer to
// a probe of ours with some bytes changed); for 4 which target, pairs of place and change, else the
// packet.
#include "monitor/ping_ledger.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>

namespace knell::monitor {
namespace {

using fuzz::Bytes;
using fuzz::require;

constexpr std::size_t icmp_header = 8;
constexpr Instant start{Duration{1h}};
const std::array<std::uint8_t, 16> key{1, 2, 3};

std::uint64_t sum(const ProbeCounters& c)
{
    return c.answered + c.late + c.duplicate + c.foreign;
}

/// What the reader recognises must be in the bytes: the 24 of our payload, cookie and all.
bool contains_payload_of(Family family, const EchoProbe& probe, Bytes message)
{
    EchoSeal seal{key};
    const auto request = seal.request(family, 0, probe);
    return std::search(message.begin(), message.end(), request.begin() + icmp_header,
                       request.end()) != message.end();
}

EchoAnswer read_checked(EchoSeal& seal, Family family, Bytes message)
{
    const auto answer = seal.read(family, message);
    if (const auto* reply = std::get_if<EchoReply>(&answer)) {
        require(message[0] == (family == Family::v4 ? 0 : 129) && message[1] == 0,
                "a reply has the type of a reply");
        require(contains_payload_of(family, reply->probe, message.first(echo_size)),
                "a reply carries our cookie over what it names");
    }
    if (const auto* refused = std::get_if<EchoRefused>(&answer)) {
        require(message[0] == refused->type && message[1] == refused->code,
                "an error has the type it says");
        require(contains_payload_of(family, refused->probe, message), "an error quotes our cookie");
        require(!describe(family, *refused).empty(), "every error has words");
    }
    return answer;
}

/// Two hosts, asked once each; the answer may come from either.
class Pings {
public:
    Pings()
    {
        // First probes are spread over the interval.
        for (auto now = start; asked.size() < 2; now += 10ms) {
            ledger.wake(now);
            while (const auto id = ledger.due(now)) {
                ledger.sent(*id, now);
                asked.push_back({id->target, id->sequence, now});
            }
        }
    }

    void hear(const EchoAnswer& answer, const Address& from)
    {
        const auto before = ledger.counters();
        PingLedger::Events events;
        if (const auto* reply = std::get_if<EchoReply>(&answer)) {
            ledger.replied(from, reply->probe, start + 150ms, events);
            require(sum(ledger.counters()) == sum(before) + 1, "every reply is counted once");
            const bool expected =
                std::find(asked.begin(), asked.end(), reply->probe) != asked.end() &&
                ledger.address(reply->probe.target).address == from;
            require(events.empty() || expected, "only the answer to an open question is life");
            require(events.size() == ledger.counters().answered - before.answered,
                    "a reply is life, or counted as something else");
        }
        if (const auto* refused = std::get_if<EchoRefused>(&answer)) {
            ledger.refused(refused->probe, "refused");
            require(ledger.counters() == before, "an error is neither life nor an answer");
        }
    }

    PingLedger ledger{
        {{.subject = HostProbe{HostId{"a"}, MonitorId{"icmp@m"}}, .address = "10.0.0.1"},
         {.subject = HostProbe{HostId{"b"}, MonitorId{"icmp@m"}}, .address = "fd00::2"}},
        start};
    std::vector<EchoProbe> asked;
};

/// The answer that the target would give.
std::vector<std::uint8_t> genuine(EchoSeal& seal, Family family, const EchoProbe& probe)
{
    const auto request = seal.request(family, 7, probe);
    std::vector<std::uint8_t> answer{request.begin(), request.end()};
    answer[0] = family == Family::v4 ? 0 : 129;
    return answer;
}

} // namespace

KNELL_FUZZ_TARGET(icmp_packet)
{
    fuzz::Input input{bytes};
    const auto flags = input.byte();
    const auto family = (flags & 1) != 0 ? Family::v6 : Family::v4;
    EchoSeal seal{key};
    Pings pings;
    require(pings.asked.size() == 2, "both hosts are asked");
    const auto from = *parse_address((flags & 8) != 0 ? "fd00::2" : "10.0.0.1");

    std::vector<std::uint8_t> packet;
    if ((flags & 4) != 0) {
        packet = genuine(seal, family, pings.asked[input.byte() % 2]);
        bool changed = false;
        while (!input.empty()) {
            const auto place = input.byte() % packet.size();
            const auto change = input.byte();
            // The checksum, identifier and sequence of the header are the kernel's business.
            changed = changed || (change != 0 && (place < 2 || place >= icmp_header));
            packet[place] ^= change;
        }
        const bool is_ours = std::holds_alternative<EchoReply>(read_checked(seal, family, packet));
        require(is_ours || changed, "our own answer is recognised");
    } else {
        const auto rest = input.rest();
        packet.assign(rest.begin(), rest.end());
    }
    Bytes message{packet};
    if ((flags & 2) != 0) {
        message = behind_ipv4_header(packet);
        require(message.empty() ||
                    (message.size() + 20 <= packet.size() &&
                     message.data() + message.size() == packet.data() + packet.size()),
                "what is behind the header is the end of the packet");
    }
    const auto answer = read_checked(seal, family, message);
    pings.hear(answer, from);
    pings.hear(answer, from);
    require(pings.ledger.counters().answered <= 1, "an answer counts once");
    static_cast<void>(internet_checksum(message));
}

} // namespace knell::monitor
