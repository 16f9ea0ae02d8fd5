// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/nova_client.hpp"

#include "nova/nova_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace knell::nova {
namespace asio = boost::asio;

namespace {

void rethrow(std::exception_ptr problem)
{
    if (problem) {
        std::rethrow_exception(problem);
    }
}

NovaAnswer answer(const HostId& host, AttemptId attempt, Finding finding)
{
    return NovaAnswer{host,
                      attempt,
                      finding.outcome,
                      finding.refusal,
                      finding.forced_down,
                      finding.retry_after,
                      std::move(finding.detail),
                      finding.may_land};
}

// The session is an argument, so that it lives as long as the coroutine. Each
// begins with a post, so that no handler is ever called from within our caller.

asio::awaitable<void> run_write(std::shared_ptr<NovaSession> session, HostId host, bool wanted,
                                AttemptId attempt, Instant by, Leave leave,
                                ComputeServices::Handler on_answer)
{
    co_await asio::post(asio::use_awaitable);
    Finding finding = co_await session->write(host, wanted, by, leave);
    if (!session->closed()) {
        on_answer(answer(host, attempt, std::move(finding)));
    }
}

asio::awaitable<void> run_read(std::shared_ptr<NovaSession> session, HostId host, AttemptId attempt,
                               Instant by, ComputeServices::Handler on_answer)
{
    co_await asio::post(asio::use_awaitable);
    Finding finding = co_await session->read(host, by);
    if (!session->closed()) {
        on_answer(answer(host, attempt, std::move(finding)));
    }
}

asio::awaitable<void> run_sample(std::shared_ptr<NovaSession> session, HostId host,
                                 AttemptId attempt, Instant by,
                                 ComputeServices::ServersHandler on_answer)
{
    co_await asio::post(asio::use_awaitable);
    ServersSeen seen = co_await session->sample(host, attempt, by);
    if (!session->closed()) {
        on_answer(std::move(seen));
    }
}

} // namespace

NovaClient::NovaClient(asio::io_context& loop, http::Carrier& carrier, CloudSettings settings,
                       NovaOptions options)
    : loop_{loop}, session_{std::make_shared<NovaSession>(loop, carrier, std::move(settings),
                                                          std::move(options))}
{
}

NovaClient::~NovaClient()
{
    session_->close();
}

void NovaClient::start()
{
    asio::co_spawn(loop_, NovaSession::keep_warm(session_), rethrow);
}

NovaHealth NovaClient::health() const
{
    return session_->health();
}

void NovaClient::on_turn(std::function<void(const NovaHealth&)> told)
{
    session_->on_turn(std::move(told));
}

void NovaClient::on_list_turn(std::function<void(const std::string&)> told)
{
    session_->on_list_turn(std::move(told));
}

void NovaClient::set_pace(const NovaPace& pace)
{
    session_->set_pace(pace);
}

void NovaClient::write(const HostId& host, bool forced_down, AttemptId attempt, Instant reply_by,
                       Leave leave, Handler on_answer)
{
    asio::co_spawn(loop_,
                   run_write(session_, host, forced_down, attempt, reply_by, std::move(leave),
                             std::move(on_answer)),
                   rethrow);
}

void NovaClient::force_down(const FenceCertificate& proof, AttemptId attempt, Instant reply_by,
                            Leave leave, Handler on_answer)
{
    write(proof.host(), true, attempt, reply_by, std::move(leave), std::move(on_answer));
}

void NovaClient::clear_forced_down(const Clearance& proof, AttemptId attempt, Instant reply_by,
                                   Leave leave, Handler on_answer)
{
    write(proof.host(), false, attempt, reply_by, std::move(leave), std::move(on_answer));
}

void NovaClient::read_forced_down(const HostId& host, AttemptId attempt, Instant reply_by,
                                  Handler on_answer)
{
    asio::co_spawn(loop_, run_read(session_, host, attempt, reply_by, std::move(on_answer)),
                   rethrow);
}

void NovaClient::sample_servers(const HostId& host, AttemptId attempt, Instant reply_by,
                                ServersHandler on_answer)
{
    asio::co_spawn(loop_, run_sample(session_, host, attempt, reply_by, std::move(on_answer)),
                   rethrow);
}

void NovaClient::watch_services(Duration every, ServicesHandler on_services)
{
    session_->watch_services(every, std::move(on_services));
}

} // namespace knell::nova
