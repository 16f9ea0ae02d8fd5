// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace knell::sim {

/// What happened, in words: the log of one simulated world. Equal worlds have equal fingerprints.
class Chronicle {
public:
    struct Line {
        Instant at;
        std::optional<HostId> host; ///< absent: about nobody in particular
        std::string text;
    };

    /// Every line is also written here, as it comes.
    void tell(std::ostream* out) { out_ = out; }
    /// Called with every line, as it comes.
    std::function<void(const Line&)> on_line;

    void say(Instant at, std::optional<HostId> host, std::string text)
    {
        lines_.push_back({at, std::move(host), std::move(text)});
        const auto written = write(lines_.back());
        for (const char c : written) {
            fingerprint_ = (fingerprint_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        }
        if (out_ != nullptr) {
            *out_ << written << '\n';
        }
        if (on_line) {
            on_line(lines_.back());
        }
    }

    [[nodiscard]] static std::string write(const Line& line)
    {
        char at[32];
        std::snprintf(at, sizeof at, "%10.3f ",
                      std::chrono::duration<double>(line.at.time_since_epoch() - 10h).count());
        return at + (line.host ? line.host->get() + ": " : std::string{}) + line.text;
    }
    /// The last lines about one host and about nobody in particular.
    [[nodiscard]] std::vector<std::string> last(const HostId& host, std::size_t most) const
    {
        std::vector<std::string> found;
        for (auto line = lines_.rbegin(); line != lines_.rend() && found.size() < most; ++line) {
            if (!line->host || *line->host == host) {
                found.insert(found.begin(), write(*line));
            }
        }
        return found;
    }
    [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }
    [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }

private:
    std::vector<Line> lines_;
    std::uint64_t fingerprint_ = 0xcbf29ce484222325ULL;
    std::ostream* out_ = nullptr;
};

} // namespace knell::sim
