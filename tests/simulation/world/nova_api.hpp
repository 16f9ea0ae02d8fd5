// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/message.hpp"
#include "tests/simulation/world/cloud.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace knell::sim {

/// Keystone and Nova as HTTP shows them: the words of doc and transcripts (Identity API v3,
/// Compute API reference, os-services), over the truth that Cloud holds.
class NovaApi {
public:
    NovaApi(Truth& truth, Cloud& cloud);

    struct Way {
        bool stale = false;       ///< reads show what was true a while ago
        bool forgets = false;     ///< a write is answered well, and lost some time later
        bool cell_hidden = false; ///< the database of the cell cannot be reached
    };
    /// What the server does with it, now. `words`: on what
    /// knelld's writes rest.
    [[nodiscard]] http::Response serve(const http::Request& request, const Way& way,
                                       const Words& words);
    void revoke_tokens() { valid_.clear(); }
    /// Told of every write that Nova got with a good token, and what it answered.
    std::function<void(const std::string& last, const http::Request&, const http::Response&)>
        on_put;

    static constexpr const char* base = "http://cloud";

private:
    [[nodiscard]] http::Response token();
    [[nodiscard]] http::Response list(const std::string& query, unsigned minor, const Way& way);
    [[nodiscard]] http::Response servers(const std::string& query) const;
    [[nodiscard]] http::Response put(const std::string& last, const http::Request& request,
                                     unsigned minor, const Way& way, const Words& words);
    [[nodiscard]] http::Response answer(unsigned status, std::string body);
    [[nodiscard]] http::Response fault(unsigned status, const std::string& message);

    Truth& truth_;
    Cloud& cloud_;
    Dice dice_;
    std::set<std::string> valid_;
    unsigned tokens_ = 0;
    unsigned requests_ = 0;
};

} // namespace knell::sim
