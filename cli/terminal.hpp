// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>

namespace knell::cli {

/// How knellctl ends; the manual promises these numbers to scripts.
enum class Exit {
    ok = 0,
    failed = 1,     ///< the answer was an error, or did not come in time
    usage = 2,      ///< the command line
    refused = 3,    ///< knelld understood and declined, or the operator did not confirm
    unreachable = 4 ///< no knelld to talk to, or no leave to
};

/// Whom knellctl talks with. Borrowed.
struct Terminal {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool interactive = false; ///< somebody is there to answer a question
};

} // namespace knell::cli
