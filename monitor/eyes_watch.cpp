// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_watch.hpp"

#include "monitor/clock.hpp"
#include "monitor/eyes_neighbours.hpp"
#include "monitor/eyes_socket.hpp"
#include "monitor/readiness.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace knell::monitor {
namespace {

constexpr Duration gather = 20ms;        ///< news come in bunches; one look answers them all
constexpr Duration least_pause = 100ms;  ///< between two looks at all routes
constexpr int pause_for_time_taken = 20; ///< a look must not take more than a twentieth of the loop
constexpr Duration look_at_neighbours_every = 1s;
constexpr Duration ask_again_after = 1s; ///< where the kernel gave no answer
constexpr std::size_t statistics_at_most = 1UL << 20;

std::string read_statistics(const std::string& path)
{
    std::string text;
    const Socket file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> part;
    ssize_t size = 0;
    while (text.size() < statistics_at_most &&
           (size = read(file.get(), part.data(), part.size())) > 0) {
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
}

} // namespace

struct EyesWatch::State : std::enable_shared_from_this<EyesWatch::State> {
    State(boost::asio::io_context& io, std::vector<EyesTarget> wanted, Sink to, std::string folder)
        : loop{io}, timer{io}, targets{std::move(wanted)}, sink{std::move(to)},
          statistics{std::move(folder)}
    {
    }

    std::optional<std::string> open();
    void readable();
    void round();
    bool look();
    void look_at_neighbours(Instant now);
    void tell();
    void look_at(Instant when);
    void schedule();

    boost::asio::io_context& loop;
    boost::asio::steady_timer timer;
    std::vector<EyesTarget> targets; ///< until start
    Sink sink;
    std::string statistics;
    std::optional<EyesSocket> socket;
    std::unique_ptr<Readiness> readiness;
    EyesLedger ledger;
    std::array<NeighbourTable, 2> neighbours;
    bool whole =
        false; ///< nothing is said before the first look at new targets, or after lost news
    std::optional<Instant> look_due;
    Instant rested_at{}; ///< the next look is no sooner
    Instant neighbours_due{};
};

std::optional<std::string> EyesWatch::State::open()
{
    if (auto fault = EyesLedger::fault_of(targets); !fault.empty()) {
        return fault;
    }
    auto opened = EyesSocket::open();
    if (const auto* failure = std::get_if<EyesSocket::Failure>(&opened)) {
        return *failure;
    }
    socket.emplace(std::move(std::get<EyesSocket>(opened)));
    readiness = std::make_unique<Readiness>(loop, socket->descriptor());
    readiness->wait(weak_from_this());
    ledger.watch(targets);
    const auto now = read_clock();
    look_due = now;
    neighbours_due = now;
    schedule();
    return std::nullopt;
}

void EyesWatch::State::readable()
{
    bool changed = false;
    const auto news = socket->drain([&](const NetlinkMessage& message) {
        changed = true;
        if (const auto link = link_in(message)) {
            ledger.link(*link);
        }
    });
    if (news == EyesSocket::News::lost) {
        changed = true;
        whole = false;
        ledger.forget_links();
    }
    if (changed) {
        look_at(read_clock() + gather);
    }
    tell();
    readiness->wait(weak_from_this());
}

void EyesWatch::State::round()
{
    const auto now = read_clock();
    if (now >= neighbours_due) {
        look_at_neighbours(now);
        neighbours_due = now + look_at_neighbours_every;
    }
    if (look_due && now >= *look_due) {
        look_due.reset();
        const bool complete = look();
        const auto end = read_clock();
        rested_at = end + std::max(least_pause, pause_for_time_taken * (end - now));
        if (!complete) {
            look_at(end + ask_again_after);
        }
        whole = true;
    }
    tell();
    schedule();
}

/// Whether the kernel answered every question.
bool EyesWatch::State::look()
{
    bool complete = true;
    const auto& addresses = ledger.addresses();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto route = socket->ask_route(addresses[i]);
        if (route.told == Told::unknown) {
            complete = false;
        } else {
            ledger.routed(i,
                          route.told == Told::yes ? std::optional{route.interface} : std::nullopt);
        }
    }
    for (const int index : ledger.unknown_links()) {
        const auto link = socket->ask_link(index);
        if (link.told == Told::yes) {
            ledger.link(link.link);
        } else if (link.told == Told::no) {
            ledger.link_gone(index);
        } else {
            complete = false;
        }
    }
    return complete;
}

void EyesWatch::State::look_at_neighbours(Instant now)
{
    for (const auto family : {Family::v4, Family::v6}) {
        const bool v4 = family == Family::v4;
        auto& table = neighbours[v4 ? 0 : 1];
        const auto fulls =
            table_fulls(read_statistics(statistics + (v4 ? "/arp_cache" : "/ndisc_cache")));
        if (fulls) {
            table.sampled(now, *fulls);
        }
        ledger.neighbours(family, table.overflowing(now));
    }
}

void EyesWatch::State::tell()
{
    if (!whole) {
        return;
    }
    for (const auto& report : ledger.changes()) {
        sink(report);
    }
}

void EyesWatch::State::look_at(Instant when)
{
    look_due = std::min(look_due.value_or(Instant::max()), std::max(when, rested_at));
    schedule();
}

void EyesWatch::State::schedule()
{
    const auto when = std::min(neighbours_due, look_due.value_or(Instant::max()));
    timer.expires_at(std::chrono::steady_clock::time_point{when.time_since_epoch()});
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (const auto alive = weak.lock(); alive && !error) {
            alive->round();
        }
    });
}

EyesWatch::EyesWatch(boost::asio::io_context& loop, std::vector<EyesTarget> targets, Sink sink,
                     std::string statistics)
    : state_{
          std::make_shared<State>(loop, std::move(targets), std::move(sink), std::move(statistics))}
{
}

EyesWatch::~EyesWatch() = default;

std::optional<std::string> EyesWatch::start()
{
    return state_->open();
}

std::optional<std::string> EyesWatch::retarget(const std::vector<EyesTarget>& targets)
{
    if (auto fault = EyesLedger::fault_of(targets); !fault.empty()) {
        return fault;
    }
    state_->ledger.watch(targets);
    state_->whole = false;
    state_->look_due = read_clock();
    state_->schedule();
    return std::nullopt;
}

std::vector<std::string> EyesWatch::doubts() const
{
    return state_->ledger.doubts();
}

} // namespace knell::monitor
