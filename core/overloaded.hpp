// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace knell {

/// For std::visit: one lambda per alternative.
template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};

/// C++20 deduces this by itself; clang 14, whose eyes clang-tidy uses, does not yet.
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

} // namespace knell
