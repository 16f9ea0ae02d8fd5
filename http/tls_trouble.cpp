// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/tls_trouble.hpp"

#include <algorithm>
#include <array>

namespace knell::http {
namespace {

struct Trouble {
    std::string_view words; ///< of OpenSSL or libcurl
    std::string_view remedy;
};

constexpr std::string_view cacert =
    "name the authority that signed it, or the certificate itself, under cacert in clouds.yaml";

constexpr std::array<Trouble, 9> known{{
    {"certificate has expired",
     "renew the server's certificate, or set the clock of this machine right"},
    {"certificate is not yet valid",
     "set the clock right, of this machine or of the one that made the certificate"},
    {"self-signed certificate", cacert},
    {"unable to get local issuer", cacert},
    {"subject name", "write the URL with a name that the certificate has, or have it made anew "
                     "for this one"},
    {"error setting certificate", "correct cacert in clouds.yaml"},
    {"wrong version number", "no TLS is spoken there: correct the URL or its port"},
    {"protocol version", "the server speaks no TLS 1.2 or later, and knell nothing older: have "
                         "that enabled there"},
    {"unsupported protocol", "the server speaks no TLS 1.2 or later, and knell nothing older: "
                             "have that enabled there"},
}};

bool about_tls(CURLcode result)
{
    return result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION ||
           result == CURLE_SSL_CACERT_BADFILE || result == CURLE_SSL_CERTPROBLEM;
}

/// Scheme, host and port; nobody's password.
std::string origin(std::string_view url)
{
    const auto host = url.find("://") == std::string_view::npos ? 0 : url.find("://") + 3;
    const auto end = std::min(url.find_first_of("/?#", host), url.size());
    const auto user = url.substr(host, end - host).rfind('@');
    const auto skipped = user == std::string_view::npos ? 0 : user + 1;
    return std::string{url.substr(0, host)} +
           std::string{url.substr(host + skipped, end - host - skipped)};
}

} // namespace

std::string with_tls_remedy(CURLcode result, std::string said, std::string_view url)
{
    if (!about_tls(result)) {
        return said;
    }
    said += ", at " + origin(url);
    const auto found = std::find_if(known.begin(), known.end(), [&](const Trouble& trouble) {
        return said.find(trouble.words) != std::string::npos;
    });
    return found == known.end() ? said : said + "; " + std::string{found->remedy};
}

} // namespace knell::http
