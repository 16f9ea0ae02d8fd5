// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/leave.hpp"
#include "core/strong.hpp"
#include "core/time.hpp"

namespace knell {

/// What one host goes on with once a Record is durable.
enum class Then { nothing, begin_fencing, confirm, force_down, clear };
struct Waiting {
    AttemptId attempt;
    Then then;
};

/// What one host has asked Nova, and has no answer to yet.
enum class Errand { read, force_down, clear };
struct Asked {
    AttemptId attempt;
    Errand errand;
    Instant at;
    Instant reply_by;
    Leave leave{}; ///< of a write
};

} // namespace knell
