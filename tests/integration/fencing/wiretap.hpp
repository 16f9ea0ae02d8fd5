// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <array>
#include <cstdint>

namespace knell::fencing {

/// Stands between one client and a BMC on loopback, and counts what passes: the
/// BMC's own log does not show the datagrams that open a session.
class Wiretap {
public:
    Wiretap(boost::asio::io_context& loop, std::uint16_t bmc);
    [[nodiscard]] std::uint16_t port() const { return client_side_.local_endpoint().port(); }

    /// RMCP+ payload types (IPMI v2.0, 13.27.3) that the client sent.
    unsigned open_session_requests = 0;  ///< 10h
    unsigned logins = 0;                 ///< RAKP message 1, 12h
    unsigned proofs = 0;                 ///< RAKP message 3, 14h
    unsigned sealed = 0;                 ///< authenticated and encrypted messages
    bool without_authentication = false; ///< an open session request named suite 0
    bool ipmi_1_5_session = false;       ///< Get Session Challenge or Activate Session in clear

    /// How often each answer of the BMC is passed on.
    unsigned copies = 1;

private:
    using udp = boost::asio::ip::udp;
    void listen_to_client();
    void listen_to_bmc();
    void note(std::size_t size);

    udp::socket client_side_;
    udp::socket bmc_side_;
    udp::endpoint client_;
    std::array<std::uint8_t, 2048> from_client_{};
    std::array<std::uint8_t, 2048> from_bmc_{};
};

} // namespace knell::fencing
