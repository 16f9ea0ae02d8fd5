// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/beat_loop.hpp"

#include "agent/beat_session.hpp"
#include "agent/channel.hpp"
#include "agent/health.hpp"
#include "monitor/socket_option.hpp"

#include <systemd/sd-daemon.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

namespace knell::agent {
namespace {

constexpr Duration look_every = 1s;
constexpr Duration connect_every = 15s; ///< libvirt logs every connection that says nothing
constexpr int farewells = 3;
constexpr Duration farewell_pause = 20ms;
constexpr Duration answer_pause = 20ms; ///< challenges closer than this get no beat of their own

Duration read_clock(clockid_t clock) noexcept
{
    timespec now{};
    clock_gettime(clock, &now);
    return std::chrono::duration_cast<Duration>(std::chrono::seconds{now.tv_sec} +
                                                std::chrono::nanoseconds{now.tv_nsec});
}

timespec to_timespec(Duration duration) noexcept
{
    return {duration / 1s, (duration % 1s).count() * 1000};
}

std::vector<monitor::Address> addresses_of(const std::vector<Controller>& controllers)
{
    std::vector<monitor::Address> all;
    all.reserve(controllers.size());
    for (const auto& controller : controllers) {
        all.push_back(controller.to.address);
    }
    return all;
}

/// A controller and our socket towards it. The socket opens whenever the network lets it.
struct Way {
    explicit Way(const Controller& controller) : to{controller} {}
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;
    Way(Way&& other) noexcept
        : to{other.to}, socket{std::exchange(other.socket, -1)}, error{other.error},
          answered_at{other.answered_at}
    {
    }
    Way& operator=(Way&&) = delete;
    ~Way()
    {
        if (socket >= 0) {
            close(socket);
        }
    }

    int open() noexcept;
    int send(const monitor::HeartbeatBytes& bytes) noexcept;

    Controller to;
    int socket = -1;
    int error = 0; ///< of the last send
    Duration answered_at{};
};

int Way::open() noexcept
{
    const bool v4 = to.to.address.family == monitor::Family::v4;
    const int opened =
        ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0) {
        return errno;
    }
    monitor::set(opened, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS,
                 monitor::dscp_cs6);
    if (to.from) {
        sockaddr_storage address;
        const auto length = monitor::to_sockaddr({*to.from, 0}, address);
        if (bind(opened, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
            const int failure = errno;
            close(opened);
            return failure;
        }
    }
    socket = opened;
    return 0;
}

int Way::send(const monitor::HeartbeatBytes& bytes) noexcept
{
    if (socket < 0) {
        if (const int failure = open(); failure != 0) {
            return failure;
        }
    }
    sockaddr_storage address;
    const auto length = monitor::to_sockaddr(to.to, address);
    const auto written = sendto(socket, bytes.data(), bytes.size(), MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), length);
    return written < 0 ? errno : 0;
}

class Loop {
public:
    explicit Loop(const AgentConfig& config);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    int run();

private:
    enum class Packet { beat, goodbye };

    void send(std::size_t index, Packet packet);
    void tick();
    void hear(std::size_t index);
    void look();
    void say_goodbye();
    void notify();

    const AgentConfig& config_;
    BeatSession session_;
    Channel channel_; ///< ends with us, behind the goodbye
    std::vector<Way> ways_;
    std::vector<pollfd> waiting_;
    int timer_ = -1;
    int signals_ = -1;
    Health health_;
    bool looked_ = false;
    Duration looked_at_{};
    Duration asked_libvirt_at_{};
    Duration watchdog_{};
    Duration notified_at_{};
};

Loop::Loop(const AgentConfig& config)
    : config_{config}, session_{{.host = config.host,
                                 .boot = config.boot,
                                 .session = monitor::random_bytes16(),
                                 .system_uuid = config.system_uuid},
                                config.key,
                                config.controllers.size()},
      channel_{config.channel, addresses_of(config.controllers)}
{
    for (const auto& controller : config.controllers) {
        ways_.emplace_back(controller);
    }
    waiting_.resize(ways_.size() + 2);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const itimerspec times{to_timespec(config.interval), to_timespec(Duration{1})};
    timerfd_settime(timer_, 0, &times, nullptr);
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) > 0) {
        watchdog_ = Duration{static_cast<Duration::rep>(microseconds)};
    }
}

Loop::~Loop()
{
    close(signals_);
    close(timer_);
}

void Loop::send(std::size_t index, Packet packet)
{
    Way& way = ways_[index];
    const auto uptime = read_clock(CLOCK_BOOTTIME);
    const auto bytes = packet == Packet::beat ? session_.beat(index, uptime, health_)
                                              : session_.goodbye(index, uptime, health_);
    const int error = way.send(bytes);
    if (error != way.error) {
        std::fprintf(stderr, "knell-agent: beats to %s: %s\n",
                     monitor::to_string(way.to.to).c_str(),
                     error == 0 ? "leave again" : std::strerror(error));
        way.error = error;
    }
}

void Loop::look()
{
    const auto now = read_clock(CLOCK_MONOTONIC);
    const bool first = !looked_;
    if (!first && now - looked_at_ < look_every) {
        return;
    }
    looked_ = true;
    looked_at_ = now;
    Health seen = health_;
    seen.nova_compute = lives(config_.nova_compute);
    const auto pace =
        std::holds_alternative<SocketCheck>(config_.libvirt) ? connect_every : look_every;
    if (first || now - asked_libvirt_at_ >= pace) {
        asked_libvirt_at_ = now;
        seen.libvirt = lives(config_.libvirt);
    }
    if (first || seen != health_) {
        std::fprintf(stderr, "knell-agent: nova-compute %s, libvirt %s\n",
                     seen.nova_compute ? "runs" : "does not run",
                     seen.libvirt ? "answers" : "does not answer");
    }
    health_ = seen;
}

void Loop::notify()
{
    const auto now = read_clock(CLOCK_MONOTONIC);
    if (watchdog_ > Duration::zero() && now - notified_at_ >= watchdog_ / 3) {
        notified_at_ = now;
        sd_notify(0, "WATCHDOG=1");
    }
}

void Loop::tick()
{
    std::uint64_t missed = 0; // what passed while we were stopped is not sent afterwards
    if (read(timer_, &missed, sizeof missed) <= 0) {
        return;
    }
    for (std::size_t i = 0; i < ways_.size(); ++i) {
        send(i, Packet::beat);
    }
    look();
    notify();
}

void Loop::hear(std::size_t index)
{
    Way& way = ways_[index];
    std::array<std::uint8_t, 256> bytes;
    sockaddr_storage from;
    for (int i = 0; i < 16; ++i) { // a flood must not keep us from beating
        socklen_t length = sizeof from;
        const auto size = recvfrom(way.socket, bytes.data(), bytes.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &length);
        if (size < 0) {
            return;
        }
        if (monitor::from_sockaddr(from) != way.to.to ||
            !session_.challenged(index, std::span{bytes}.first(static_cast<std::size_t>(size)))) {
            continue;
        }
        const auto now = read_clock(CLOCK_MONOTONIC);
        if (now - way.answered_at >= answer_pause) {
            way.answered_at = now;
            send(index, Packet::beat);
        }
    }
}

void Loop::say_goodbye()
{
    for (int i = 0; i < farewells; ++i) {
        for (std::size_t way = 0; way < ways_.size(); ++way) {
            send(way, Packet::goodbye);
        }
        const auto pause = to_timespec(farewell_pause);
        nanosleep(&pause, nullptr);
    }
}

int Loop::run()
{
    if (timer_ < 0 || signals_ < 0) {
        std::fprintf(stderr, "knell-agent: no timer or signal descriptor: %s\n",
                     std::strerror(errno));
        return 1;
    }
    look();
    tick();
    channel_.look(read_clock(CLOCK_MONOTONIC));
    // A beat every minute is no reason to let a stranger stay for one.
    const int patience = channel_.wanted() ? static_cast<int>(Channel::look_every / 1ms) : -1;
    sd_notifyf(0, "READY=1\nSTATUS=beating as %s to %zu address(es) every %lld ms",
               config_.host.get().c_str(), ways_.size(),
               static_cast<long long>(config_.interval / 1ms));
    for (;;) {
        waiting_[0] = {timer_, POLLIN, 0};
        waiting_[1] = {signals_, POLLIN, 0};
        for (std::size_t i = 0; i < ways_.size(); ++i) {
            waiting_[i + 2] = {ways_[i].socket, POLLIN, 0};
        }
        if (poll(waiting_.data(), waiting_.size(), patience) < 0 && errno != EINTR) {
            std::fprintf(stderr, "knell-agent: poll: %s\n", std::strerror(errno));
            return 1;
        }
        signalfd_siginfo signal{};
        if (read(signals_, &signal, sizeof signal) == sizeof signal) {
            sd_notify(0, "STOPPING=1");
            const bool down =
                config_.goodbye == GoodbyeRule::always ||
                (config_.goodbye == GoodbyeRule::on_shutdown && host_is_shutting_down());
            if (down) {
                say_goodbye();
            }
            std::fprintf(stderr, "knell-agent: stopped%s\n", down ? " with a goodbye" : "");
            return 0;
        }
        tick();
        channel_.look(read_clock(CLOCK_MONOTONIC));
        for (std::size_t i = 0; i < ways_.size(); ++i) {
            if ((waiting_[i + 2].revents & (POLLIN | POLLERR)) != 0) {
                hear(i);
            }
        }
    }
}

} // namespace

int beat_until_stopped(const AgentConfig& config)
{
    return Loop{config}.run();
}

} // namespace knell::agent
