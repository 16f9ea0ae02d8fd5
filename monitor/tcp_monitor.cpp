// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/tcp_monitor.hpp"

#include "monitor/probe_rounds.hpp"
#include "monitor/readiness.hpp"
#include "monitor/tcp_connector.hpp"
#include "monitor/tcp_ledger.hpp"

#include <cstring>
#include <sys/resource.h>
#include <utility>

namespace knell::monitor {

struct TcpMonitor::State final : ProbeRounds {
    struct Port {
        Port(boost::asio::io_context& loop, TcpConnector opened)
            : connector{std::move(opened)}, readiness{loop, connector.descriptor()}
        {
        }
        TcpConnector connector;
        Readiness readiness;
    };

    State(boost::asio::io_context& loop, std::vector<TcpTarget> wanted, Sink sink)
        : ProbeRounds{loop, std::move(sink)}, targets{std::move(wanted)}
    {
    }

    std::optional<std::string> aim(const std::vector<TcpTarget>& wanted);
    ProbeLedger& ledger() override { return book; }
    bool drain(Instant now, Events& events) override;
    void ask(const ProbeId& probe, Events& events) override;
    void give_up(const std::vector<ProbeId>& probes) override;
    void listen() override;

    std::vector<TcpTarget> targets; ///< until start
    TcpLedger book{{}, Instant{}};
    std::unique_ptr<Port> port; ///< empty until there is a target
};

std::optional<std::string> TcpMonitor::State::aim(const std::vector<TcpTarget>& wanted)
{
    if (auto fault = TcpLedger::fault_of(wanted); !fault.empty()) {
        return fault;
    }
    if (!wanted.empty() && !port) {
        auto opened = TcpConnector::open();
        if (const auto* failure = std::get_if<TcpConnector::Failure>(&opened)) {
            return *failure;
        }
        port = std::make_unique<Port>(loop(), std::move(std::get<TcpConnector>(opened)));
    }
    book.retarget(read_clock(), wanted);
    give_up(book.ended());
    wake_soon();
    return std::nullopt;
}

bool TcpMonitor::State::drain(Instant /*now*/, Events& events)
{
    if (port) {
        port->connector.drain([&](const ProbeId& probe, const TcpAnswer& answer) {
            book.concluded(probe, answer, events);
        });
    }
    return true;
}

void TcpMonitor::State::ask(const ProbeId& probe, Events& events)
{
    const auto at = read_clock();
    const int error = port->connector.begin(probe, book.address(probe.target), at);
    if (error == 0) {
        book.sent(probe, at);
    } else {
        book.not_sent(probe, at, std::string{"could not connect: "} + std::strerror(error), events);
    }
}

void TcpMonitor::State::give_up(const std::vector<ProbeId>& probes)
{
    for (const auto& probe : probes) {
        port->connector.give_up(probe);
    }
}

void TcpMonitor::State::listen()
{
    if (port) {
        port->readiness.wait(weak_from_this());
    }
}

TcpMonitor::TcpMonitor(boost::asio::io_context& loop, std::vector<TcpTarget> targets, Sink sink)
    : state_{std::make_shared<State>(loop, std::move(targets), std::move(sink))}
{
}

TcpMonitor::~TcpMonitor() = default;

std::optional<std::string> TcpMonitor::start()
{
    return state_->aim(std::exchange(state_->targets, {}));
}

std::optional<std::string> TcpMonitor::retarget(const std::vector<TcpTarget>& targets)
{
    return state_->aim(targets);
}

void TcpMonitor::watch(const HostId& host, bool closely)
{
    state_->watch(host, closely);
}

std::vector<std::string> TcpMonitor::warnings() const
{
    rlimit files{};
    const auto count = state_->book.size();
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || count <= files.rlim_cur / 2) {
        return {};
    }
    return {std::to_string(count) + " TCP targets may need as many open files, and we may have " +
            std::to_string(files.rlim_cur) +
            "; what finds none left would be inconclusive. Raise LimitNOFILE to at least " +
            std::to_string(4 * count) + "."};
}

const ProbeCounters& TcpMonitor::counters() const noexcept
{
    return state_->book.counters();
}

std::vector<PathReport> TcpMonitor::paths() const
{
    return state_->book.paths();
}

} // namespace knell::monitor
