// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"
#include "monitor/address.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace knell::agent {

/// An open socket. Move-only; closes it.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) noexcept : number_{number} {}
    Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_ = -1;
};

/// TCP connections over which nothing is ever said. Controllers keep them open to learn within
/// milliseconds that this agent has ended while its kernel lives: then the kernel closes or resets
/// them. What is received is thrown away, and who sends more than a few bytes is, too.
///
/// Connections are looked at now and then, not polled for: the kernel takes them without us, and
/// so nobody can keep us from beating by connecting often.
class Channel {
public:
    static constexpr Duration look_every = 200ms;
    static constexpr Duration open_again_every = 5s; ///< what could not be opened
    static constexpr std::size_t connections_at_most = 16;
    static constexpr std::size_t connections_per_address = 4;
    static constexpr std::size_t bytes_tolerated = 16;

    /// `admitted` are the controllers' addresses; connections from elsewhere are closed at once.
    Channel(const std::vector<monitor::Endpoint>& listen, std::vector<monitor::Address> admitted);

    [[nodiscard]] bool wanted() const noexcept { return !doors_.empty(); }

    /// Opens what is not open yet, takes who waits, lets go who has gone. Never waits, does a
    /// bounded amount of work, and nothing if the last look was less than look_every ago. What
    /// an operator should know goes to standard error. `now` is of CLOCK_MONOTONIC.
    void look(Duration now);

    [[nodiscard]] std::size_t connections() const noexcept { return guests_.size(); }

private:
    struct Door {
        monitor::Endpoint at;
        Descriptor socket{};
        int error = 0; ///< why it is not open
    };
    struct Guest {
        Descriptor socket;
        monitor::Address from;
        std::size_t bytes = 0;
    };

    void open(Door& door) const;
    void admit(const Door& door);
    [[nodiscard]] bool welcome(const monitor::Address& from) const;

    std::vector<Door> doors_;
    std::vector<monitor::Address> admitted_;
    std::vector<Guest> guests_;
    Duration looked_at_{-look_every};
    Duration opened_at_{-open_again_every};
};

} // namespace knell::agent
