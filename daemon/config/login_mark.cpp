// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/login_mark.hpp"

#include "core/assert.hpp"

#include <array>
#include <cstdio>
#include <openssl/evp.h>
#include <string>

namespace knell::config {

LoginMark login_mark(const fencing::IpmiDevice& device)
{
    // No field contains a zero byte: so no two logins are one text.
    std::string text;
    text.reserve(256); // what outgrows its memory leaves it unwiped
    text += device.address + '\0' + std::to_string(device.port) + '\0' + device.username + '\0' +
            std::to_string(static_cast<int>(device.privilege)) + '\0';
    text += device.password.reveal();
    text += '\0';
    text += device.k_g ? device.k_g->reveal() : std::string_view{};
    const Secret whole{std::move(text)};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    const bool done = EVP_Digest(whole.reveal().data(), whole.reveal().size(), digest.data(),
                                 nullptr, EVP_sha256(), nullptr) == 1;
    KNELL_ASSERT(done);
    std::array<char, 16> mark{};
    std::snprintf(mark.data(), mark.size(), "login %02x", digest[0]);
    return LoginMark{mark.data()};
}

} // namespace knell::config
