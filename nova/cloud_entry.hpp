// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/clouds_yaml.hpp"

#include <map>
#include <string>

namespace knell::nova {

/// One setting and where it was written: "FILE:LINE:COLUMN", or the variable's name.
struct Setting {
    Secret text;
    std::string where;
    std::string unfit_for_secrets; ///< why its file is, and the remedy; else empty
};

/// A cloud's settings by openstacksdk's names, those of `auth` among them.
using CloudEntry = std::map<std::string, Setting>;

/// Turns an entry into settings. `origin` says in errors where a missing value
/// should have been; `errors` gets what is wrong.
[[nodiscard]] CloudSettings assemble(CloudEntry entry, std::string origin, std::string home,
                                     CloudErrors& errors);

/// "~" and "~/x" with the home in place of "~".
[[nodiscard]] std::string with_home(const std::string& path, const std::string& home);

} // namespace knell::nova
