// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation with the heartbeat ledger. Input: steps, a byte each that says which, then what it
// needs: packets as they are, packets sealed with a host's own or a wrong key, old packets again.
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_ledger.hpp"
#include "tests/fuzz/input.hpp"

#include <map>
#include <set>
#include <tuple>

namespace knell::monitor {
namespace {

using fuzz::Bytes;
using fuzz::require;

const std::array<const char*, 2> hosts{"compute1", "compute2"};
const std::array<const char*, 4> addresses{"10.0.0.1", "10.0.1.1", "10.0.0.2", "10.0.0.9"};

Secret key_of(std::size_t host)
{
    return Secret{std::string(heartbeat_key_size, static_cast<char>('a' + host))};
}

std::vector<HeartbeatPeer> peers(unsigned which)
{
    std::vector<HeartbeatPeer> all;
    if ((which & 1) != 0) {
        all.push_back({HostId{hosts[0]},
                       key_of(0),
                       {{MonitorId{"heartbeat@a"}, addresses[0], 200ms},
                        {MonitorId{"heartbeat@b"}, addresses[1], 1s}}});
    }
    if ((which & 2) != 0) {
        all.push_back({HostId{hosts[1]}, key_of(1), {{MonitorId{"heartbeat@a"}, addresses[2]}}});
    }
    return all;
}

std::uint64_t sum(const HeartbeatCounters& c)
{
    return c.accepted + c.format + c.unknown_host + c.source + c.hmac + c.unproven + c.replay;
}

Bytes16 sixteen(std::uint8_t byte)
{
    Bytes16 bytes;
    bytes.fill(byte);
    return bytes;
}

class Conversation {
public:
    void step(fuzz::Input& input)
    {
        const auto choice = input.byte();
        switch (choice & 7) {
        case 0:
            receive(input.byte(), input.piece());
            break;
        case 1:
        case 2:
        case 3:
            receive_sealed(input);
            break;
        case 4:
            pass(Duration{input.number<std::uint32_t>()});
            break;
        case 5:
            if (!packets_.empty()) {
                const auto old = packets_[input.byte() % packets_.size()];
                receive(choice >> 3, old);
            }
            break;
        case 6:
            ledger_.doubt(now_, "the socket overflowed");
            break;
        default:
            ledger_.retarget(peers(input.byte()));
            break;
        }
    }

    /// Time goes by, and what is owed is judged.
    void pass(Duration time)
    {
        now_ += time;
        ledger_.wake(now_);
        HeartbeatLedger::Events events;
        ledger_.judge(now_, events);
        for (const auto& event : events) {
            const auto* result = std::get_if<ProbeResult>(&event);
            require(result != nullptr && result->pulse != Pulse::beating && !result->report,
                    "nobody beats by being waited for");
        }
        require(!ledger_.next_due() || *ledger_.next_due() > now_, "what was due is judged");
    }

private:
    void receive_sealed(fuzz::Input& input)
    {
        const auto what = input.byte();
        const std::size_t host = what & 1;
        const std::size_t signer = (what & 2) != 0 ? 1 - host : host;
        HeartbeatPacket packet{.kind = static_cast<HeartbeatPacket::Kind>(1 + (what >> 2) % 3),
                               .nova_compute = (what & 16) != 0,
                               .host = host_tag(HostId{hosts[host]}),
                               .boot = sixteen((what & 32) != 0 ? 2 : 1),
                               .session = sixteen(input.byte()),
                               .sequence = 1U + input.byte(),
                               .uptime = input.number<std::uint64_t>(),
                               .nonce = {},
                               .system_uuid = std::nullopt};
        if ((what & 64) != 0) {
            packet.sequence += std::uint64_t{input.number<std::uint16_t>()} << 32;
        }
        // Who has the key counts his packets, whatever becomes of them on the way.
        auto& sequence = signed_[{host, packet.boot, packet.session}];
        packet.sequence = sequence += packet.sequence;
        const auto& told = told_[host];
        if (!told.empty() && (what & 128) == 0) {
            packet.nonce = told[told.size() - 1 - input.byte() % told.size()];
        }
        const auto bytes = HeartbeatSeal{key_of(signer)}.seal(packet);
        receive(input.byte(), bytes);
    }

    void receive(unsigned from, Bytes bytes)
    {
        packets_.emplace_back(bytes.begin(), bytes.end());
        const std::vector<std::uint8_t> copy{bytes.begin(), bytes.end()};
        const auto before = ledger_.counters();
        const auto address = *parse_address(addresses[from % addresses.size()]);
        HeartbeatLedger::Events events;
        const auto challenge = ledger_.receive(now_, address, bytes, events);
        const auto after = ledger_.counters();
        require(sum(after) == sum(before) + 1, "every packet is counted once");
        const bool accepted = after.accepted != before.accepted;
        const bool unproven = after.unproven != before.unproven;
        require(accepted || events.empty(), "what is not accepted says nothing");
        require(events.size() <= 1, "one packet says one thing at most");
        require(!challenge || accepted || unproven, "only the genuine are challenged");
        if (!accepted && !unproven) {
            return;
        }
        const auto host = from % addresses.size() == 2 ? 1U : 0U;
        const auto packet = HeartbeatSeal{key_of(host)}.open(bytes);
        require(packet && from % addresses.size() < 3, "only the genuine, from where they live");
        if (accepted) {
            require(accepted_.insert(copy).second, "the same packet never counts twice");
            check_proof(host, *packet);
        }
        for (const auto& event : events) {
            check_event(host, *packet, event);
        }
        if (challenge) {
            const auto opened = HeartbeatSeal{key_of(host)}.open(*challenge);
            require(opened && opened->kind == HeartbeatPacket::Kind::challenge &&
                        opened->sequence == packet->sequence && opened->session == packet->session,
                    "a challenge answers its packet");
            told_[host].push_back(opened->nonce);
        }
    }

    /// A session is believed only after it has echoed a nonce of ours.
    void check_proof(std::size_t host, const HeartbeatPacket& packet)
    {
        if (proven_.contains({host, packet.boot, packet.session})) {
            return;
        }
        const auto& told = told_[host];
        require(std::find(told.begin(), told.end(), packet.nonce) != told.end(),
                "nobody is believed who has not echoed what we told him");
        proven_.insert({host, packet.boot, packet.session});
    }

    static void check_event(std::size_t host, const HeartbeatPacket& packet, const Event& event)
    {
        if (const auto* goodbye = std::get_if<Goodbye>(&event)) {
            require(goodbye->host.get() == hosts[host] &&
                        packet.kind == HeartbeatPacket::Kind::goodbye,
                    "a goodbye is its host's");
            return;
        }
        const auto* beat = std::get_if<ProbeResult>(&event);
        require(beat != nullptr && beat->host.get() == hosts[host] &&
                    beat->pulse == Pulse::beating && beat->report &&
                    beat->report->boot.get() == to_uuid(packet.boot) &&
                    beat->report->uptime >= Duration::zero(),
                "a beat says what its packet said");
    }

    std::uint8_t draws_ = 0;
    unsigned draws_before_ = 0;
    HeartbeatLedger ledger_{peers(3), [this] {
                                // Never the same twice.
                                auto nonce = sixteen(++draws_);
                                draws_before_ += draws_ == 0 ? 1 : 0;
                                nonce[0] = static_cast<std::uint8_t>(draws_before_ >> 8);
                                nonce[1] = static_cast<std::uint8_t>(draws_before_);
                                nonce[2] = 0xff;
                                return nonce;
                            }};
    Instant now_{Duration{1h}};
    std::vector<std::vector<std::uint8_t>> packets_;
    std::set<std::vector<std::uint8_t>> accepted_;
    std::array<std::vector<Bytes16>, 2> told_;
    using Session = std::tuple<std::size_t, Bytes16, Bytes16>;
    std::map<Session, std::uint64_t> signed_; ///< the last sequence
    std::set<Session> proven_;
};

} // namespace

KNELL_FUZZ_TARGET(heartbeat_ledger)
{
    fuzz::Input input{bytes};
    Conversation conversation;
    for (int steps = 0; steps < 400 && !input.empty(); ++steps) {
        conversation.step(input);
    }
    conversation.pass(10s);
}

} // namespace knell::monitor
