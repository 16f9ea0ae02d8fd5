// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/transport.hpp"

#include "core/assert.hpp"
#include "http/exchange.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <map>

namespace knell::http {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

void prepare_process()
{
    static const bool once = [] {
        KNELL_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
        struct sigaction current {};
        if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
            current.sa_handler = SIG_IGN;
            sigaction(SIGPIPE, &current, nullptr);
        }
        return true;
    }();
    static_cast<void>(once);
}

Instant now()
{
    return instant(std::chrono::steady_clock::now());
}

} // namespace

/// The bridge: libcurl says which sockets and which moment it waits for, Asio
/// waits, and libcurl is told. libcurl is never called from its own callbacks,
/// because every handler of ours is posted.
class Transport::Multi : public std::enable_shared_from_this<Transport::Multi> {
public:
    explicit Multi(asio::io_context& loop) : loop_{loop}, timer_{loop}, multi_{curl_multi_init()}
    {
        KNELL_ASSERT(multi_ != nullptr);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::on_interest);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, static_cast<void*>(this));
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::on_timeout_wanted);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, static_cast<void*>(this));
    }

    ~Multi()
    {
        closing_ = true;
        for (auto& [easy, exchange] : exchanges_) {
            curl_multi_remove_handle(multi_, easy);
        }
        exchanges_.clear();
        curl_multi_cleanup(multi_);
    }

    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;

    void send(Request request, Handler on_outcome)
    {
        const Duration patience = request.reply_by - now();
        if (patience <= Duration::zero()) {
            answer(std::move(on_outcome), NotSent{"no time was left to ask"});
            return;
        }
        auto exchange =
            std::make_unique<Exchange>(std::move(request), patience, std::move(on_outcome));
        if (!exchange->fault().empty()) {
            answer(exchange->take_handler(), NotSent{exchange->fault()});
            return;
        }
        CURL* const easy = exchange->easy();
        exchanges_.emplace(easy, std::move(exchange));
        KNELL_ASSERT(curl_multi_add_handle(multi_, easy) == CURLM_OK);
    }

private:
    /// What libcurl waits for on one socket. Our descriptor is a duplicate, so
    /// whoever closes first, neither ever waits on a number that was given away.
    struct Watch {
        Watch(asio::io_context& loop, int duplicate, std::uint64_t number)
            : descriptor{loop, duplicate}, id{number}
        {
        }
        asio::posix::stream_descriptor descriptor;
        std::uint64_t id;
        bool wants_read = false;
        bool wants_write = false;
        bool awaits_read = false;
        bool awaits_write = false;
    };

    static int on_interest(CURL*, curl_socket_t socket, int what, void* self, void*)
    {
        static_cast<Multi*>(self)->watch(socket, what);
        return 0;
    }

    static int on_timeout_wanted(CURLM*, long milliseconds, void* self)
    {
        static_cast<Multi*>(self)->set_timer(milliseconds);
        return 0;
    }

    void watch(curl_socket_t socket, int what)
    {
        if (closing_) {
            return;
        }
        auto found = watches_.find(socket);
        if (what == CURL_POLL_REMOVE) {
            if (found != watches_.end()) {
                watches_.erase(found);
            }
            return;
        }
        if (found == watches_.end()) {
            const int duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0);
            if (duplicate < 0) {
                // Out of descriptors: the request will run into its deadline.
                return;
            }
            found = watches_.try_emplace(socket, loop_, duplicate, ++last_watch_).first;
        }
        found->second.wants_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
        found->second.wants_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
        await(socket, found->second);
    }

    void await(curl_socket_t socket, Watch& watch)
    {
        using asio::posix::descriptor_base;
        if (watch.wants_read && !watch.awaits_read) {
            watch.awaits_read = true;
            watch.descriptor.async_wait(
                descriptor_base::wait_read,
                [weak = weak_from_this(), socket, id = watch.id](error_code ec) {
                    if (const auto self = weak.lock()) {
                        self->on_ready(socket, id, ec, CURL_CSELECT_IN);
                    }
                });
        }
        if (watch.wants_write && !watch.awaits_write) {
            watch.awaits_write = true;
            watch.descriptor.async_wait(
                descriptor_base::wait_write,
                [weak = weak_from_this(), socket, id = watch.id](error_code ec) {
                    if (const auto self = weak.lock()) {
                        self->on_ready(socket, id, ec, CURL_CSELECT_OUT);
                    }
                });
        }
    }

    void on_ready(curl_socket_t socket, std::uint64_t id, error_code ec, int direction)
    {
        // The number may belong to another connection by now; the id does not lie.
        const auto found = watches_.find(socket);
        if (found == watches_.end() || found->second.id != id) {
            return;
        }
        Watch& watch = found->second;
        (direction == CURL_CSELECT_IN ? watch.awaits_read : watch.awaits_write) = false;
        if (direction == CURL_CSELECT_IN ? !watch.wants_read : !watch.wants_write) {
            return;
        }
        drive(socket, ec ? direction | CURL_CSELECT_ERR : direction);
        const auto still = watches_.find(socket);
        if (still != watches_.end() && still->second.id == id) {
            await(socket, still->second);
        }
    }

    void set_timer(long milliseconds)
    {
        if (closing_) {
            return;
        }
        const std::uint64_t id = ++last_timer_;
        if (milliseconds < 0) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::chrono::milliseconds{milliseconds});
        timer_.async_wait([weak = weak_from_this(), id](error_code) {
            const auto self = weak.lock();
            if (self && self->last_timer_ == id) {
                self->drive(CURL_SOCKET_TIMEOUT, 0);
            }
        });
    }

    void drive(curl_socket_t socket, int what)
    {
        int running = 0;
        curl_multi_socket_action(multi_, socket, what, &running);
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) {
                // The message dies with remove_handle().
                finish(message->easy_handle, message->data.result);
            }
        }
    }

    void finish(CURL* easy, CURLcode result)
    {
        const auto found = exchanges_.find(easy);
        KNELL_ASSERT(found != exchanges_.end());
        const std::unique_ptr<Exchange> exchange = std::move(found->second);
        exchanges_.erase(found);
        Outcome outcome = exchange->conclude(result);
        curl_multi_remove_handle(multi_, easy);
        answer(exchange->take_handler(), std::move(outcome));
    }

    void answer(Handler on_outcome, Outcome outcome)
    {
        asio::post(loop_, [weak = weak_from_this(), on_outcome = std::move(on_outcome),
                           outcome = std::move(outcome)]() mutable {
            if (!weak.expired()) {
                on_outcome(std::move(outcome));
            }
        });
    }

    asio::io_context& loop_;
    asio::steady_timer timer_;
    std::uint64_t last_timer_ = 0;
    std::uint64_t last_watch_ = 0;
    std::map<curl_socket_t, Watch> watches_;
    std::map<CURL*, std::unique_ptr<Exchange>> exchanges_;
    CURLM* multi_;
    bool closing_ = false;
};

Transport::Transport(asio::io_context& loop) : clock_{monotonic_clock(loop)}
{
    prepare_process();
    multi_ = std::make_shared<Multi>(loop);
}

Transport::~Transport() = default;

void Transport::send(Request request, Handler on_outcome)
{
    multi_->send(std::move(request), std::move(on_outcome));
}

} // namespace knell::http
