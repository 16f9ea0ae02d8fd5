// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace knell::scenarios {

/// What is wrong with a story, where, and how to mend it.
class Malformed : public std::runtime_error {
public:
    Malformed(unsigned line, const std::string& what, const std::string& remedy)
        : std::runtime_error{"line " + std::to_string(line) + ": " + what + "\n  " + remedy}
    {
    }
};

/// One act and what it waits for.
struct Cue {
    enum class Kind {
        at,         ///< a time of the story's clock
        when,       ///< right after everything that comes with this message or deed
        just_before ///< it is said or done: it is not, if knelld dies by it
    };
    unsigned line = 0;
    Kind kind = Kind::at;
    Duration time{};  ///< at: since the story began; when: how long after
    std::string word; ///< a message id or a deed, see the README
    std::string host; ///< that the word must be about
    std::string act;
};

/// What `world` says of it; each line is explained in the README.
struct Stage {
    unsigned hosts = 3;
    std::map<unsigned, unsigned> racks; ///< of each host by number; empty: nobody names any
    unsigned networks = 1;
    unsigned sentinels = 1; ///< on each network
    Duration boot_takes = std::chrono::seconds{30};
    std::string nova = "2.93";
    Duration tokens_live = std::chrono::hours{1};
    Duration reads_lag = std::chrono::seconds{10};
    Duration jitter = std::chrono::milliseconds{1};
    double loss = 0;
    bool duplicates = false;
    bool details = false;
    std::map<unsigned, std::string> extras; ///< by host: more keys of its entry in knell.yaml
};

/// The file `story` of one scenario.
struct Story {
    std::string title;
    std::string told; ///< the paragraph for people
    Stage stage;
    unsigned yaml_line = 0; ///< where the story's part of knell.yaml begins
    std::string yaml;
    std::vector<Cue> cues;
    Duration until{};
};

/// Throws Malformed. The acts themselves are not looked at.
[[nodiscard]] Story read_story(std::string_view text);

/// "1:30", "01:30.250" or "1:00:00": minutes and seconds, or hours before them.
[[nodiscard]] Duration read_clock(const std::string& text, unsigned line);
/// The same the other way, with thousandths.
[[nodiscard]] std::string write_clock(Duration since);

} // namespace knell::scenarios
