// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/cloud_settings.hpp"
#include "nova/compute_services.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace knell::http {
class Carrier;
}

namespace knell::nova {

class NovaSession;

/// How patient we are. All else in NovaOptions is chosen once.
struct NovaPace {
    Duration reply = 10s; ///< of the requests that keep us warm
    Duration retry = 1s;  ///< after one of those failed; doubled up to ...
    Duration retry_most = 15s;
};

struct NovaOptions : NovaPace {
    std::string endpoint_override; ///< empty: clouds.yaml's, else the catalogue's
    std::string region;            ///< empty: clouds.yaml's
    std::string interface;         ///< empty: clouds.yaml's
    unsigned servers_sampled = 10; ///< at most, per sample_servers()
    Duration connect = 2s;         ///< of any one connection
    /// Between looks at all services when nobody watches them more often: nova-api and its
    /// proxies forget a validated token after 300 s.
    Duration touch = 240s;
    Duration refused_pause = 30s; ///< after Keystone refused the password; doubled up to 5 min
};

/// For status pages. Never holds a secret.
struct NovaHealth {
    bool warm = false; ///< the last thing we asked of Nova was answered as it should be
    std::optional<Instant> last_ok;
    std::string last_error; ///< empty if there has been none
    /// Why the last look at all services told nothing: Nova did not answer, or not with a whole
    /// list. Empty if it told, or has not been taken yet.
    std::string services_error;
    std::string endpoint;     ///< the compute endpoint in use; empty if not known yet
    std::string microversion; ///< the highest that Nova speaks, e.g. "2.93"
};

/// ComputeServices over Nova's API (Compute API reference, os-services; from
/// microversion 2.53 by UUID, from 2.11 by host name, below: refused).
///
/// Every write is read back by a GET of its own, and `done` means what that
/// GET said. All calls and handlers on the loop's thread.
class NovaClient final : public ComputeServices {
public:
    NovaClient(boost::asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
               NovaOptions options);
    /// Calls under way are dropped; their handlers are not called.
    ~NovaClient() override;
    NovaClient(const NovaClient&) = delete;
    NovaClient& operator=(const NovaClient&) = delete;

    /// From now on keeps a token, the microversion and Nova's own caches ready,
    /// so that an incident waits for none of them. Calls work without it, slower.
    void start();

    [[nodiscard]] NovaHealth health() const;
    /// Told whenever `warm` turns; of the first answers only if they are bad.
    void on_turn(std::function<void(const NovaHealth&)> told);
    /// Told when a Nova that answers begins to list its services in a way that tells nothing, with
    /// the reason; and with nothing when a list is whole again.
    void on_list_turn(std::function<void(const std::string& trouble)> told);
    /// From the next rest on.
    void set_pace(const NovaPace& pace);

    void force_down(const FenceCertificate& proof, AttemptId attempt, Instant reply_by, Leave leave,
                    Handler on_answer) override;
    void clear_forced_down(const Clearance& proof, AttemptId attempt, Instant reply_by, Leave leave,
                           Handler on_answer) override;
    void read_forced_down(const HostId& host, AttemptId attempt, Instant reply_by,
                          Handler on_answer) override;
    void sample_servers(const HostId& host, AttemptId attempt, Instant reply_by,
                        ServersHandler on_answer) override;
    /// Needs start(), before or after it: keeping warm and looking are one request.
    void watch_services(Duration every, ServicesHandler on_services) override;

private:
    void write(const HostId& host, bool forced_down, AttemptId attempt, Instant reply_by,
               Leave leave, Handler on_answer);

    boost::asio::io_context& loop_;
    /// Shared with the coroutines under way, which outlast us by one step.
    std::shared_ptr<NovaSession> session_;
};

} // namespace knell::nova
