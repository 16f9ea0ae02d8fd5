// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/finding.hpp"
#include "nova/keystone.hpp"
#include "nova/nova_client.hpp"
#include "nova/server_list.hpp"

#include <map>

namespace knell::nova {

/// The steps behind NovaClient, as coroutines on the loop's thread. Whoever
/// spawns one holds a shared_ptr to the session in it.
class NovaSession {
public:
    NovaSession(boost::asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
                NovaOptions options);

    /// Sets the flag and reads it back.
    /// `leave` must live as long.
    [[nodiscard]] boost::asio::awaitable<Finding> write(HostId host, bool wanted, Instant by,
                                                        const Leave& leave);
    [[nodiscard]] boost::asio::awaitable<Finding> read(HostId host, Instant by);
    [[nodiscard]] boost::asio::awaitable<ServersSeen> sample(HostId host, AttemptId attempt,
                                                             Instant by);
    /// See list_servers() in nova/server_list.hpp.
    [[nodiscard]] boost::asio::awaitable<ServerListOutcome> list_servers(std::string host,
                                                                         Duration patience);
    /// See ComputeServices::watch_services(); told while keep_warm() runs.
    void watch_services(Duration every, ComputeServices::ServicesHandler on_services);
    void on_turn(std::function<void(const NovaHealth&)> told) { on_turn_ = std::move(told); }
    void on_list_turn(std::function<void(const std::string&)> told)
    {
        on_list_turn_ = std::move(told);
    }
    void set_pace(const NovaPace& pace) { static_cast<NovaPace&>(options_) = pace; }
    /// Until close().
    [[nodiscard]] static boost::asio::awaitable<void> keep_warm(std::shared_ptr<NovaSession> self);

    void close();
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] const NovaHealth& health() const noexcept { return health_; }

private:
    /// All that a question to Nova needs.
    struct Access {
        std::shared_ptr<const Token> token;
        VersionRange versions;
    };
    struct NoAccess {
        std::string why;
    };
    /// Nothing if Nova did not answer; `why` says so.
    struct Reply {
        std::optional<http::Response> response;
        std::string why;
        bool left = false; ///< the question may have reached Nova
    };
    struct Question {
        const char* method = "GET";
        std::string path; ///< below the endpoint
        std::string body;
        Microversion version;
        http::Repetition repetition = http::Repetition::harmless;
        std::size_t most_body = http::Request{}.most_body;
        const Leave* leave = nullptr; ///< of a write; lives as long
    };

    boost::asio::awaitable<std::variant<Access, NoAccess>> access(Instant by);
    boost::asio::awaitable<std::variant<VersionRange, NoAccess>> versions(Instant by);
    boost::asio::awaitable<Reply> ask(Question question, Instant by);
    boost::asio::awaitable<Reply> ask_once(const Question& question, const Token& token,
                                           Instant by);
    boost::asio::awaitable<Finding> put(HostId host, bool wanted, Instant by, const Leave& leave);
    boost::asio::awaitable<bool> touch(Instant by);
    std::optional<std::string> use_endpoint(const Token& token);
    static Finding outcome_of(const Reply& reply);
    Finding find(const http::Response& response, const HostId& host, Microversion version);
    void remember(const ServiceRecord& record);
    /// Of a whole list: forgets all others, and does not choose among several of one host.
    void remember_only(const std::vector<ServiceRecord>& records);
    void tell_services(Instant asked_at, const VersionRange& versions,
                       const std::vector<ServiceRecord>& records);
    void list_tells_nothing(std::string why);
    void list_is_whole();
    void went_well();
    void went_wrong(std::string why);
    void turn(bool well);

    http::Carrier& carrier_;
    std::shared_ptr<http::Clock> clock_;
    NovaOptions options_;
    std::shared_ptr<Keystone> keystone_;
    std::unique_ptr<http::Alarm> pause_;
    std::string endpoint_; ///< without a slash at its end
    std::optional<VersionRange> versions_;
    std::map<std::string, std::string, std::less<>> ids_; ///< service UUID by host
    Duration watch_ = Duration::max();
    bool look_now_ = false;
    ComputeServices::ServicesHandler on_services_;
    NovaHealth health_;
    std::function<void(const NovaHealth&)> on_turn_;
    std::function<void(const std::string&)> on_list_turn_;
    bool told_well_ = true;
    bool told_whole_ = true;
    bool closed_ = false;
};

} // namespace knell::nova
