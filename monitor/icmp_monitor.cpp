// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_monitor.hpp"

#include "core/overloaded.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/icmp_socket.hpp"
#include "monitor/inbox.hpp"
#include "monitor/readiness.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstring>
#include <fstream>
#include <unistd.h>
#include <utility>

namespace knell::monitor {
namespace {

Instant read_clock()
{
    return instant(std::chrono::steady_clock::now());
}

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

} // namespace

struct IcmpMonitor::State : std::enable_shared_from_this<IcmpMonitor::State> {
    struct Port {
        Port(boost::asio::io_context& loop, IcmpSocket opened)
            : socket{std::move(opened)}, readiness{loop, socket.descriptor()}
        {
        }
        IcmpSocket socket;
        Readiness readiness;
    };

    State(boost::asio::io_context& io, std::vector<IcmpTarget> wanted, Sink to)
        : loop{io}, timer{io}, targets{std::move(wanted)}, sink{std::move(to)}
    {
    }

    std::optional<std::string> open();
    void round();
    void readable();
    bool drain(Instant now);
    void send_due(Instant now);
    void hand_over();
    void schedule(Instant at);

    boost::asio::io_context& loop;
    boost::asio::steady_timer timer;
    std::vector<IcmpTarget> targets; ///< until start
    Sink sink;
    std::optional<PingLedger> ledger;
    EchoSeal seal;
    Inbox inbox;
    SleepWatch sleep;
    std::array<std::unique_ptr<Port>, 2> ports;
    std::array<std::size_t, 2> counts{};
    std::uint16_t identifier = static_cast<std::uint16_t>(getpid());
    PingLedger::Events events;
    PingCounters none;
};

std::optional<std::string> IcmpMonitor::State::open()
{
    if (auto fault = PingLedger::fault_of(targets); !fault.empty()) {
        return fault;
    }
    for (const auto& target : targets) {
        ++counts[parse_address(target.address)->family == Family::v6];
    }
    for (const auto family : {Family::v4, Family::v6}) {
        if (counts[family == Family::v6] == 0) {
            continue;
        }
        auto opened = IcmpSocket::open(family);
        if (const auto* failure = std::get_if<IcmpSocket::Failure>(&opened)) {
            return *failure;
        }
        ports[family == Family::v6] =
            std::make_unique<Port>(loop, std::move(std::get<IcmpSocket>(opened)));
    }
    if (!targets.empty()) {
        const auto now = read_clock();
        ledger.emplace(std::move(targets), now);
        schedule(now);
    }
    return std::nullopt;
}

bool IcmpMonitor::State::drain(Instant now)
{
    bool complete = true;
    for (auto& port : ports) {
        if (!port) {
            continue;
        }
        const Family family = port->socket.family();
        const auto read = [&](const Address& from, std::span<const std::uint8_t> message) {
            std::visit(Overloaded{[](NotOurs) {},
                                  [&](const EchoReply& reply) {
                                      ledger->replied(from, reply.probe, events);
                                  },
                                  [&](const EchoRefused& refused) {
                                      ledger->refused(refused.probe, describe(family, refused) +
                                                                         ", says " +
                                                                         to_string(from));
                                  }},
                       seal.read(family, message));
        };
        const auto result = port->socket.drain(inbox, read);
        complete = complete && result.complete;
        if (result.overflowed) {
            ledger->doubt(now, family, "our ICMP receive buffer overflowed");
        }
    }
    return complete;
}

void IcmpMonitor::State::send_due(Instant now)
{
    while (const auto due = ledger->due(now)) {
        const Address& to = ledger->address(due->target);
        const auto at = read_clock();
        const auto message = seal.request(to.family, identifier, {due->target, due->sequence, at});
        const int error = ports[to.family == Family::v6]->socket.send(to, message);
        if (error == 0) {
            ledger->sent(*due, at);
        } else {
            ledger->not_sent(*due, at, std::string{"could not send: "} + std::strerror(error),
                             events);
        }
    }
}

void IcmpMonitor::State::hand_over()
{
    const auto ready = std::exchange(events, {});
    for (const auto& event : ready) {
        sink(event);
    }
}

void IcmpMonitor::State::round()
{
    // Read before the drain: only what was due before it is judged after it.
    const auto now = read_clock();
    ledger->wake(now);
    if (sleep.slept()) {
        ledger->doubt(now, Family::v4, "this machine was suspended");
        ledger->doubt(now, Family::v6, "this machine was suspended");
    }
    if (drain(now)) {
        ledger->judge(now, events);
    }
    send_due(now);
    hand_over();
    schedule(*ledger->next_due());
    for (auto& port : ports) {
        if (port) {
            port->readiness.wait(weak_from_this());
        }
    }
}

void IcmpMonitor::State::readable()
{
    const auto now = read_clock();
    static_cast<void>(drain(now));
    hand_over();
    // The next look at the sockets is a tick away, however many replies come.
    schedule(std::min(*ledger->next_due(), now + tick));
}

void IcmpMonitor::State::schedule(Instant at)
{
    const auto when = wake_up_for(at, read_clock());
    timer.expires_at(std::chrono::steady_clock::time_point{when.time_since_epoch()});
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (const auto alive = weak.lock(); alive && !error) {
            alive->round();
        }
    });
}

IcmpMonitor::IcmpMonitor(boost::asio::io_context& loop, std::vector<IcmpTarget> targets, Sink sink)
    : state_{std::make_shared<State>(loop, std::move(targets), std::move(sink))}
{
}

IcmpMonitor::~IcmpMonitor() = default;

std::optional<std::string> IcmpMonitor::start()
{
    return state_->open();
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

const PingCounters& IcmpMonitor::counters() const noexcept
{
    return state_->ledger ? state_->ledger->counters() : state_->none;
}

} // namespace knell::monitor
