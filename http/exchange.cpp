// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/exchange.hpp"

#include "core/assert.hpp"
#include "http/tls_trouble.hpp"

#include <algorithm>
#include <cstring>

namespace knell::http {
namespace {

constexpr std::size_t most_header_bytes = std::size_t{256} << 10;

long whole_milliseconds(Duration d)
{
    // 0 would mean "for ever" to libcurl.
    return std::max<long>(1, std::chrono::ceil<std::chrono::milliseconds>(d).count());
}

bool breaks_lines(std::string_view text)
{
    return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

} // namespace

Exchange::Exchange(Request request, Duration patience, Handler on_outcome)
    : request_{std::move(request)}, on_outcome_{std::move(on_outcome)}, easy_{curl_easy_init()}
{
    KNELL_ASSERT(easy_ != nullptr);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    // Load balancers close idle connections after some 90 s; we give them up before.
    set(CURLOPT_MAXAGE_CONN, 75L);
    // A name that is still being looked up must not hold up the loop when its time is over.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, whole_milliseconds(std::min(patience, request_.connect)));
    set(CURLOPT_TIMEOUT_MS, whole_milliseconds(patience));
    if (request_.proxy == Proxy::none) {
        set(CURLOPT_PROXY, "");
    }
    // libcurl itself repeats a request when a *reused* connection failed before
    // the first line of an answer came. On a new connection it never does.
    if (request_.repetition == Repetition::harmful) {
        set(CURLOPT_FRESH_CONNECT, 1L);
    }
    if (request_.objection) {
        set(CURLOPT_PREREQFUNCTION, &Exchange::on_connected);
        set(CURLOPT_PREREQDATA, static_cast<void*>(this));
    }
    set_method();
    set_tls();
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

Exchange::~Exchange()
{
    curl_easy_cleanup(easy_);
    for (curl_slist* line = header_lines_; line != nullptr; line = line->next) {
        explicit_bzero(line->data, std::strlen(line->data));
    }
    curl_slist_free_all(header_lines_);
}

template <class Value>
void Exchange::set(CURLoption option, Value value)
{
    const CURLcode result = curl_easy_setopt(easy_, option, value);
    if (result != CURLE_OK && fault_.empty()) {
        fault_ = curl_easy_strerror(result);
    }
}

void Exchange::add_header(const Header& header)
{
    if (breaks_lines(header.name) || breaks_lines(header.value.reveal())) {
        fault_ = "header " + header.name.substr(0, header.name.find_first_of("\r\n")) +
                 " has a line break in it";
        return;
    }
    std::string line;
    line.reserve(header.name.size() + 2 + header.value.reveal().size());
    line.append(header.name).append(": ").append(header.value.reveal());
    header_lines_ = curl_slist_append(header_lines_, line.c_str());
    explicit_bzero(line.data(), line.size());
}

void Exchange::set_method()
{
    for (const Header& header : request_.headers) {
        add_header(header);
    }
    const std::string_view body = request_.body.reveal();
    if (!body.empty()) {
        // libcurl keeps the pointer, not a copy. No Expect: it costs a round trip.
        header_lines_ = curl_slist_append(header_lines_, "Expect:");
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        set(CURLOPT_POSTFIELDS, body.data());
    }
    if (request_.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(CURLOPT_HTTPHEADER, header_lines_);
}

void Exchange::set_tls()
{
    const Tls& tls = request_.tls;
    set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!tls.ca_file.empty()) {
        set(CURLOPT_CAINFO, tls.ca_file.c_str());
        set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (!tls.certificate_file.empty()) {
        set(CURLOPT_SSLCERT, tls.certificate_file.c_str());
    }
    if (!tls.key_file.empty()) {
        set(CURLOPT_SSLKEY, tls.key_file.c_str());
    }
}

Outcome Exchange::conclude(CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && !headers_ended_) {
        // libcurl is content with that; a peer that died while it wrote is no answer to us.
        return Lost{"the answer ended within its headers"};
    }
    if (result == CURLE_OK && (status < 200 || status > 599)) { // RFC 9110, section 15
        return Lost{"the answer ended with the status " + std::to_string(status) +
                    ", which is no final one"};
    }
    if (result == CURLE_OK) {
        response_.status = static_cast<unsigned>(status);
        return std::move(response_);
    }
    std::string why = fault_;
    if (why.empty()) {
        why = with_tls_remedy(
            result, error_[0] != '\0' ? error_.data() : curl_easy_strerror(result), request_.url);
    }
    // Counted over all connections tried, so a first sending is not forgotten by a second.
    long request_bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_bytes);
    if (request_bytes == 0) {
        return NotSent{std::move(why)};
    }
    return Lost{std::move(why)};
}

int Exchange::on_connected(void* self, char* /*peer*/, char* /*ours*/, int /*peers_port*/,
                           int /*our_port*/)
{
    auto& exchange = *static_cast<Exchange*>(self);
    auto objection = exchange.request_.objection();
    if (!objection) {
        return CURL_PREREQFUNC_OK;
    }
    exchange.fault_ = *std::move(objection);
    return CURL_PREREQFUNC_ABORT;
}

std::size_t Exchange::on_header(char* data, std::size_t, std::size_t size, void* self)
{
    auto& exchange = *static_cast<Exchange*>(self);
    const std::string_view line{data, size};
    exchange.header_bytes_ += size;
    if (exchange.header_bytes_ > most_header_bytes) {
        exchange.fault_ = "the headers of the answer are too long";
        return 0;
    }
    if (line.starts_with("HTTP/")) {
        exchange.response_.headers.clear();
        exchange.headers_ended_ = false;
        return size;
    }
    if (trimmed(line).empty()) {
        exchange.headers_ended_ = true;
        return size;
    }
    if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        exchange.response_.headers.emplace_back(trimmed(line.substr(0, colon)),
                                                trimmed(line.substr(colon + 1)));
    }
    return size;
}

std::size_t Exchange::on_body(char* data, std::size_t, std::size_t size, void* self)
{
    auto& exchange = *static_cast<Exchange*>(self);
    if (exchange.response_.body.size() + size > exchange.request_.most_body) {
        exchange.fault_ =
            "the answer is longer than " + std::to_string(exchange.request_.most_body) + " bytes";
        return 0;
    }
    exchange.response_.body.append(data, size);
    return size;
}

} // namespace knell::http
