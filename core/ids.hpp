// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"

namespace knell {

/// Hands out numbers that no two questions, and no two episodes, share.
class Ids {
public:
    explicit Ids(EpisodeId last_episode) : episode_{last_episode.get()} {}

    [[nodiscard]] AttemptId next_attempt() { return AttemptId{++attempt_}; }
    [[nodiscard]] EpisodeId next_episode() { return EpisodeId{++episode_}; }

private:
    std::uint64_t attempt_ = 0;
    std::uint64_t episode_;
};

} // namespace knell
