// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace knell::http {

/// What a server under test got.
struct Seen {
    std::string method;
    std::string target;
    std::string head; ///< request line and headers as they came
    std::string body;
    unsigned connection = 0; ///< counted from 1

    [[nodiscard]] std::string header(const std::string& name) const; ///< empty if absent
};

/// What it does then.
struct Behaviour {
    enum class Then { keep, close, reset, hang };

    std::string bytes;
    Then then = Then::keep;
    Duration before = Duration::zero();  ///< waits so long before the first byte
    Duration between = Duration::zero(); ///< if not zero: byte by byte, so far apart
};

[[nodiscard]] Behaviour answer(unsigned status, const std::string& body,
                               const std::string& headers = {});

/// An HTTP/1.1 server on loopback, on the test's own loop, that does to each
/// request what the script says: also what no decent server would.
class ScriptedServer {
public:
    using Script = std::function<Behaviour(const Seen&)>;

    ScriptedServer(boost::asio::io_context& loop, Script script);
    ScriptedServer(boost::asio::io_context& loop, Script script, boost::asio::ssl::context& tls);

    [[nodiscard]] std::string url(const std::string& path = "/") const;
    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
    [[nodiscard]] unsigned connections() const { return connections_; }
    void stop_listening() { acceptor_.close(); }

private:
    boost::asio::awaitable<void> listen();
    template <class Stream>
    boost::asio::awaitable<void> serve(Stream stream, unsigned connection);
    template <class Stream>
    boost::asio::awaitable<bool> answer_with(Stream& stream, Behaviour behaviour);

    boost::asio::io_context& loop_;
    Script script_;
    boost::asio::ssl::context* tls_ = nullptr;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<Seen> seen_;
    unsigned connections_ = 0;
};

} // namespace knell::http
