// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

namespace knell {

/// Lets so many in at once, and no more. Must outlive every pass.
class Turnstile {
public:
    struct Leave {
        void operator()(unsigned* inside) const noexcept { --*inside; }
    };
    /// Whoever holds it is inside.
    using Pass = std::unique_ptr<unsigned, Leave>;

    explicit Turnstile(unsigned most) : most_{most} {}
    Turnstile(const Turnstile&) = delete;
    Turnstile& operator=(const Turnstile&) = delete;

    /// Null: it is full.
    [[nodiscard]] Pass enter()
    {
        if (inside_ >= most_) {
            return nullptr;
        }
        ++inside_;
        return Pass{&inside_};
    }

private:
    unsigned most_;
    unsigned inside_ = 0;
};

} // namespace knell
