// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/serve.hpp"

#include "fencing/ipmi/hardening.hpp"
#include "fencing/ipmi/protocol.hpp"
#include "fencing/ipmi/session.hpp"
#include "fencing/lines.hpp"

#include <cerrno>
#include <cstdio>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::fencing::ipmi {
namespace {

constexpr int peer = STDIN_FILENO;

void say(const std::string& text)
{
    std::fprintf(stderr, "knell-fence-ipmi: %s\n", text.c_str());
}

bool is_stream_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/// Blocks. Nothing: the peer closed, or does not end its lines.
std::optional<std::string_view> next_line(Lines& lines)
{
    while (true) {
        if (const auto line = lines.next()) {
            return line;
        }
        if (lines.room_size() == 0) {
            return std::nullopt;
        }
        const auto size = ::read(peer, lines.room(), lines.room_size());
        if (size > 0) {
            lines.filled(static_cast<std::size_t>(size));
        } else if (size == 0 || errno != EINTR) {
            return std::nullopt;
        }
    }
}

bool write_line(std::string line)
{
    line += '\n';
    // The peer reads every answer before it asks again, so a short write means that it is gone.
    return ::send(peer, line.data(), line.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(line.size());
}

bool peer_listens()
{
    pollfd state{peer, POLLRDHUP, 0};
    return ::poll(&state, 1, 0) == 0;
}

Answer perform(Session& session, const Request& request)
{
    switch (request.action) {
    case PowerAction::prepare:
        return session.prepare(request.identity);
    case PowerAction::off:
        return session.power_off(request.identity);
    case PowerAction::read:
        return session.read_power(request.identity);
    case PowerAction::inspect:
        return session.inspect(request.identity, request.patience, peer_listens);
    case PowerAction::on:
        return session.power_on(request.identity);
    }
    return {PowerState::unknown, PowerFault::refused, "no such action"};
}

int answer_requests(Session& session, Lines& lines)
{
    while (const auto line = next_line(lines)) {
        const auto request = read_request(*line);
        if (!request) {
            say(request.error().text);
            return exit_protocol;
        }
        auto answer = perform(session, *request);
        if (!write_line(write_reply({request->attempt, answer.state, answer.fault,
                                     std::move(answer.detail), std::move(answer.facts)}))) {
            return 0;
        }
        session.tidy();
    }
    return 0;
}

} // namespace

int serve()
{
    if (!is_stream_socket(peer)) {
        say("--serve is for knelld: standard input must be its socket. See --help.");
        return exit_usage;
    }
    close_inherited_files();
    if (!die_with_peer(peer)) {
        say("the process that started this one is gone");
        return exit_usage;
    }
    Lines lines;
    keep_in_memory(&lines, sizeof lines);
    const auto line = next_line(lines);
    if (!line) {
        return 0;
    }
    const auto device = read_device(*line);
    if (!device) {
        say(device.error().text);
        return exit_protocol;
    }
    keep_in_memory(&*device, sizeof *device);
    Session session{*device};
    return answer_requests(session, lines);
}

} // namespace knell::fencing::ipmi
