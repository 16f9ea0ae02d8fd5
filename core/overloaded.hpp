// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace knell {

/// For std::visit: one lambda per alternative.
template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};

} // namespace knell
