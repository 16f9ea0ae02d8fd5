// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace knell::fencing {

/// Cuts a stream of bytes into lines of at most `longest` bytes, and wipes what
/// it has handed out: a line may carry a password.
class Lines {
public:
    static constexpr std::size_t longest = 1024; ///< without the line feed

    Lines() = default;
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines() { wipe(0, bytes_.size()); }

    /// Where the next bytes of the stream go. Empty: the line is too long, and
    /// the stream is not worth reading on.
    [[nodiscard]] char* room() noexcept { return bytes_.data() + filled_; }
    [[nodiscard]] std::size_t room_size() const noexcept { return bytes_.size() - filled_; }
    void filled(std::size_t more) noexcept { filled_ += more; }

    /// The next whole line without its line feed; valid until the next call.
    [[nodiscard]] std::optional<std::string_view> next() noexcept
    {
        std::memmove(bytes_.data(), bytes_.data() + taken_, filled_ - taken_);
        wipe(filled_ - taken_, filled_);
        filled_ -= taken_;
        taken_ = 0;
        const std::string_view text{bytes_.data(), filled_};
        const auto end = text.find('\n');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        taken_ = end + 1;
        return text.substr(0, end);
    }

private:
    void wipe(std::size_t from, std::size_t to) noexcept
    {
        volatile char* bytes = bytes_.data();
        for (; from < to; ++from) {
            bytes[from] = 0;
        }
    }

    std::array<char, longest + 1> bytes_{};
    std::size_t filled_ = 0;
    std::size_t taken_ = 0; ///< of the line handed out last, with its line feed
};

} // namespace knell::fencing
