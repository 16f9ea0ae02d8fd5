// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/chronicle.hpp"
#include "tests/simulation/world/oracle.hpp"

#include <functional>
#include <string>
#include <vector>

namespace knell::scenarios {

/// Writes down what knelld says, and what comes of it in the world: the file `expect`. An oracle
/// without a judgement, so that it is told of everything.
class Transcript final : public sim::Oracle {
public:
    /// `details`: also what knelld says only to explain, and every reading of the power.
    Transcript(const sim::Truth& truth, Instant began, bool details);

    void on_effect(const Effect& effect) override;
    void on_fact(const sim::Fact& fact) override;
    void on_line(const sim::Chronicle::Line& line);

    void write(std::string_view who, const std::string& text);
    [[nodiscard]] bool details() const noexcept { return details_; }

    /// Told of each message id and deed as it comes; `before` it is said or done.
    std::function<void(std::string_view word, const HostId* host)> on_word;

    /// All of it. A beginning in which every host was seen and is ready is one line.
    [[nodiscard]] std::vector<std::string> lines(unsigned hosts) const;

private:
    struct Line {
        Instant at;
        std::string who;
        std::string text;
    };
    void hear(std::string_view word, const HostId* host) const;

    Instant began_;
    bool details_;
    std::vector<Line> lines_;
};

} // namespace knell::scenarios
