// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/message.hpp"

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>

namespace knell::http {

/// One request and its answer as libcurl's easy handle sees them. It must stay
/// where it is while libcurl knows it.
class Exchange {
public:
    using Handler = std::function<void(Outcome)>;

    /// `patience` is what is left until the request's deadline, more than 0.
    Exchange(Request request, Duration patience, Handler on_outcome);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] CURL* easy() const noexcept { return easy_; }
    /// Empty, or why libcurl would not take the request.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    [[nodiscard]] Outcome conclude(CURLcode result);
    [[nodiscard]] Handler take_handler() noexcept { return std::move(on_outcome_); }

private:
    template <class Value>
    void set(CURLoption option, Value value);
    void add_header(const Header& header);
    void set_method();
    void set_tls();
    static int on_connected(void* self, char* peer, char* ours, int peers_port, int our_port);
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);

    Request request_;
    Handler on_outcome_;
    Response response_;
    std::size_t header_bytes_ = 0;
    bool headers_ended_ = false;
    std::string fault_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    curl_slist* header_lines_ = nullptr;
    CURL* easy_ = nullptr;
};

} // namespace knell::http
