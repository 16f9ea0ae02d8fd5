// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/http/test_certificates.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <unistd.h>

namespace knell::http {
namespace fs = std::filesystem;

namespace {

template <auto free>
struct Free {
    template <class T>
    void operator()(T* thing) const
    {
        free(thing);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

void must(bool well, const char* what)
{
    if (!well) {
        throw std::runtime_error{std::string{"cannot make a test certificate: "} + what};
    }
}

File opened(const std::string& path, const char* mode)
{
    File file{std::fopen(path.c_str(), mode)};
    must(file != nullptr, path.c_str());
    return file;
}

void name(X509_NAME* entry, const std::string& common_name)
{
    const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.c_str());
    must(X509_NAME_add_entry_by_txt(entry, "CN", MBSTRING_ASC, bytes, -1, -1, 0) == 1, "name");
}

} // namespace

TestCertificates::TestCertificates()
{
    std::string pattern = (fs::temp_directory_path() / "knell-tls-XXXXXX").string();
    must(::mkdtemp(pattern.data()) != nullptr, "folder");
    folder_ = pattern;
    for (const char* authority : {"ca", "other"}) {
        make(authority, "basicConstraints", "critical,CA:TRUE", {}, authority);
    }
}

TestCertificates::~TestCertificates()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void TestCertificates::issue(const std::string& name, const Wish& wish) const
{
    make(name, "subjectAltName", wish.who, wish, "ca");
}

void TestCertificates::sign_itself(const std::string& name, const Wish& wish) const
{
    make(name, "subjectAltName", wish.who, wish, name);
}

void TestCertificates::show(boost::asio::ssl::context& context, const std::string& name) const
{
    context.use_certificate_file(file(name + ".pem"), boost::asio::ssl::context::pem);
    context.use_private_key_file(file(name + ".key"), boost::asio::ssl::context::pem);
}

void TestCertificates::make(const std::string& subject, const std::string& extension,
                            const std::string& value, const Wish& wish,
                            const std::string& signer) const
{
    const Key key{EVP_EC_gen("P-256")};
    const Certificate made{X509_new()};
    must(key != nullptr && made != nullptr, "key");
    X509_set_version(made.get(), 2);
    std::int64_t serial = 0;
    must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial - 1) == 1, "serial");
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial + 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from.count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.until.count());
    X509_set_pubkey(made.get(), key.get());
    name(X509_get_subject_name(made.get()), subject);
    name(X509_get_issuer_name(made.get()), signer);
    const Extension added{X509V3_EXT_conf(nullptr, nullptr, extension.c_str(), value.c_str())};
    must(added && X509_add_ext(made.get(), added.get(), -1) == 1, "extension");
    Key of_signer;
    if (signer != subject) {
        of_signer.reset(PEM_read_PrivateKey(opened(file(signer + ".key"), "r").get(), nullptr,
                                            nullptr, nullptr));
        must(of_signer != nullptr, "signer");
    }
    must(X509_sign(made.get(), of_signer ? of_signer.get() : key.get(), EVP_sha256()) != 0,
         "signature");
    must(PEM_write_X509(opened(file(subject + ".pem"), "w").get(), made.get()) == 1, "file");
    must(PEM_write_PrivateKey(opened(file(subject + ".key"), "w").get(), key.get(), nullptr,
                              nullptr, 0, nullptr, nullptr) == 1,
         "file of the key");
}

} // namespace knell::http
