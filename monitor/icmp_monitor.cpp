// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_monitor.hpp"

#include "core/overloaded.hpp"
#include "monitor/heartbeat_packet.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/icmp_socket.hpp"
#include "monitor/inbox.hpp"
#include "monitor/probe_rounds.hpp"
#include "monitor/readiness.hpp"
#include "monitor/socket_gate.hpp"
#include "monitor/wire.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <utility>

namespace knell::monitor {
namespace {

std::string neighbour_warning(Family family, std::size_t targets)
{
    const std::string name = family == Family::v4 ? "ipv4" : "ipv6";
    const std::string key = "net." + name + ".neigh.default.gc_thresh3";
    std::ifstream file{"/proc/sys/net/" + name + "/neigh/default/gc_thresh3"};
    std::size_t most = 0;
    if (!(file >> most) || targets <= most / 2) {
        return {};
    }
    return std::to_string(targets) + " " + name + " targets may overflow the neighbour table (" +
           key + " is " + std::to_string(most) +
           "); hosts on our own link would then look silent. Raise it to at least " +
           std::to_string(4 * targets) + ".";
}

SocketGate gate_for(const IcmpSocket& socket, std::uint16_t identifier, FloodSink floods)
{
    const bool ping = socket.kind() == IcmpSocket::Kind::ping;
    return {
        socket.descriptor(),
        socket.family(),
        [family = socket.family(), ping, identifier](const KnownSources* known) {
            return ping ? ping_filter(family, known) : raw_filter(family, identifier, known);
        },
        {socket.family() == Family::v4 ? "ICMP over IPv4" : "ICMP over IPv6", std::move(floods)}};
}

} // namespace

struct IcmpMonitor::State final : ProbeRounds {
    struct Port {
        Port(boost::asio::io_context& loop, IcmpSocket opened, std::uint16_t identifier,
             FloodSink floods)
            : socket{std::move(opened)}, readiness{loop, socket.descriptor()},
              gate{gate_for(socket, identifier, std::move(floods))}
        {
        }
        IcmpSocket socket;
        Readiness readiness;
        SocketGate gate;
    };
    using Ports = std::array<std::unique_ptr<Port>, 2>; ///< by family; empty until it is needed

    State(boost::asio::io_context& loop, std::vector<IcmpTarget> wanted, Sink sink,
          FloodSink of_floods)
        : ProbeRounds{loop, std::move(sink)}, targets{std::move(wanted)}, floods{
                                                                              std::move(of_floods)}
    {
    }

    std::optional<std::string> aim(const std::vector<IcmpTarget>& wanted);
    ProbeLedger& ledger() override { return book; }
    bool drain(Instant now, Events& events) override;
    void ask(const ProbeId& probe, Events& events) override;
    void listen() override;

    std::vector<IcmpTarget> targets; ///< until start
    FloodSink floods;
    PingLedger book{{}, Instant{}};
    EchoSeal seal;
    Inbox inbox;
    Ports ports;
    std::array<std::size_t, 2> counts{};
    std::uint16_t identifier = read_number<std::uint16_t>(random_bytes16(), 0);
};

std::optional<std::string> IcmpMonitor::State::aim(const std::vector<IcmpTarget>& wanted)
{
    if (auto fault = PingLedger::fault_of(wanted); !fault.empty()) {
        return fault;
    }
    std::array<std::size_t, 2> needed{};
    std::vector<Address> known;
    for (const auto& target : wanted) {
        known.push_back(*parse_address(target.address));
        ++needed[known.back().family == Family::v6];
    }
    Ports opened;
    for (const auto family : {Family::v4, Family::v6}) {
        const auto index = static_cast<std::size_t>(family == Family::v6);
        if (needed[index] == 0 || ports[index]) {
            continue;
        }
        auto socket = IcmpSocket::open(family);
        if (const auto* failure = std::get_if<IcmpSocket::Failure>(&socket)) {
            return *failure;
        }
        opened[index] = std::make_unique<Port>(loop(), std::move(std::get<IcmpSocket>(socket)),
                                               identifier, floods);
    }
    for (std::size_t index = 0; index < ports.size(); ++index) {
        if (opened[index]) {
            ports[index] = std::move(opened[index]);
        }
        if (ports[index]) {
            ports[index]->gate.know(known);
        }
    }
    counts = needed;
    book.retarget(read_clock(), wanted);
    wake_soon();
    return std::nullopt;
}

bool IcmpMonitor::State::drain(Instant now, Events& events)
{
    bool complete = true;
    for (auto& port : ports) {
        if (!port) {
            continue;
        }
        const Family family = port->socket.family();
        std::uint64_t strangers = 0;
        const auto read = [&](const Address& from, std::span<const std::uint8_t> message,
                              Instant arrived) {
            std::visit(Overloaded{[&](NotOurs) { ++strangers; },
                                  [&](const EchoReply& reply) {
                                      book.replied(from, reply.probe, arrived, events);
                                  },
                                  [&](const EchoRefused& refused) {
                                      book.refused(refused.probe, describe(family, refused) +
                                                                      ", says " + to_string(from));
                                  }},
                       seal.read(family, message));
        };
        const auto result = port->socket.drain(inbox, read);
        complete = complete && result.complete;
        port->gate.looked(now, strangers, result.overflowed);
        if (result.overflowed) {
            book.doubt(now, family, "our ICMP receive buffer overflowed");
        }
    }
    return complete;
}

void IcmpMonitor::State::ask(const ProbeId& probe, Events& events)
{
    const Address& to = book.address(probe.target).address;
    const auto at = read_clock();
    const auto message = seal.request(to.family, identifier, {probe.target, probe.sequence, at});
    const int error = ports[to.family == Family::v6]->socket.send(to, message);
    if (error == 0) {
        book.sent(probe, at);
    } else {
        book.not_sent(probe, at, std::string{"could not send: "} + std::strerror(error), events);
    }
}

void IcmpMonitor::State::listen()
{
    for (auto& port : ports) {
        if (port) {
            port->readiness.wait(weak_from_this());
        }
    }
}

IcmpMonitor::IcmpMonitor(boost::asio::io_context& loop, std::vector<IcmpTarget> targets, Sink sink,
                         FloodSink floods)
    : state_{std::make_shared<State>(loop, std::move(targets), std::move(sink), std::move(floods))}
{
}

IcmpMonitor::~IcmpMonitor() = default;

std::optional<std::string> IcmpMonitor::start()
{
    return state_->aim(std::exchange(state_->targets, {}));
}

std::optional<std::string> IcmpMonitor::retarget(const std::vector<IcmpTarget>& targets)
{
    return state_->aim(targets);
}

void IcmpMonitor::watch(const HostId& host, bool closely)
{
    state_->watch(host, closely);
}

std::vector<std::string> IcmpMonitor::warnings() const
{
    std::vector<std::string> all;
    for (const auto family : {Family::v4, Family::v6}) {
        auto warning = neighbour_warning(family, state_->counts[family == Family::v6]);
        if (!warning.empty()) {
            all.push_back(std::move(warning));
        }
    }
    return all;
}

const ProbeCounters& IcmpMonitor::counters() const noexcept
{
    return state_->book.counters();
}

std::vector<PathReport> IcmpMonitor::paths() const
{
    return state_->book.paths();
}

} // namespace knell::monitor
