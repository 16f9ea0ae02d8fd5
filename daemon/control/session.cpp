// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include <utility>

namespace knell::control {

namespace {

namespace json = boost::json;

/// A request is shallow; a deep one is an attack.
json::parse_options shallow()
{
    json::parse_options options;
    options.max_depth = 8;
    return options;
}

std::string line_of(const json::object& object)
{
    return json::serialize(object) + "\n";
}

} // namespace

Session::Session(Socket socket, Peer peer, Services& services, Bounds bounds, OnEnd on_end)
    : socket_{std::move(socket)}, peer_{std::move(peer)}, services_{&services}, bounds_{bounds},
      on_end_{std::move(on_end)}, privileged_{services.access.roles_of(peer_).has(Role::operator_)},
      half_request_timer_{socket_.get_executor()}, write_timer_{socket_.get_executor()}
{
}

void Session::start()
{
    read();
}

void Session::refuse(const Failure& failure)
{
    ends_after_writing_ = true;
    send(line_of(error_response(nullptr, failure)));
}

void Session::close()
{
    services_ = nullptr;
    on_end_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
    half_request_timer_.cancel();
    write_timer_.cancel();
}

void Session::end()
{
    const auto on_end = std::exchange(on_end_, nullptr);
    close();
    if (on_end) {
        on_end(shared_from_this());
    }
}

void Session::arm(boost::asio::steady_timer& timer, std::chrono::milliseconds patience)
{
    timer.expires_after(patience);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) {
            self->end();
        }
    });
}

void Session::read()
{
    if (reading_ || services_ == nullptr || ends_after_writing_) {
        return;
    }
    reading_ = true;
    socket_.async_read_some(
        boost::asio::buffer(chunk_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
            self->reading_ = false;
            if (error) {
                self->end();
            } else {
                self->on_read(size);
            }
        });
}

void Session::on_read(std::size_t size)
{
    in_.append(chunk_.data(), size);
    answer_what_came();
}

/// The next request is looked at when the last one is answered and the answer
/// taken: a peer that does not read cannot make us hold more than one answer.
void Session::answer_what_came()
{
    while (services_ != nullptr && !answering_ && out_.empty() && !ends_after_writing_) {
        const auto newline = in_.find('\n');
        if (newline == std::string::npos ? in_.size() > bounds_.request
                                         : newline > bounds_.request) {
            refuse({ErrorCode::bad_request,
                    "a request may be " + std::to_string(bounds_.request) + " bytes long"});
            return;
        }
        if (newline == std::string::npos) {
            if (in_.empty()) {
                half_request_timer_.cancel();
                half_request_ = false;
            } else if (!std::exchange(half_request_, true)) {
                arm(half_request_timer_, bounds_.half_request);
            }
            read();
            return;
        }
        half_request_timer_.cancel();
        half_request_ = false;
        boost::system::error_code error;
        const auto request = json::parse(std::string_view{in_}.substr(0, newline), error,
                                         json::storage_ptr{}, shallow());
        in_.erase(0, newline + 1);
        if (error) {
            send(line_of(error_response(
                nullptr, {ErrorCode::not_json, "not JSON in one line: " + error.message()})));
            return;
        }
        answering_ = true;
        dispatch(
            *services_, peer_, request, [this] { watching_ = true; },
            // The daemon may keep this longer than the loop lives, so it owns nothing.
            [weak = weak_from_this()](const json::object& response) {
                if (const auto self = weak.lock()) {
                    self->answering_ = false;
                    self->send(line_of(response));
                }
            });
    }
}

void Session::publish(const std::string& line)
{
    if (!watching_ || services_ == nullptr) {
        return;
    }
    if (out_bytes_ + line.size() > bounds_.backlog) {
        end();
        return;
    }
    send(line);
}

void Session::send(std::string line)
{
    if (!socket_.is_open()) {
        return;
    }
    out_bytes_ += line.size();
    out_.push_back(std::move(line));
    if (out_.size() == 1) {
        write();
    }
}

void Session::write()
{
    arm(write_timer_, bounds_.writing);
    boost::asio::async_write(
        socket_, boost::asio::buffer(out_.front()),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
            self->write_timer_.cancel();
            if (error) {
                self->end();
                return;
            }
            self->out_bytes_ -= self->out_.front().size();
            self->out_.pop_front();
            if (!self->out_.empty()) {
                self->write();
            } else if (self->ends_after_writing_) {
                self->end();
            } else {
                self->answer_what_came();
            }
        });
}

} // namespace knell::control
