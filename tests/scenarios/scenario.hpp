// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace knell::scenarios {

/// A folder with a `story` and an `expect`.
struct Scenario {
    std::filesystem::path folder;

    [[nodiscard]] std::string name() const { return folder.filename(); }
    /// Plays the story. Throws Malformed.
    [[nodiscard]] std::vector<std::string> play() const;
    [[nodiscard]] std::vector<std::string> expected() const;
    void expect(const std::vector<std::string>& lines) const;
};

/// Those below `folder`, in the order of their names.
[[nodiscard]] std::vector<Scenario> scenarios_in(const std::filesystem::path& folder);

/// Empty: it is as expected. Else what to print: the difference or the breach, and the command
/// that shows it again.
[[nodiscard]] std::string complaint(const Scenario& scenario,
                                    const std::vector<std::string>& happened,
                                    const std::vector<std::string>& expected);

} // namespace knell::scenarios
