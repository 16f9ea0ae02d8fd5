// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <filesystem>
#include <openssl/evp.h>
#include <string>

namespace knell::http {

/// Two authorities, "ca" and "other", and what "ca" has signed, as PEM files in a folder of its
/// own.
class TestCertificates {
public:
    struct Wish {
        std::string who = "IP:127.0.0.1"; ///< subjectAltName
        std::chrono::seconds from = -std::chrono::hours{1};
        std::chrono::seconds until = std::chrono::hours{24};
    };

    TestCertificates();
    ~TestCertificates();
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    void issue(const std::string& name, const Wish& wish) const;
    void sign_itself(const std::string& name, const Wish& wish) const;
    /// NAME.pem or NAME.key
    [[nodiscard]] std::string file(const std::string& name) const
    {
        return (folder_ / name).string();
    }
    /// For a server that shows this certificate.
    void show(boost::asio::ssl::context& context, const std::string& name) const;

private:
    void make(const std::string& name, const std::string& extension, const std::string& value,
              const Wish& wish, const std::string& signer) const;

    std::filesystem::path folder_;
};

} // namespace knell::http
