// SPDX-License-Identifier: GPL-3.0-or-later
// What we say to Keystone and Nova, and their error texts made fit to show.
#include "nova/json.hpp"
#include "nova/messages.hpp"

#include <boost/nowide/utf/utf.hpp>

namespace knell::nova {
namespace {

std::string without_tags(std::string_view html)
{
    std::string text;
    bool inside = false;
    for (const char c : html.substr(0, 4096)) {
        if (c == '<') {
            inside = true;
            text += ' ';
        } else if (c == '>') {
            inside = false;
        } else if (!inside) {
            text += c;
        }
    }
    return text;
}

/// A JSON text whose string is wiped when it has been copied.
class Writer {
public:
    void raw(std::string_view text) { add(text); }
    void text(std::string_view value)
    {
        add("\"");
        for (const char c : value) {
            escape(c);
        }
        add("\"");
    }
    void member(std::string_view name, std::string_view value)
    {
        text(name);
        add(":");
        text(value);
    }
    [[nodiscard]] Secret take() { return Secret{std::move(text_)}; }

private:
    void escape(char c)
    {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            const char pair[] = {'\\', c};
            add({pair, 2});
        } else if (byte < 0x20) {
            const char code[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            add({code, 6});
        } else {
            add({&c, 1});
        }
    }
    void add(std::string_view piece)
    {
        // Growing would leave a copy of the password in freed memory.
        if (text_.capacity() < text_.size() + piece.size()) {
            std::string larger;
            larger.reserve(2 * (text_.size() + piece.size()) + 512);
            larger = text_;
            const Secret wiped{std::exchange(text_, std::move(larger))};
        }
        text_.append(piece);
    }

    std::string text_;
};

void add_domain(Writer& out, const std::string& id, const std::string& name)
{
    if (id.empty() && name.empty()) {
        return;
    }
    out.raw(",\"domain\":{");
    id.empty() ? out.member("name", name) : out.member("id", id);
    out.raw("}");
}

void add_user(Writer& out, const CloudSettings& settings)
{
    out.raw("\"user\":{");
    if (!settings.user_id.empty()) {
        out.member("id", settings.user_id);
    } else {
        out.member("name", settings.username);
        add_domain(out, settings.user_domain_id, settings.user_domain_name);
    }
}

void add_scope(Writer& out, const CloudSettings& settings)
{
    if (!settings.system_scope.empty()) {
        out.raw(R"(,"scope":{"system":{"all":true}})");
        return;
    }
    out.raw(R"(,"scope":{"project":{)");
    if (!settings.project_id.empty()) {
        out.member("id", settings.project_id);
    } else {
        out.member("name", settings.project_name);
        add_domain(out, settings.project_domain_id, settings.project_domain_name);
    }
    out.raw("}}");
}

void add_password(Writer& out, const CloudSettings& settings)
{
    out.raw(R"("methods":["password"],"password":{)");
    add_user(out, settings);
    out.raw(",");
    out.member("password", settings.password.reveal());
    out.raw("}}}");
    add_scope(out, settings);
}

void add_application_credential(Writer& out, const CloudSettings& settings)
{
    out.raw(R"("methods":["application_credential"],"application_credential":{)");
    if (!settings.application_credential_id.empty()) {
        out.member("id", settings.application_credential_id);
    } else {
        out.member("name", settings.application_credential_name);
        out.raw(",");
        add_user(out, settings);
        out.raw("}");
    }
    out.raw(",");
    out.member("secret", settings.application_credential_secret.reveal());
    // Its scope is its own: Keystone answers 401 to one that is given.
    out.raw("}}");
}

} // namespace

std::string one_line(std::string_view text)
{
    namespace utf = boost::nowide::utf;
    constexpr std::size_t most = 400;
    std::string line;
    bool gap = false;
    for (const char *at = text.data(), *end = at + text.size(); at != end;) {
        const char* const from = at;
        const auto point = utf::utf_traits<char>::decode(at, end);
        const bool none = point == utf::illegal || point == utf::incomplete;
        at = none ? from + 1 : at;
        // Blanks, and the control characters of ASCII and of Latin-1.
        if (point <= 0x20 || (point >= 0x7f && point <= 0x9f)) {
            gap = !line.empty();
            continue;
        }
        if (line.size() >= most) {
            return line + " ...";
        }
        if (gap) {
            line += ' ';
            gap = false;
        }
        line += none ? std::string_view{"?"} : std::string_view{from, at};
    }
    return line;
}

Secret token_request(const CloudSettings& settings)
{
    Writer out;
    out.raw(R"({"auth":{"identity":{)");
    if (settings.method == CloudSettings::Method::password) {
        add_password(out, settings);
    } else {
        add_application_credential(out, settings);
    }
    out.raw("}}");
    return out.take();
}

std::string force_down_by_host(std::string_view host, bool forced_down)
{
    json::object body;
    body["host"] = json::string_view{host.data(), host.size()};
    body["binary"] = "nova-compute";
    body["forced_down"] = forced_down;
    return json::serialize(body);
}

std::string force_down_by_id(bool forced_down)
{
    return forced_down ? R"({"forced_down":true})" : R"({"forced_down":false})";
}

bool looks_like_html(std::string_view body)
{
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

std::string fault_message(std::string_view body)
{
    if (looks_like_html(body)) {
        return one_line(without_tags(body));
    }
    const auto document = parse_object(body);
    if (!document) {
        return {};
    }
    // {"forbidden": {"code", "message"}}, {"error": {"code", "title", "message"}}, ...
    for (const auto& member : *document) {
        const json::object* fault = member.value().if_object();
        if (fault != nullptr && !text_at(*fault, "message").empty()) {
            return one_line(text_at(*fault, "message"));
        }
    }
    return {};
}

} // namespace knell::nova
