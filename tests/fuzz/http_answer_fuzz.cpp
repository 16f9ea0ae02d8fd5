// SPDX-License-Identifier: GPL-3.0-or-later
// What a server may send, through libcurl, as http/ sees it. Input: flags (1: HEAD; 2: no more than
// 64 bytes of body are wanted), the bytes of the answer, after which the server hangs up.
#include "http/exchange.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include <algorithm>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace knell::http {
namespace {

using fuzz::Bytes;
using fuzz::require;

/// Answers whoever connects, whatever he asks, and hangs up.
class Server {
public:
    Server() : listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        require(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                        0 &&
                    ::listen(listener_, 4) == 0,
                "a socket can be listened on");
    }
    ~Server() { ::close(listener_); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::string path() const { return (scratch_.path() / "server").string(); }
    void answer(Bytes bytes) const
    {
        const int peer = ::accept(listener_, nullptr, nullptr);
        const int room = 1 << 20;
        ::setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        const auto sent = ::send(peer, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        require(sent == static_cast<ssize_t>(bytes.size()), "an answer fits into a socket");
        ::shutdown(peer, SHUT_WR);
        char request[4096];
        while (::recv(peer, request, sizeof request, MSG_DONTWAIT) > 0) {
        }
        ::close(peer);
    }

private:
    fuzz::Scratch scratch_;
    int listener_;
};

/// libcurl's own loop, with the server's part in its middle.
CURLcode perform(CURL* easy, const Server& server, Bytes answer)
{
    CURLM* const multi = curl_multi_init();
    curl_multi_add_handle(multi, easy);
    long asked = 0;
    int running = 1;
    for (int turns = 0; turns < 1000 && running != 0; ++turns) {
        curl_multi_perform(multi, &running);
        const auto before = std::exchange(asked, [easy] {
            long size = 0;
            curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &size);
            return size;
        }());
        if (before == 0 && asked > 0) {
            server.answer(answer);
        }
        curl_multi_poll(multi, nullptr, 0, 1, nullptr);
    }
    require(asked > 0, "the request was sent");
    require(running == 0, "what has ended is told");
    int left = 0;
    const auto* const message = curl_multi_info_read(multi, &left);
    const auto result = message == nullptr ? CURLE_OK : message->data.result;
    curl_multi_remove_handle(multi, easy);
    curl_multi_cleanup(multi);
    return result;
}

void check(const Response& response, const Request& request, std::string_view bytes)
{
    require(boost::algorithm::istarts_with(bytes, "HTTP/"), "an answer says what it is");
    require(response.status >= 200 && response.status <= 599, "an answer has a final status");
    require(response.body.size() <= request.most_body, "a body is no longer than was wanted");
    require(request.method != "HEAD" || response.body.empty(), "no body where none belongs");
    std::size_t size = 0;
    for (const auto& [name, value] : response.headers) {
        size += name.size() + value.size();
        for (const auto text : {std::string_view{name}, std::string_view{value}}) {
            require(text.find('\n') == std::string_view::npos, "a header is one line");
            require(text.empty() || (std::string_view{" \t\r\n"}.find(text.front()) == text.npos &&
                                     std::string_view{" \t\r\n"}.find(text.back()) == text.npos),
                    "a header's value has no blanks around it");
        }
        require(response.header(name).has_value(), "a header is found by its name");
    }
    require(size <= bytes.size(), "no header comes from nowhere");
}

} // namespace

KNELL_FUZZ_TARGET(http_answer)
{
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    static const Server server;
    require(ready, "libcurl is there");
    fuzz::Input input{bytes};
    const auto flags = input.byte();
    const auto answer = input.take(64UL * 1024);

    Request request;
    request.method = (flags & 1) != 0 ? "HEAD" : "GET";
    request.url = "http://127.0.0.1:1/v2.1/";
    request.headers.push_back({"X-Auth-Token", Secret{"token"}});
    if ((flags & 2) != 0) {
        request.most_body = 64;
    }
    const auto asked = request;
    Exchange exchange{std::move(request), 5s, [](Outcome) {}};
    require(exchange.fault().empty(), "libcurl takes our request");
    curl_easy_setopt(exchange.easy(), CURLOPT_UNIX_SOCKET_PATH, server.path().c_str());
    const auto outcome = exchange.conclude(perform(exchange.easy(), server, answer));
    if (const auto* response = std::get_if<Response>(&outcome)) {
        check(*response, asked, fuzz::text_of(answer));
        return;
    }
    const auto* lost = std::get_if<Lost>(&outcome);
    const auto* unsent = std::get_if<NotSent>(&outcome);
    require(unsent == nullptr, "what was sent is not called unsent",
            unsent == nullptr ? "" : unsent->why);
    require(!lost->why.empty() && fuzz::fit_to_show(lost->why), "what is told is one line of text",
            lost->why);
}

} // namespace knell::http
