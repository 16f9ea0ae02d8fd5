// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_monitor.hpp"

#include "monitor/beat_socket.hpp"
#include "monitor/clock.hpp"
#include "monitor/readiness.hpp"
#include "monitor/socket_gate.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace knell::monitor {
namespace {

std::optional<std::string> fault_of(const std::vector<HeartbeatPeer>& peers,
                                    const std::vector<std::string>& listen)
{
    if (auto fault = HeartbeatLedger::fault_of(peers); !fault.empty()) {
        return fault;
    }
    if (!peers.empty() && listen.empty()) {
        return "no address to listen on for heartbeats. Set heartbeat.listen, and start again.";
    }
    return std::nullopt;
}

std::string name_of(const BeatSocket& socket)
{
    return socket.family() == Family::v4 ? "heartbeats over IPv4" : "heartbeats over IPv6";
}

/// Packets that somebody without a key can send.
std::uint64_t strangers(const HeartbeatCounters& counters)
{
    return counters.format + counters.unknown_host + counters.source + counters.hmac +
           counters.unproven + counters.replay;
}

} // namespace

struct HeartbeatMonitor::State : std::enable_shared_from_this<HeartbeatMonitor::State> {
    struct Door {
        Door(boost::asio::io_context& loop, BeatSocket opened, FloodSink floods)
            : socket{std::move(opened)}, readiness{loop, socket.descriptor()},
              gate{socket.descriptor(),
                   socket.family(),
                   [family = socket.family()](const KnownSources* known) {
                       return beat_filter(family, known);
                   },
                   {name_of(socket), std::move(floods)}}
        {
        }
        BeatSocket socket;
        Readiness readiness;
        SocketGate gate;
    };

    State(boost::asio::io_context& io, std::vector<std::string> addresses,
          std::vector<HeartbeatPeer> hosts, Sink to, FloodSink of_floods)
        : loop{io}, timer{io}, listen{std::move(addresses)}, peers{std::move(hosts)},
          sink{std::move(to)}, floods{std::move(of_floods)}
    {
    }

    std::optional<std::string> open();
    void aim(const std::vector<HeartbeatPeer>& at);
    void round();
    void readable();
    bool drain(Instant now);
    void hand_over();
    void schedule(Instant at);

    boost::asio::io_context& loop;
    boost::asio::steady_timer timer;
    std::vector<std::string> listen;
    std::vector<HeartbeatPeer> peers; ///< until start
    Sink sink;
    FloodSink floods;
    HeartbeatLedger ledger{{}};
    Inbox inbox;
    SleepWatch sleep;
    std::vector<std::unique_ptr<Door>> doors;
    HeartbeatLedger::Events events;
};

std::optional<std::string> HeartbeatMonitor::State::open()
{
    if (auto fault = fault_of(peers, listen)) {
        return fault;
    }
    for (const auto& address : listen) {
        auto opened = BeatSocket::open(address);
        if (const auto* failure = std::get_if<BeatSocket::Failure>(&opened)) {
            return *failure;
        }
        doors.push_back(
            std::make_unique<Door>(loop, std::move(std::get<BeatSocket>(opened)), floods));
    }
    aim(std::exchange(peers, {}));
    schedule(read_clock());
    return std::nullopt;
}

void HeartbeatMonitor::State::aim(const std::vector<HeartbeatPeer>& at)
{
    ledger.retarget(at);
    const auto known = ledger.addresses();
    for (auto& door : doors) {
        door->gate.know(known);
    }
}

bool HeartbeatMonitor::State::drain(Instant now)
{
    bool complete = true;
    for (auto& door : doors) {
        const auto before = strangers(ledger.counters());
        const auto result = door->socket.drain(inbox, [&](const Inbox::Packet& packet) {
            const auto challenge = ledger.receive(now, packet.from.address, packet.bytes, events);
            if (challenge) {
                door->socket.answer(packet, *challenge);
            }
        });
        complete = complete && result.complete;
        ledger.filtered(result.refused);
        door->gate.looked(now, strangers(ledger.counters()) - before + result.refused,
                          result.overflowed);
        if (result.overflowed) {
            ledger.doubt(now, "our heartbeat receive buffer overflowed");
        }
    }
    return complete;
}

void HeartbeatMonitor::State::hand_over()
{
    const auto ready = std::exchange(events, {});
    for (const auto& event : ready) {
        sink(event);
    }
}

void HeartbeatMonitor::State::round()
{
    // Read before the drain: only what was due before it is judged after it.
    const auto now = read_clock();
    ledger.wake(now);
    if (sleep.slept() > Duration::zero()) {
        ledger.doubt(now, "this machine was suspended");
    }
    if (drain(now)) {
        ledger.judge(now, events);
    }
    hand_over();
    schedule(ledger.next_due().value_or(now + 1s));
    for (auto& door : doors) {
        door->readiness.wait(weak_from_this());
    }
}

void HeartbeatMonitor::State::readable()
{
    const auto now = read_clock();
    static_cast<void>(drain(now));
    hand_over();
    // The next look at the sockets is a tick away, however many beats come.
    schedule(std::min(ledger.next_due().value_or(now + tick), now + tick));
}

void HeartbeatMonitor::State::schedule(Instant at)
{
    const auto when = wake_up_for(at, read_clock());
    timer.expires_at(std::chrono::steady_clock::time_point{when.time_since_epoch()});
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (const auto alive = weak.lock(); alive && !error) {
            alive->round();
        }
    });
}

HeartbeatMonitor::HeartbeatMonitor(boost::asio::io_context& loop, std::vector<std::string> listen,
                                   std::vector<HeartbeatPeer> peers, Sink sink, FloodSink floods)
    : state_{std::make_shared<State>(loop, std::move(listen), std::move(peers), std::move(sink),
                                     std::move(floods))}
{
}

HeartbeatMonitor::~HeartbeatMonitor() = default;

std::optional<std::string> HeartbeatMonitor::start()
{
    return state_->open();
}

std::optional<std::string> HeartbeatMonitor::retarget(const std::vector<HeartbeatPeer>& peers)
{
    if (auto fault = fault_of(peers, state_->listen)) {
        return fault;
    }
    state_->aim(peers);
    return std::nullopt;
}

std::vector<std::uint16_t> HeartbeatMonitor::ports() const
{
    std::vector<std::uint16_t> all;
    for (const auto& door : state_->doors) {
        all.push_back(door->socket.port());
    }
    return all;
}

const HeartbeatCounters& HeartbeatMonitor::counters() const noexcept
{
    return state_->ledger.counters();
}

} // namespace knell::monitor
