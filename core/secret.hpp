// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace knell {

/// A password or key. It cannot be printed or compared by accident, and its
/// memory is wiped when it goes.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_{std::move(value)} {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : value_{std::move(other.value_)} { other.wipe(); }
    Secret& operator=(const Secret& other)
    {
        if (this != &other) {
            wipe();
            value_ = other.value_;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept
    {
        if (this != &other) {
            wipe();
            value_ = std::move(other.value_);
            other.wipe();
        }
        return *this;
    }
    ~Secret() { wipe(); }

    /// The only way out. Do not keep, log or format what it returns.
    [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
    [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

private:
    void wipe() noexcept
    {
        // Through volatile, or the compiler may drop writes to memory that is about to be freed.
        volatile char* byte = value_.data();
        for (std::size_t i = 0; i < value_.capacity(); ++i) {
            byte[i] = 0;
        }
        value_.clear();
    }

    std::string value_;
};

} // namespace knell
