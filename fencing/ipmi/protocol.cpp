// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/protocol.hpp"

#include "core/assert.hpp"
#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/identity.hpp"
#include "fencing/ipmi/inspection.hpp"
#include "fencing/lines.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace knell::fencing::ipmi {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";
constexpr std::size_t longest_detail = 240;

bool plain(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == ',';
}

void escape_to(std::string& line, std::string_view value)
{
    for (const char c : value) {
        if (plain(c)) {
            line += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            line += '%';
            line += hex_digits[byte >> 4];
            line += hex_digits[byte & 15];
        }
    }
}

/// Each value has one spelling only: what escape_to() would not have written is refused.
std::optional<std::string> unescaped(std::string_view text)
{
    std::string value;
    value.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (plain(text[i])) {
            value += text[i];
            continue;
        }
        if (text[i] != '%' || i + 2 >= text.size()) {
            return std::nullopt;
        }
        const auto high = hex_digits.find(text[i + 1]);
        const auto low = hex_digits.find(text[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        const char c = static_cast<char>(high << 4 | low);
        if (plain(c)) {
            return std::nullopt;
        }
        value += c;
        i += 2;
    }
    return value;
}

/// Takes one field, and the space behind it, off the front of a line.
class Fields {
public:
    explicit Fields(std::string_view line) : rest_{line}, more_{!line.empty()} {}

    std::string_view word()
    {
        const auto end = rest_.find(' ');
        const auto field = rest_.substr(0, end);
        more_ = end != std::string_view::npos;
        rest_.remove_prefix(more_ ? end + 1 : rest_.size());
        return field;
    }
    /// The value of `key=value`, which must be the next field.
    std::optional<std::string> value(std::string_view key)
    {
        const auto field = word();
        if (field.size() <= key.size() || field.substr(0, key.size()) != key ||
            field[key.size()] != '=') {
            return std::nullopt;
        }
        return unescaped(field.substr(key.size() + 1));
    }
    [[nodiscard]] bool at_end() const noexcept { return !more_; }

private:
    std::string_view rest_;
    bool more_;
};

constexpr std::array<std::pair<std::string_view, PowerAction>, 5> actions{{
    {"prepare", PowerAction::prepare},
    {"off", PowerAction::off},
    {"read", PowerAction::read},
    {"inspect", PowerAction::inspect},
    {"on", PowerAction::on},
}};
constexpr std::array<std::pair<std::string_view, PowerState>, 3> states{{
    {"unknown", PowerState::unknown},
    {"on", PowerState::on},
    {"off", PowerState::off},
}};
constexpr std::array<std::pair<std::string_view, PowerFault>, 6> faults{{
    {"none", PowerFault::none},
    {"silent", PowerFault::silent},
    {"refused", PowerFault::refused},
    {"busy", PowerFault::busy},
    {"wrong_credentials", PowerFault::wrong_credentials},
    {"wrong_identity", PowerFault::wrong_identity},
}};

constexpr std::array<std::pair<std::string_view, std::optional<bool>>, 3> answers{{
    {"yes", true},
    {"no", false},
    {"unknown", std::nullopt},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value)
{
    for (const auto& [name, known] : table) {
        if (known == value) {
            return name;
        }
    }
    KNELL_ASSERT(!"every value has a name");
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<std::string_view, Value>, N>& table,
                              std::string_view name)
{
    for (const auto& [known, value] : table) {
        if (known == name) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<AttemptId> attempt_of(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool padded = text.size() > 1 && text.front() == '0';
    if (error != std::errc{} || end != text.data() + text.size() || padded) {
        return std::nullopt;
    }
    return AttemptId{value};
}

/// Whole numbers of them, at least one, in one spelling.
std::optional<Duration> patience_of(std::string_view text)
{
    const auto value = number(
        text, std::chrono::duration_cast<std::chrono::milliseconds>(longest_patience).count());
    if (!value || *value == 0) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{*value};
}

/// Nobody looked any further than a refused login, and a broken conversation proves nothing.
bool facts_fit(PowerState state, PowerFault fault)
{
    return state == PowerState::unknown &&
           (fault == PowerFault::none || fault == PowerFault::refused ||
            fault == PowerFault::wrong_credentials);
}

/// Four fields, and all of the rest of the line.
std::optional<DeviceFacts> facts_of(Fields& fields)
{
    const auto may_power_off = value_in(answers, fields.value("may_power_off").value_or(""));
    const auto cipher_zero = value_in(answers, fields.value("cipher_zero").value_or(""));
    auto on_restore = fields.value("on_restore");
    const bool told = on_restore != "unknown";
    auto guid = fields.value("system_guid");
    const bool named = guid != "unknown";
    if (!may_power_off || !cipher_zero || !on_restore ||
        (told && !is_restore_policy(*on_restore)) || !guid || (named && !uuid_bytes(*guid)) ||
        !fields.at_end()) {
        return std::nullopt;
    }
    DeviceFacts facts{*may_power_off, *cipher_zero, told ? std::move(on_restore) : std::nullopt};
    if (named) {
        facts.system_guid = SystemUuid{*std::move(guid)};
    }
    return facts;
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& name : names) {
        text += (text.empty() ? "" : ",") + name;
    }
    return text;
}

std::string suites_text(const std::vector<unsigned>& suites)
{
    std::string text;
    for (const auto suite : suites) {
        text += (text.empty() ? "" : ",") + std::to_string(suite);
    }
    return text;
}

std::string milliseconds_text(Duration duration)
{
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

/// std::string gives its memory back unwiped when it grows, so a line with a
/// secret in it is reserved whole before the first byte.
std::string reserved()
{
    std::string line;
    line.reserve(2 * Lines::longest);
    return line;
}

} // namespace

Secret write_device(const IpmiDevice& device)
{
    auto line = reserved();
    const auto field = [&line](std::string_view key, std::string_view value) {
        line += ' ';
        line += key;
        line += '=';
        escape_to(line, value);
    };
    line += "knell-fence-ipmi 1";
    field("address", device.address);
    field("port", std::to_string(device.port));
    field("user", device.username);
    field("password", device.password.reveal());
    field("k_g", device.k_g ? device.k_g->reveal() : std::string_view{});
    field("suites", suites_text(device.cipher_suites));
    field("privilege", name_of(device.privilege));
    field("workarounds", joined(device.workarounds));
    field("session", milliseconds_text(device.session_timeout));
    field("retransmission", milliseconds_text(device.retransmission_timeout));
    return Secret{std::move(line)};
}

Parsed<IpmiDevice> read_device(std::string_view line)
{
    if (line.size() > Lines::longest) {
        return Complaint{"the device line is too long"};
    }
    Fields fields{line};
    if (fields.word() != "knell-fence-ipmi" || fields.word() != "1") {
        return Complaint{"the device line does not begin with 'knell-fence-ipmi 1': knelld and "
                         "its helper are of different versions"};
    }
    auto address = fields.value("address");
    const auto port = number(fields.value("port").value_or(""), 65535);
    auto user = fields.value("user");
    auto password = fields.value("password");
    Secret secret{std::move(password).value_or("")};
    auto k_g = fields.value("k_g");
    const bool k_g_well_formed = k_g.has_value();
    Secret key{std::move(k_g).value_or("")};
    const auto suites = suite_list(fields.value("suites").value_or("?"));
    const auto privilege = privilege_word(fields.value("privilege").value_or(""));
    const auto workarounds = fields.value("workarounds");
    const auto session = number(fields.value("session").value_or(""), 60'000);
    const auto retransmission = number(fields.value("retransmission").value_or(""), 60'000);
    if (!address || !port || !user || !k_g_well_formed || !suites || !privilege || !workarounds ||
        !session || !retransmission || !fields.at_end()) {
        return Complaint{"the device line is malformed"};
    }
    IpmiDevice device{.id = DeviceId{*address},
                      .address = std::move(*address),
                      .port = static_cast<std::uint16_t>(*port),
                      .username = std::move(*user),
                      .password = std::move(secret),
                      .k_g = {},
                      .cipher_suites = *suites,
                      .privilege = *privilege,
                      .workarounds = name_list(*workarounds),
                      .session_timeout = std::chrono::milliseconds{*session},
                      .retransmission_timeout = std::chrono::milliseconds{*retransmission}};
    if (!key.empty()) {
        device.k_g = std::move(key);
    }
    if (auto complaint = complaint_about(device)) {
        return Complaint{std::move(*complaint)};
    }
    return device;
}

std::string write_request(const Request& request)
{
    std::string line{name_in(actions, request.action)};
    line += ' ' + std::to_string(request.attempt.get()) + " identity=";
    escape_to(line, request.identity ? request.identity->get() : "waived");
    if (request.action == PowerAction::inspect) {
        line += " patience=" + milliseconds_text(request.patience);
    }
    return line;
}

Parsed<Request> read_request(std::string_view line)
{
    if (line.size() > Lines::longest) {
        return Complaint{"the request is too long"};
    }
    Fields fields{line};
    const auto action = value_in(actions, fields.word());
    const auto attempt = attempt_of(fields.word());
    auto identity = fields.value("identity");
    std::optional<Duration> patience = Duration{};
    if (action == PowerAction::inspect) {
        patience = patience_of(fields.value("patience").value_or(""));
    }
    if (!action || !attempt || !identity || !patience || !fields.at_end()) {
        return Complaint{"the request is malformed"};
    }
    Request request{*action, *attempt, {}, *patience};
    if (*identity != "waived") {
        if (!uuid_bytes(*identity)) {
            return Complaint{"the request's identity is not a UUID"};
        }
        request.identity = SystemUuid{std::move(*identity)};
    }
    return request;
}

std::string write_reply(const PowerReply& reply)
{
    std::string line = "reply " + std::to_string(reply.attempt.get()) + ' ';
    line += name_in(states, reply.state);
    line += ' ';
    line += name_in(faults, reply.fault);
    line += ' ';
    escape_to(line, std::string_view{reply.detail}.substr(0, longest_detail));
    if (reply.facts) {
        KNELL_ASSERT(facts_fit(reply.state, reply.fault));
        line += " may_power_off=";
        line += name_in(answers, reply.facts->may_power_off);
        line += " cipher_zero=";
        line += name_in(answers, reply.facts->cipher_zero);
        line += " on_restore=" + reply.facts->on_restore.value_or("unknown");
        line += " system_guid=" +
                (reply.facts->system_guid ? reply.facts->system_guid->get() : "unknown");
    }
    return line;
}

Parsed<PowerReply> read_reply(std::string_view line)
{
    if (line.size() > Lines::longest) {
        return Complaint{"the reply is too long"};
    }
    Fields fields{line};
    const bool is_reply = fields.word() == "reply";
    const auto attempt = attempt_of(fields.word());
    const auto state = value_in(states, fields.word());
    const auto fault = value_in(faults, fields.word());
    const bool has_detail = !fields.at_end();
    auto detail = unescaped(fields.word());
    const bool has_facts = !fields.at_end();
    auto facts = has_facts ? facts_of(fields) : std::nullopt;
    if (!is_reply || !attempt || !state || !fault || !has_detail || !detail ||
        has_facts != facts.has_value() || detail->size() > longest_detail) {
        return Complaint{"the reply is malformed"};
    }
    if (*state != PowerState::unknown && *fault != PowerFault::none) {
        return Complaint{"the reply names a state and a fault at once"};
    }
    if (facts && !facts_fit(*state, *fault)) {
        return Complaint{"the reply tells facts that nobody can have found"};
    }
    for (char& c : *detail) {
        // Words for a log: whatever else a BMC made the helper say, it stays on its line.
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
            c = '?';
        }
    }
    return PowerReply{*attempt, *state, *fault, std::move(*detail), std::move(facts)};
}

} // namespace knell::fencing::ipmi
