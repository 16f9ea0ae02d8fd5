// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/surroundings.hpp"

#include "daemon/config/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>
#include <variant>

namespace knell::config {
namespace {

/// Empty: no address that a host could be watched at.
std::string text_of(const sockaddr* address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address != nullptr && address->sa_family == AF_INET) {
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    } else if (address != nullptr && address->sa_family == AF_INET6) {
        bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    }
    if (bytes == nullptr ||
        ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr) {
        return {};
    }
    const auto parsed = parse_address(text.data());
    const auto* canonical = std::get_if<Address>(&parsed);
    return canonical == nullptr ? std::string{} : canonical->text;
}

std::set<std::string> addresses_of_this_machine()
{
    std::set<std::string> found;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) {
        return found;
    }
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (auto text = text_of(one->ifa_addr); !text.empty()) {
            found.insert(std::move(text));
        }
    }
    ::freeifaddrs(all);
    return found;
}

} // namespace

Surroundings of_this_process()
{
    Surroundings out;
    out.environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>{value};
    };
    out.credentials_directory = out.environment("CREDENTIALS_DIRECTORY");
    out.keepers = nova::keepers_of_this_process();
    out.group_exists = [](const std::string& group) {
        return ::getgrnam(group.c_str()) != nullptr;
    };
    out.executable = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
    out.own_addresses = addresses_of_this_machine();
    std::string uuid;
    if (std::ifstream{"/sys/class/dmi/id/product_uuid"} >> uuid) {
        std::transform(uuid.begin(), uuid.end(), uuid.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        out.own_identity = uuid;
    }
    return out;
}

} // namespace knell::config
