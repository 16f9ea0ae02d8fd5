// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/wiretap.hpp"

#include <boost/asio/buffer.hpp>

namespace knell::fencing {
namespace {

const auto loopback = boost::asio::ip::address_v4::loopback();

} // namespace

Wiretap::Wiretap(boost::asio::io_context& loop, std::uint16_t bmc)
    : client_side_{loop, udp::endpoint{loopback, 0}}, bmc_side_{loop, udp::endpoint{loopback, 0}}
{
    bmc_side_.connect({loopback, bmc});
    listen_to_client();
    listen_to_bmc();
}

void Wiretap::listen_to_client()
{
    client_side_.async_receive_from(
        boost::asio::buffer(from_client_), client_,
        [this](boost::system::error_code error, std::size_t size) {
            if (error == boost::asio::error::operation_aborted) {
                return;
            }
            note(size);
            boost::system::error_code ignored;
            bmc_side_.send(boost::asio::buffer(from_client_.data(), size), 0, ignored);
            listen_to_client();
        });
}

void Wiretap::listen_to_bmc()
{
    bmc_side_.async_receive(boost::asio::buffer(from_bmc_), [this](boost::system::error_code error,
                                                                   std::size_t size) {
        if (error == boost::asio::error::operation_aborted) {
            return;
        }
        boost::system::error_code ignored;
        for (unsigned i = 0; i < copies; ++i) {
            client_side_.send_to(boost::asio::buffer(from_bmc_.data(), size), client_, 0, ignored);
        }
        listen_to_bmc();
    });
}

void Wiretap::note(std::size_t size)
{
    if (size < 17) {
        return;
    }
    const bool rmcp_plus = from_client_[4] == 0x06;
    if (!rmcp_plus) {
        const auto command = size > 19 ? from_client_[19] : 0;
        ipmi_1_5_session = ipmi_1_5_session || command == 0x39 || command == 0x3a;
        return;
    }
    switch (from_client_[5]) {
    case 0x10:
        ++open_session_requests;
        // The authentication algorithm of its first payload; RAKP-none is 0.
        without_authentication = without_authentication || (size > 28 && from_client_[28] == 0);
        break;
    case 0x12:
        ++logins;
        break;
    case 0x14:
        ++proofs;
        break;
    case 0xc0:
        ++sealed;
        break;
    default:
        break;
    }
}

} // namespace knell::fencing
