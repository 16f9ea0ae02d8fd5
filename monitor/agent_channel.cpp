// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/agent_channel.hpp"

#include "monitor/address.hpp"
#include "monitor/clock.hpp"
#include "monitor/socket_option.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <netinet/tcp.h>
#include <set>
#include <sys/resource.h>
#include <utility>

namespace knell::monitor {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr Duration apart_at_start = 5ms;
constexpr Duration longest_start = 10s;
constexpr std::size_t bytes_tolerated = 64;
constexpr rlim_t files_for_others = 128;

tcp::endpoint endpoint_of(const ChannelTarget& target)
{
    sockaddr_storage address;
    const auto length = to_sockaddr({*parse_address(target.address), target.port}, address);
    tcp::endpoint endpoint;
    endpoint.resize(length); // of the larger family already, so this only checks
    std::memcpy(endpoint.data(), &address, length);
    return endpoint;
}

/// An idle connection notices a dead peer by keepalives alone; TCP_USER_TIMEOUT (tcp(7)) then says
/// for how long.
void let_go_of_the_dead(int socket, Duration silence) noexcept
{
    const auto seconds = [](Duration time) { return std::max(1, static_cast<int>(time / 1s)); };
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds(silence / 2));
    set(socket, IPPROTO_TCP, TCP_KEEPINTVL, seconds(silence / 6));
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(silence / 1ms));
}

/// The kernel gives the lowest free number: a high one says how many are in use.
bool too_few_files_left(int socket) noexcept
{
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           static_cast<rlim_t>(socket) + files_for_others > limit.rlim_cur;
}

ChannelLine::End meaning_of(const error_code& error)
{
    if (error == boost::asio::error::eof) {
        return ChannelLine::End::closed;
    }
    if (error == boost::asio::error::connection_reset) {
        return ChannelLine::End::reset;
    }
    return error == boost::asio::error::connection_refused ? ChannelLine::End::refused
                                                           : ChannelLine::End::other;
}

std::string fault_of(const std::vector<ChannelTarget>& targets)
{
    std::set<HostId> seen;
    for (const auto& target : targets) {
        if (!seen.insert(target.host).second) {
            return "the host " + target.host.get() + " is given two agent channels.";
        }
        if (!parse_address(target.address)) {
            return "\"" + target.address + "\", the address of the agent channel to " +
                   target.host.get() + ", is no IP address. Names are not resolved.";
        }
        if (target.port == 0) {
            return "the agent channel to " + target.host.get() + " lacks a port.";
        }
    }
    return {};
}

/// One host's connection. Handlers hold it weakly, and know by `turn_` when they come too late.
class Line : public std::enable_shared_from_this<Line> {
public:
    Line(boost::asio::io_context& loop, const ChannelTarget& target, const ChannelPace& pace,
         Sink sink)
        : host_{target.host}, to_{endpoint_of(target)},
          name_{target.host.get() + " at " +
                to_string(Endpoint{*parse_address(target.address), target.port})},
          pace_{pace}, rules_{pace}, sink_{std::move(sink)}, socket_{loop}, timer_{loop}
    {
    }

    [[nodiscard]] const tcp::endpoint& to() const noexcept { return to_; }
    [[nodiscard]] bool open() const noexcept { return rules_.open(); }
    [[nodiscard]] std::string trouble() const { return trouble_.empty() ? "" : name_ + trouble_; }

    void try_after(Duration pause)
    {
        ++turn_;
        wait(pause, [](Line& line) { line.attempt(); });
    }

private:
    /// Calls `then` on us, unless something else has happened in the meantime.
    template <class Then>
    void wait(Duration pause, Then then)
    {
        timer_.expires_after(pause);
        timer_.async_wait([weak = weak_from_this(), turn = turn_, then](const error_code& error) {
            if (const auto line = weak.lock(); line && !error && line->turn_ == turn) {
                then(*line);
            }
        });
    }

    /// What has lost its connection with many others does not come back with all of them at once.
    [[nodiscard]] Duration spread(Duration pause) const
    {
        const auto place = static_cast<long>(std::hash<std::string>{}(host_.get()) % 256);
        return pause + pause / 4 * place / 256;
    }

    void attempt();
    void on_connected();
    void listen();
    void end(ChannelLine::End how, const std::string& why);

    HostId host_;
    tcp::endpoint to_;
    std::string name_;
    ChannelPace pace_;
    ChannelLine rules_;
    Sink sink_;
    tcp::socket socket_;
    boost::asio::steady_timer timer_;
    std::array<char, bytes_tolerated> thrown_away_{};
    std::size_t bytes_ = 0;
    unsigned turn_ = 0; ///< counts attempts, and what comes between them
    std::string trouble_;
};

void Line::attempt()
{
    ++turn_;
    error_code error;
    socket_.open(to_.protocol(), error);
    if (error) {
        return end(ChannelLine::End::other, error.message());
    }
    if (too_few_files_left(socket_.native_handle())) {
        return end(ChannelLine::End::other, "too few open files are left. Raise LimitNOFILE=");
    }
    let_go_of_the_dead(socket_.native_handle(), pace_.silence);
    wait(pace_.answer_within, [](Line& line) { line.end(ChannelLine::End::other, "no answer"); });
    socket_.async_connect(to_, [weak = weak_from_this(), turn = turn_](const error_code& failed) {
        const auto line = weak.lock();
        if (!line || line->turn_ != turn) {
            return;
        }
        if (failed) {
            line->end(meaning_of(failed), failed.message());
        } else {
            line->on_connected();
        }
    });
}

void Line::on_connected()
{
    ++turn_;
    timer_.cancel();
    trouble_.clear();
    bytes_ = 0;
    rules_.connected(read_clock());
    listen();
}

void Line::listen()
{
    socket_.async_read_some(
        boost::asio::buffer(thrown_away_),
        [weak = weak_from_this(), turn = turn_](const error_code& error, std::size_t size) {
            const auto line = weak.lock();
            if (!line || line->turn_ != turn) {
                return;
            }
            line->bytes_ += size;
            if (error) {
                line->end(meaning_of(error), error.message());
            } else if (line->bytes_ > bytes_tolerated) {
                line->end(ChannelLine::End::other, "who listens there speaks: that is no agent");
            } else {
                line->listen();
            }
        });
}

void Line::end(ChannelLine::End how, const std::string& why)
{
    const auto now = read_clock();
    const bool was_open = rules_.open();
    const auto word = rules_.ended(now, how);
    error_code ignored;
    socket_.close(ignored);
    const bool sent_away =
        was_open && !word && (how == ChannelLine::End::closed || how == ChannelLine::End::reset);
    trouble_ = sent_away ? ": it closes our connections. Its agent.yaml must have a `channel` "
                           "there, and this controller's address among its `controllers`"
                         : ": " + why;
    try_after(spread(rules_.pause()));
    if (word) {
        sink_(AgentGone{host_, now, *word});
    }
}

} // namespace

struct AgentChannel::State {
    boost::asio::io_context& loop;
    std::vector<ChannelTarget> targets; ///< until start
    Sink sink;
    ChannelPace pace;
    std::map<HostId, std::shared_ptr<Line>> lines{};

    void aim(const std::vector<ChannelTarget>& wanted);
};

void AgentChannel::State::aim(const std::vector<ChannelTarget>& wanted)
{
    std::map<HostId, std::shared_ptr<Line>> next;
    Duration pause{};
    for (const auto& target : wanted) {
        auto known = lines.find(target.host);
        if (known != lines.end() && known->second->to() == endpoint_of(target)) {
            next.insert(std::move(*known));
            lines.erase(known);
            continue;
        }
        auto line = std::make_shared<Line>(loop, target, pace, sink);
        line->try_after(pause);
        pause = (pause + apart_at_start) % longest_start;
        next.emplace(target.host, std::move(line));
    }
    lines = std::move(next);
}

AgentChannel::AgentChannel(boost::asio::io_context& loop, std::vector<ChannelTarget> targets,
                           Sink sink, const ChannelPace& pace)
    : state_{new State{loop, std::move(targets), std::move(sink), pace}}
{
}

AgentChannel::~AgentChannel() = default;

std::optional<std::string> AgentChannel::start()
{
    return retarget(std::exchange(state_->targets, {}));
}

std::optional<std::string> AgentChannel::retarget(const std::vector<ChannelTarget>& targets)
{
    if (auto fault = fault_of(targets); !fault.empty()) {
        return fault;
    }
    state_->aim(targets);
    return std::nullopt;
}

bool AgentChannel::connected(const HostId& host) const
{
    const auto line = state_->lines.find(host);
    return line != state_->lines.end() && line->second->open();
}

std::vector<std::string> AgentChannel::troubles() const
{
    std::vector<std::string> all;
    for (const auto& [host, line] : state_->lines) {
        if (auto trouble = line->trouble(); !trouble.empty()) {
            all.push_back(std::move(trouble));
        }
    }
    return all;
}

} // namespace knell::monitor
