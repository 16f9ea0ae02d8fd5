// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/device_rules.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <utility>

namespace knell::fencing::ipmi {
namespace {

/// The bits of libfreeipmi's IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_*.
constexpr std::array<std::pair<std::string_view, unsigned>, 8> workarounds{{
    {"none", 0x00},
    {"authcap", 0x01},
    {"intel20", 0x02},
    {"supermicro20", 0x04},
    {"sun20", 0x08},
    {"opensesspriv", 0x10},
    {"integritycheckvalue", 0x20},
    {"nochecksumcheck", 0x40},
}};

constexpr std::array<std::string_view, 6> only_for_ipmi_1_5{
    "idzero", "unexpectedauth", "forcepermsg", "endianseq", "noauthcodecheck", "ipmiping"};

bool numeric_address(const std::string& address)
{
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    if (inet_pton(AF_INET, address.c_str(), ignored.data()) == 1) {
        return true;
    }
    const auto scope = address.find('%');
    const bool named_scope = scope != std::string::npos && scope + 1 < address.size();
    const auto bare = named_scope ? address.substr(0, scope) : address;
    return inet_pton(AF_INET6, bare.c_str(), ignored.data()) == 1;
}

bool has_zero_byte(std::string_view text)
{
    return text.find('\0') != std::string_view::npos;
}

std::optional<std::string> complaint_about_workaround(const std::string& name)
{
    if (workaround_bit(name)) {
        return std::nullopt;
    }
    if (std::find(only_for_ipmi_1_5.begin(), only_for_ipmi_1_5.end(), name) !=
        only_for_ipmi_1_5.end()) {
        return "the workaround '" + name +
               "' is for IPMI 1.5, which knell does not speak: remove it";
    }
    return "unknown workaround '" + name + "': use some of " + workaround_names();
}

std::optional<std::string> complaint_about_suite(unsigned suite)
{
    if (suite == 0) {
        return "cipher suite 0 authenticates nobody and is never used: remove it";
    }
    if (!supported_suite(suite)) {
        return "cipher suite " + std::to_string(suite) +
               " is not supported: use 17 where the BMC has it, else 3";
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> complaint_about(const IpmiDevice& device)
{
    if (has_zero_byte(device.address) || !numeric_address(device.address)) {
        return "the address must be a numeric IPv4 or IPv6 address, because looking up a name "
               "can block for longer than any deadline";
    }
    if (device.port == 0) {
        return "the port must be 1 to 65535; 623 is the usual one";
    }
    if (device.username.empty() || device.username.size() > 16 || has_zero_byte(device.username)) {
        return "the user name must have 1 to 16 bytes (IPMI v2.0)";
    }
    const auto password = device.password.reveal();
    if (password.empty() || password.size() > 20 || has_zero_byte(password)) {
        return "the password must have 1 to 20 bytes (IPMI v2.0) and no zero byte";
    }
    if (device.k_g && (device.k_g->empty() || device.k_g->reveal().size() > 20)) {
        return "the BMC key K_g must have 1 to 20 bytes; leave it out if the BMC has none";
    }
    if (device.cipher_suites.empty() || device.cipher_suites.size() > 8) {
        return "give 1 to 8 cipher suites, the preferred one first, e.g. [17, 3]";
    }
    for (const auto suite : device.cipher_suites) {
        if (auto complaint = complaint_about_suite(suite)) {
            return complaint;
        }
    }
    if (device.workarounds.size() > workarounds.size()) {
        return "name each workaround once";
    }
    for (const auto& name : device.workarounds) {
        if (auto complaint = complaint_about_workaround(name)) {
            return complaint;
        }
    }
    if (device.session_timeout < 500ms || device.session_timeout > 60s) {
        return "the session timeout must be 500ms to 60s";
    }
    if (device.retransmission_timeout < 100ms ||
        device.retransmission_timeout >= device.session_timeout) {
        return "the retransmission timeout must be at least 100ms and less than the session "
               "timeout; make it longer than the BMC's slowest answer";
    }
    return std::nullopt;
}

std::optional<unsigned> workaround_bit(std::string_view name) noexcept
{
    for (const auto& [known, bit] : workarounds) {
        if (known == name) {
            return bit;
        }
    }
    return std::nullopt;
}

unsigned workaround_bits(std::span<const std::string> names)
{
    unsigned bits = 0;
    for (const auto& name : names) {
        const auto bit = workaround_bit(name);
        KNELL_ASSERT(bit);
        bits |= *bit;
    }
    return bits;
}

std::string workaround_names()
{
    std::string names;
    for (const auto& [name, bit] : workarounds) {
        names += (names.empty() ? "" : ", ") + std::string{name};
    }
    return names;
}

std::string_view name_of(Privilege privilege) noexcept
{
    switch (privilege) {
    case Privilege::user:
        return "user";
    case Privilege::operator_level:
        return "operator";
    case Privilege::administrator:
        return "administrator";
    }
    return "";
}

std::optional<Privilege> privilege_word(std::string_view word) noexcept
{
    for (const auto privilege :
         {Privilege::user, Privilege::operator_level, Privilege::administrator}) {
        if (word == name_of(privilege)) {
            return privilege;
        }
    }
    return std::nullopt;
}

bool supported_suite(unsigned suite) noexcept
{
    constexpr std::array<unsigned, 11> supported{1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17};
    return std::find(supported.begin(), supported.end(), suite) != supported.end();
}

std::optional<std::vector<unsigned>> suite_list(std::string_view text)
{
    std::vector<unsigned> suites;
    for (const auto& name : name_list(text)) {
        const auto suite = number(name, 255);
        if (!suite) {
            return std::nullopt;
        }
        suites.push_back(static_cast<unsigned>(*suite));
    }
    return suites;
}

std::vector<std::string> name_list(std::string_view text)
{
    std::vector<std::string> names;
    while (!text.empty()) {
        const auto comma = text.find(',');
        names.emplace_back(text.substr(0, comma));
        if (comma == text.size() - 1) {
            names.emplace_back(); // a trailing comma promises one more
        }
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return names;
}

std::optional<unsigned long> number(std::string_view text, unsigned long most)
{
    unsigned long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool padded = text.size() > 1 && text.front() == '0';
    if (error != std::errc{} || end != text.data() + text.size() || padded || value > most) {
        return std::nullopt;
    }
    return value;
}

} // namespace knell::fencing::ipmi
