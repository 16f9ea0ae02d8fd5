// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/session.hpp"

#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/faults.hpp"
#include "fencing/ipmi/suite_probe.hpp"

#include <freeipmi/freeipmi.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace knell::fencing::ipmi {
namespace {

static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_AUTHENTICATION_CAPABILITIES == 0x01);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_INTEL_2_0_SESSION == 0x02);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUPERMICRO_2_0_SESSION == 0x04);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_SUN_2_0_SESSION == 0x08);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_OPEN_SESSION_PRIVILEGE == 0x10);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NON_EMPTY_INTEGRITY_CHECK_VALUE == 0x20);
static_assert(IPMI_WORKAROUND_FLAGS_OUTOFBAND_2_0_NO_CHECKSUM_CHECK == 0x40);

/// After a refused login the same helper does not log in again for this long,
/// whoever asks: each try can count towards locking the account.
constexpr auto login_rest = std::chrono::seconds{20};

/// libfreeipmi reads all of it, whatever length it is told.
constexpr std::size_t k_g_buffer = 20;

constexpr std::uint8_t not_in_present_state = 0xD5;

struct FreeResponse {
    void operator()(fiid_obj* response) const noexcept { fiid_obj_destroy(response); }
};
using Response = std::unique_ptr<fiid_obj, FreeResponse>;

/// fiid_obj_get() answers 1 for a value, 0 for "the BMC sent no such field" and
/// -1 for an error: with the last two the variable is as it was.
std::optional<std::uint64_t> field(const Response& response, const char* name)
{
    std::uint64_t value = 0;
    if (fiid_obj_get(response.get(), name, &value) == 1) {
        return value;
    }
    return std::nullopt;
}

std::string socket_address(const IpmiDevice& device)
{
    const bool ipv6 = device.address.find(':') != std::string::npos;
    const auto host = ipv6 ? "[" + device.address + "]" : device.address;
    return host + ":" + std::to_string(device.port);
}

std::uint8_t privilege_level(Privilege privilege)
{
    switch (privilege) {
    case Privilege::user:
        return IPMI_PRIVILEGE_LEVEL_USER;
    case Privilege::operator_level:
        return IPMI_PRIVILEGE_LEVEL_OPERATOR;
    case Privilege::administrator:
        return IPMI_PRIVILEGE_LEVEL_ADMIN;
    }
    return IPMI_PRIVILEGE_LEVEL_USER;
}

unsigned milliseconds(Duration duration)
{
    return static_cast<unsigned>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

bool completion_code_error(int errnum)
{
    return errnum == IPMI_ERR_COMMAND_INVALID_OR_UNSUPPORTED ||
           errnum == IPMI_ERR_BAD_COMPLETION_CODE ||
           errnum == IPMI_ERR_PRIVILEGE_LEVEL_INSUFFICIENT;
}

} // namespace

std::string hex_byte(unsigned byte)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    return {digits[byte >> 4 & 15], digits[byte & 15]};
}

void Session::Close::operator()(ipmi_ctx* context) const noexcept
{
    ipmi_ctx_close(context);
    ipmi_ctx_destroy(context);
}

Session::Session(const IpmiDevice& device) : device_{device} {}

Session::~Session() = default;

Answer Session::prepare(const std::optional<SystemUuid>& identity)
{
    auto answer = ready(identity);
    if (answer.fault != PowerFault::none) {
        return answer;
    }
    if (!told_) {
        // The operator waived the comparison; what the BMC calls itself is still worth knowing.
        auto told = identify();
        return {PowerState::unknown, broken_ ? told.fault : PowerFault::none,
                "session open" + (told_ ? ", System GUID " + text_of(*told_) : "; " + told.detail)};
    }
    return {PowerState::unknown, PowerFault::none, "session open, System GUID " + text_of(*told_)};
}

Answer Session::power_off(const std::optional<SystemUuid>& identity)
{
    auto answer = control(IPMI_CHASSIS_CONTROL_POWER_DOWN, "power off", identity);
    // Whoever hears "refused" goes on to read, because the chassis may be off already. Only D5
    // says that. After any other refusal nobody has commanded off, and an idle status that
    // reads off by default must not be believed: off has to be sent again.
    if (answer.fault == PowerFault::refused && !answer.already) {
        answer.fault = PowerFault::busy;
    }
    return answer;
}

Answer Session::power_on(const std::optional<SystemUuid>& identity)
{
    auto answer = control(IPMI_CHASSIS_CONTROL_POWER_UP, "power on", identity);
    if (answer.already) {
        answer.fault = PowerFault::none;
    } else if (answer.fault == PowerFault::refused) {
        answer.fault = PowerFault::busy;
    }
    return answer;
}

Answer Session::read_power(const std::optional<SystemUuid>& identity)
{
    if (auto answer = ready(identity); answer.fault != PowerFault::none) {
        return answer;
    }
    const Response response{fiid_obj_create(tmpl_cmd_get_chassis_status_rs)};
    if (!response || ipmi_cmd_get_chassis_status(context_.get(), response.get()) != 0) {
        return failed("reading the chassis status");
    }
    last_exchange_ = Clock::now();
    const auto completion = field(response, "comp_code");
    const auto on = field(response, "current_power_state.power_is_on");
    if (completion != 0U || !on || *on > 1) {
        return {PowerState::unknown, PowerFault::refused,
                "the chassis status came without a power state"};
    }
    return {*on == 1 ? PowerState::on : PowerState::off, PowerFault::none,
            *on == 1 ? "chassis is on" : "chassis is off"};
}

void Session::tidy() noexcept
{
    if (broken_) {
        context_.reset();
        told_.reset();
        broken_ = false;
    }
}

Answer Session::ready(const std::optional<SystemUuid>& identity)
{
    // An idle session that timed out still sends the next command, then fails: nobody would
    // know whether it was carried out. Half the time-out is our margin.
    const auto idle = Clock::now() - last_exchange_;
    broken_ = broken_ || (context_ && idle > device_.session_timeout / 2);
    tidy();
    if (!context_) {
        if (auto answer = open(); answer.fault != PowerFault::none) {
            return answer;
        }
    }
    if (!identity) {
        return {};
    }
    if (!told_) {
        if (auto answer = identify(); answer.fault != PowerFault::none) {
            return answer;
        }
    }
    const auto expected = uuid_bytes(identity->get());
    if (!expected || blank(*expected)) {
        return {PowerState::unknown, PowerFault::wrong_identity,
                "the expected identity '" + identity->get() + "' names no machine"};
    }
    if (!same_system(*told_, *expected)) {
        return {PowerState::unknown, PowerFault::wrong_identity,
                "the BMC says it is " + text_of(*told_) + " (in SMBIOS order " +
                    text_of(smbios_order(*told_)) + "), expected " + identity->get()};
    }
    return {};
}

Answer Session::open()
{
    if (login_refused_ && Clock::now() - *login_refused_ < login_rest) {
        return {PowerState::unknown, PowerFault::wrong_credentials,
                refusal_ + "; not asked again so soon"};
    }
    int errnum = IPMI_ERR_PARAMETERS;
    std::string tried;
    for (const auto suite : device_.cipher_suites) {
        if (open_with(suite)) {
            last_exchange_ = Clock::now();
            return {};
        }
        errnum = ipmi_ctx_errnum(context_.get());
        tried += (tried.empty() ? "" : ", ") + std::to_string(suite);
        if (suite == device_.cipher_suites.back() || !is_for_the_suite(errnum, suite)) {
            break;
        }
    }
    broken_ = true;
    Answer answer{PowerState::unknown, fault_of(errnum), ""};
    const std::string why =
        stray_datagram(errnum) ? "broken by stray datagrams" : ipmi_ctx_strerror(errnum);
    answer.detail = "opening a session (cipher suite " + tried + "): " + why;
    if (answer.fault == PowerFault::wrong_credentials) {
        login_refused_ = Clock::now();
        refusal_ = answer.detail;
        lacks_privilege_ = privilege_refused(errnum);
    }
    return answer;
}

/// The next suite costs another login, so it must not be this login that was refused. Where
/// libfreeipmi's error leaves that open the BMC is asked, without a user and a password.
bool Session::is_for_the_suite(int errnum, unsigned suite)
{
    if (suite_refused(errnum)) {
        return true;
    }
    Algorithms algorithms;
    if (!suite_perhaps_refused(errnum) ||
        ipmi_cipher_suite_id_to_algorithms(static_cast<std::uint8_t>(suite),
                                           &algorithms.authentication, &algorithms.integrity,
                                           &algorithms.confidentiality) != 0) {
        return false;
    }
    const auto accepted =
        SuiteProbe{device_}.accepts(algorithms, Clock::now() + device_.retransmission_timeout);
    return accepted == false;
}

bool Session::open_with(unsigned suite)
{
    if (try_open_with(suite)) {
        return true;
    }
    return try_twice_ && stray_datagram(ipmi_ctx_errnum(context_.get())) && try_open_with(suite);
}

/// Trust the return value only: the error number can be "success" after a failure.
bool Session::try_open_with(unsigned suite)
{
    context_.reset(ipmi_ctx_create());
    if (!context_) {
        return false;
    }
    std::array<unsigned char, k_g_buffer> key{};
    if (device_.k_g) {
        const auto bytes = device_.k_g->reveal();
        std::copy(bytes.begin(), bytes.end(), key.begin());
    }
    // Whole strings lie behind both names and passwords, so they end in a zero byte.
    const int result = ipmi_ctx_open_outofband_2_0(
        context_.get(), socket_address(device_).c_str(), device_.username.c_str(),
        device_.password.reveal().data(), device_.k_g ? key.data() : nullptr,
        device_.k_g ? key.size() : 0, privilege_level(device_.privilege),
        static_cast<std::uint8_t>(suite), milliseconds(device_.session_timeout),
        milliseconds(device_.retransmission_timeout), workaround_bits(device_.workarounds),
        IPMI_FLAGS_DEFAULT);
    explicit_bzero(key.data(), key.size());
    return result == 0;
}

Answer Session::identify()
{
    std::vector<std::uint8_t> response;
    if (auto trouble = ask(IPMI_NET_FN_APP_RQ, {IPMI_CMD_GET_SYSTEM_GUID},
                           "reading the System GUID", response);
        trouble.fault != PowerFault::none) {
        return trouble;
    }
    if (response[0] != 0) {
        return {PowerState::unknown, PowerFault::refused,
                "the BMC does not tell its System GUID (completion code " + hex_byte(response[0]) +
                    ")"};
    }
    Guid guid{};
    if (response.size() != 1 + guid.size()) {
        return {PowerState::unknown, PowerFault::refused,
                "the BMC told a System GUID of the wrong length"};
    }
    std::copy_n(response.begin() + 1, guid.size(), guid.begin());
    told_ = last_told_ = guid;
    return {};
}

Answer Session::control(std::uint8_t operation, const char* words,
                        const std::optional<SystemUuid>& identity)
{
    if (auto answer = ready(identity); answer.fault != PowerFault::none) {
        return answer;
    }
    const Response response{fiid_obj_create(tmpl_cmd_chassis_control_rs)};
    if (response && ipmi_cmd_chassis_control(context_.get(), operation, response.get()) == 0) {
        last_exchange_ = Clock::now();
        return {PowerState::unknown, PowerFault::none, std::string{words} + " accepted"};
    }
    auto answer = failed(words);
    if (!broken_ && response) {
        if (const auto completion = field(response, "comp_code")) {
            answer.detail += " (completion code " + hex_byte(*completion & 0xff) + ")";
            answer.already = *completion == not_in_present_state;
            answer.detail += answer.already ? ": perhaps it is so already" : "";
        }
    }
    return answer;
}

Answer Session::ask(std::uint8_t net_fn, std::initializer_list<std::uint8_t> request,
                    const std::string& doing, std::vector<std::uint8_t>& answer)
{
    std::array<std::uint8_t, 64> response{};
    const int size =
        ipmi_cmd_raw(context_.get(), 0, net_fn, std::data(request),
                     static_cast<unsigned>(request.size()), response.data(), response.size());
    if (size < 2) { // the command and a completion code
        return failed(doing);
    }
    last_exchange_ = Clock::now();
    answer.assign(response.begin() + 1, response.begin() + size);
    return {};
}

/// A well-formed refusal leaves the session good. After anything else nobody
/// knows what became of the command, nor what stray answer comes next.
Answer Session::failed(const std::string& doing)
{
    const int errnum = ipmi_ctx_errnum(context_.get());
    broken_ = !completion_code_error(errnum);
    if (!broken_) {
        last_exchange_ = Clock::now();
    }
    const std::string why =
        stray_datagram(errnum) ? "broken by stray datagrams" : ipmi_ctx_strerror(errnum);
    return {PowerState::unknown, fault_of(errnum), doing + ": " + why, false};
}

} // namespace knell::fencing::ipmi
