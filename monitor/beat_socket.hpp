// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/inbox.hpp"
#include "monitor/udp_overflows.hpp"

#include <functional>
#include <span>
#include <string>
#include <variant>

namespace knell::monitor {

/// A UDP socket on which agents are heard and answered.
class BeatSocket {
public:
    using Failure = std::string; ///< for the operator, with the remedy

    [[nodiscard]] static std::variant<BeatSocket, Failure> open(const std::string& listen);

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] std::uint16_t port() const noexcept;

    /// Answers from the very address that the packet was sent to, for the agent expects that.
    void answer(const Inbox::Packet& packet, std::span<const std::uint8_t> bytes) noexcept;

    struct Drain {
        bool complete = false;     ///< the socket was seen empty
        bool overflowed = false;   ///< packets may be lost, anybody's
        std::uint64_t refused = 0; ///< by the filter, or for a wrong checksum
    };
    [[nodiscard]] Drain drain(Inbox& inbox, const std::function<void(const Inbox::Packet&)>& read);

private:
    BeatSocket(Socket socket, Family family);
    void count_losses(bool was_full, Drain& result);

    Socket socket_;
    Family family_;
    std::uint32_t dropped_ = 0;
    std::optional<UdpOverflows> overflows_;
    bool was_full_ = false;
    bool look_again_ = false;
};

} // namespace knell::monitor
