// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_key.hpp"

#include "core/assert.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string>

namespace knell::monitor {

Secret derive_heartbeat_key(const Secret& site_key, const HostId& host)
{
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
    KNELL_ASSERT(context != nullptr);
    char digest[] = "SHA256";
    std::string info = "knell heartbeat " + host.get();
    const auto site = site_key.reveal();
    // OpenSSL takes every input through pointers to non-const and writes to none of them.
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<char*>(site.data()),
                                          site.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end()};
    std::string key(heartbeat_key_size, '\0');
    const int derived = EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(key.data()),
                                       key.size(), parameters);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    KNELL_ASSERT(derived == 1);
    return Secret{std::move(key)};
}

std::optional<Secret> parse_key(std::string_view text)
{
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
    }
    if (text.size() != 2 * heartbeat_key_size) {
        return std::nullopt;
    }
    std::string key(heartbeat_key_size, '\0');
    for (std::size_t i = 0; i < key.size(); ++i) {
        const int high = OPENSSL_hexchar2int(static_cast<unsigned char>(text[2 * i]));
        const int low = OPENSSL_hexchar2int(static_cast<unsigned char>(text[2 * i + 1]));
        if (high < 0 || low < 0) {
            OPENSSL_cleanse(key.data(), key.size());
            return std::nullopt;
        }
        key[i] = static_cast<char>(high * 16 + low);
    }
    return Secret{std::move(key)};
}

Secret key_text(const Secret& key)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * key.reveal().size());
    for (const char c : key.reveal()) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return Secret{std::move(text)};
}

} // namespace knell::monitor
