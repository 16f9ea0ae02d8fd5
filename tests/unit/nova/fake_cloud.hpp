// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/nova_client.hpp"
#include "tests/unit/http/scripted_server.hpp"

#include <map>
#include <set>

namespace knell::nova {

/// As much of Keystone and Nova as knell asks for, with every fault a test
/// wants. The real ones are met in tests/integration/nova.
class FakeCloud {
public:
    struct Service {
        std::string id;
        bool forced_down = false;
        bool cell_reachable = true;
        bool disabled = false;
        std::string disabled_reason{};
        bool up = true; ///< as long as it is not forced down
    };
    /// What happens instead of the usual, if anything.
    using Fault = std::function<std::optional<http::Behaviour>(const http::Seen&)>;

    explicit FakeCloud(boost::asio::io_context& loop);
    FakeCloud(boost::asio::io_context& loop, boost::asio::ssl::context& tls);

    [[nodiscard]] CloudSettings settings() const;
    /// Requests by "METHOD path", the path without query.
    [[nodiscard]] std::vector<std::string> asked() const;
    [[nodiscard]] unsigned count(const std::string& method_and_path_start) const;
    [[nodiscard]] const std::vector<http::Seen>& seen() const { return server_.seen(); }
    [[nodiscard]] std::string url(const std::string& path) const { return server_.url(path); }
    void revoke_tokens() { valid_.clear(); }
    /// Good answers of os-services are numbered as they were asked: "req-1" for the first of all.
    [[nodiscard]] std::string last_request_id() const;
    /// What the usual would be; for faults that act first and fail then.
    http::Behaviour serve(const http::Seen& seen);

    std::map<std::string, Service> services;
    std::string version = "2.93";
    std::string password = "sesame";
    std::string compute_url; ///< what the catalogue says of compute; empty: here
    std::chrono::seconds token_lifetime{3600};
    std::string servers = R"({"servers":[]})";
    std::map<std::string, std::string> pages; ///< further ones, by the marker that asks for them
    bool all_projects = true;                 ///< our user may ask for all_tenants
    Fault fault;

private:
    http::Behaviour answer_to(const http::Seen& seen);
    http::Behaviour token(const http::Seen& seen);
    http::Behaviour list(const http::Seen& seen) const;
    http::Behaviour list_servers(const http::Seen& seen) const;
    http::Behaviour put(const http::Seen& seen);

    std::set<std::string> valid_;
    unsigned tokens_ = 0;
    http::ScriptedServer server_;
};

} // namespace knell::nova
