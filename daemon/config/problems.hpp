// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/diagnostic.hpp"
#include "daemon/config/source.hpp"

#include <string>
#include <vector>

namespace knell::config {

struct PlacedNote {
    std::string message;
    Place at;

    friend bool operator==(const PlacedNote&, const PlacedNote&) = default;
};

/// Collects everything that is wrong, so that the operator mends it in one go. The same finding
/// at the same place, as when two hundred hosts share a group, is kept once.
class Problems {
public:
    void error(const Place& at, std::string message, std::string remedy = {},
               std::vector<PlacedNote> notes = {});
    void warning(const Place& at, std::string message, std::string remedy = {},
                 std::vector<PlacedNote> notes = {});

    [[nodiscard]] std::size_t errors() const noexcept { return errors_; }

    /// In the order of files and lines. Of many findings at one place, as a pattern of hosts
    /// brings forth, the first few are shown and the rest counted.
    [[nodiscard]] std::vector<Diagnostic> report(const Sources& sources) const;

private:
    struct Finding {
        Severity severity = Severity::error;
        Place at;
        std::string message;
        std::string remedy;
        std::vector<PlacedNote> notes;
    };
    void add(Finding finding);

    std::vector<Finding> findings_;
    std::size_t errors_ = 0;
};

} // namespace knell::config
