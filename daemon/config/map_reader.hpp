// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"
#include "daemon/config/document.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knell::config {

class Problems;

/// One map of the configuration and the keys that it may have. Complains of unknown keys when
/// made. Each read_... leaves `into` as it was, which is the default, where the key is absent or
/// wrong; what is wrong has then been said.
class MapReader {
public:
    /// `where` goes into the words, e.g. "fencing".
    MapReader(const Value& map, std::string where, std::vector<std::string> keys,
              Problems& problems);

    /// It is a map without unknown keys.
    [[nodiscard]] bool sound() const noexcept { return sound_; }

    /// The entry of a key; null where it is absent, or has no value.
    [[nodiscard]] const Entry* find(std::string_view key) const noexcept;

    /// The place of the first of these keys' values that is given, else of the whole map.
    [[nodiscard]] Place place(std::initializer_list<std::string_view> keys) const noexcept;
    /// The place of one item of a key's list.
    [[nodiscard]] Place item_place(std::string_view key, std::string_view item) const noexcept;
    [[nodiscard]] bool any(std::initializer_list<std::string_view> keys) const noexcept;

    /// Of a key whose value is a map, or the word `none` instead of one. Another word is an
    /// error, which says `example`, and counts as absent.
    enum class Given { absent, none, something };
    [[nodiscard]] Given given(std::string_view key, std::string_view example) const;

    void read_duration(std::string_view key, Duration& into, Duration least, Duration most) const;
    void read_count(std::string_view key, unsigned& into, unsigned least, unsigned most) const;
    /// The same, where one word stands for 0: never, none.
    void read_duration_or(std::string_view word, std::string_view key, Duration& into,
                          Duration least, Duration most) const;
    void read_count_or(std::string_view word, std::string_view key, unsigned& into, unsigned least,
                       unsigned most) const;
    void read_flag(std::string_view key, bool& into) const;
    void read_text(std::string_view key, std::string& into) const;
    void read_texts(std::string_view key, std::vector<std::string>& into) const;
    void read_path(std::string_view key, std::string& into) const;

    template <class Choice>
    void read_choice(std::string_view key, Choice& into,
                     const std::vector<std::pair<std::string, Choice>>& choices) const
    {
        std::vector<std::string> words;
        words.reserve(choices.size());
        for (const auto& choice : choices) {
            words.push_back(choice.first);
        }
        if (const auto index = choose(key, words)) {
            into = choices[*index].second;
        }
    }

    [[nodiscard]] Problems& problems() const noexcept { return problems_; }

private:
    [[nodiscard]] const Value* scalar(std::string_view key, const std::string& expected) const;
    [[nodiscard]] bool says(std::string_view key, std::string_view word) const;
    /// `word`: what else it may be; goes into the remedies.
    void read_duration(std::string_view key, Duration& into, Duration least, Duration most,
                       std::string_view word) const;
    void read_count(std::string_view key, unsigned& into, unsigned least, unsigned most,
                    std::string_view word) const;
    [[nodiscard]] std::optional<std::size_t> choose(std::string_view key,
                                                    const std::vector<std::string>& words) const;

    const Value& map_;
    std::string where_;
    Problems& problems_;
    bool sound_ = true;
};

/// A word that stands for a name. Without quotes, what YAML elsewhere takes for true, false or
/// null is refused, so that a host called `no` is meant and not guessed.
[[nodiscard]] std::optional<std::string> read_name(const Value& value, std::string_view what,
                                                   Problems& problems);

} // namespace knell::config
