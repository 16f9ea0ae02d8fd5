// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/methods.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace knell::control {

/// What one connection may cost.
struct Bounds {
    std::size_t request = 256UL * 1024;             ///< bytes of one request: 1000 long names
    std::size_t backlog = 1024UL * 1024;            ///< bytes of notices not yet taken by the peer
    std::chrono::milliseconds half_request{10'000}; ///< from its first byte to its newline
    std::chrono::milliseconds writing{30'000};      ///< for the peer to take one line
};

/// One connection: a request per line, answered one after another, and notices in
/// between for those who watch. Who sends too much, too slowly, or does not read,
/// is dropped.
///
/// Shared: the server owns the sessions, and each operation in flight (a read, a
/// write, a timer) keeps its session until it is over.
class Session : public std::enable_shared_from_this<Session> {
public:
    using Socket = boost::asio::local::stream_protocol::socket;
    using OnEnd = std::function<void(const std::shared_ptr<Session>&)>;

    /// `on_end` is called once, unless close() came before.
    Session(Socket socket, Peer peer, Services& services, Bounds bounds, OnEnd on_end);

    void start();
    /// Tells why, and ends: for peers that are not let in.
    void refuse(const Failure& failure);
    /// Forgets the server: nothing of it is touched any more.
    void close();
    /// One line, with its newline, if the peer watches.
    void publish(const std::string& line);

    [[nodiscard]] bool privileged() const noexcept { return privileged_; }

private:
    void read();
    void on_read(std::size_t size);
    void answer_what_came();
    void send(std::string line);
    void write();
    void end();
    void arm(boost::asio::steady_timer& timer, std::chrono::milliseconds patience);

    Socket socket_;
    Peer peer_;
    Services* services_; ///< null once closed
    Bounds bounds_;
    OnEnd on_end_;
    bool privileged_;
    bool watching_ = false;
    bool answering_ = false; ///< a request is with the daemon
    bool reading_ = false;
    bool ends_after_writing_ = false;
    bool half_request_ = false;
    boost::asio::steady_timer half_request_timer_;
    boost::asio::steady_timer write_timer_;
    std::array<char, 4096> chunk_{};
    std::string in_;
    std::deque<std::string> out_;
    std::size_t out_bytes_ = 0;
};

} // namespace knell::control
