// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/finding.hpp"

#include "nova/messages.hpp"

#include <algorithm>
#include <charconv>

namespace knell::nova {
namespace {

std::optional<Duration> retry_after(const http::Response& response)
{
    const auto text = response.header("Retry-After");
    if (!text) {
        return std::nullopt;
    }
    unsigned seconds = 0;
    const auto result = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (result.ec != std::errc{} || result.ptr != text->data() + text->size()) {
        return std::nullopt;
    }
    return std::chrono::seconds{std::min(seconds, 3600U)};
}

/// Without what follows a question mark, and might be meant for nobody's eyes.
std::optional<std::string> redirected_to(const http::Response& response)
{
    const auto location = response.header("Location");
    if (!location || response.status < 301 || response.status > 308) {
        return std::nullopt;
    }
    return one_line(location->substr(0, location->find_first_of("?#")));
}

} // namespace

bool success(const http::Response& response)
{
    return response.status >= 200 && response.status < 300;
}

std::string request_id(const http::Response& response)
{
    const std::string_view id = response.header("x-openstack-request-id").value_or("");
    const bool sane = id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                 (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
                      });
    return sane ? std::string{id} : std::string{};
}

std::string described(const char* who, const http::Response& response)
{
    std::string text = std::string{who} + " answered HTTP " + std::to_string(response.status);
    const std::string words = fault_message(response.body);
    text += words.empty() ? "" : ": " + words;
    const std::string id = request_id(response);
    text += id.empty() ? "" : " (" + id + ")";
    if (const auto elsewhere = redirected_to(response)) {
        text += "; it sends us to " + *elsewhere + ", and knell follows nobody: correct " +
                (std::string_view{who} == "Keystone"
                     ? "auth_url in clouds.yaml"
                     : "Nova's endpoint in Keystone's catalogue, or set "
                       "nova.endpoint_override");
    }
    return text;
}

Finding unknown(std::string detail)
{
    Finding finding;
    finding.detail = std::move(detail);
    return finding;
}

Finding refused(NovaRefusal refusal, std::string detail)
{
    Finding finding;
    finding.outcome = NovaOutcome::refused;
    finding.refusal = refusal;
    finding.detail = std::move(detail);
    return finding;
}

Finding judge(const http::Response& response)
{
    const std::string detail = described("Nova", response);
    const bool evacuations = tells_of_unfinished_evacuations(fault_message(response.body));
    Finding finding;
    switch (response.status) {
    case 400:
    case 409:
        finding = refused(
            evacuations ? NovaRefusal::evacuations_unfinished : NovaRefusal::bad_request, detail);
        break;
    case 403:
        finding = refused(NovaRefusal::forbidden, detail);
        break;
    case 404:
        // Nova says in JSON what it does not know, and in HTML that the URL is none of its own.
        finding = looks_like_html(response.body)
                      ? unknown(detail + "; is this the compute endpoint?")
                      : refused(NovaRefusal::not_found, detail);
        break;
    case 429:
        finding = refused(NovaRefusal::too_many, detail);
        break;
    default:
        finding = unknown(detail);
        break;
    }
    finding.retry_after = retry_after(response);
    return finding;
}

} // namespace knell::nova
