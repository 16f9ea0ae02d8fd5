// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/map_reader.hpp"

#include "daemon/config/duration_text.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace knell::config {
namespace {

std::string quoted(std::string_view text)
{
    return "`" + std::string{text} + "`";
}

/// YAML 1.1 takes these, in any case of letters, for truth values or null.
bool is_guessed_by_yaml(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static constexpr std::array<std::string_view, 10> words{"y",  "n",   "yes",  "no",    "true",
                                                            "on", "off", "null", "false", "~"};
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_digits(std::string_view text) noexcept
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string or_else(std::string_view word)
{
    return word.empty() ? std::string{} : ", or " + std::string{word};
}

} // namespace

MapReader::MapReader(const Value& map, std::string where, std::vector<std::string> keys,
                     Problems& problems)
    : map_{map}, where_{std::move(where)}, problems_{problems}
{
    if (map.kind != Value::Kind::map) {
        sound_ = map.kind == Value::Kind::null;
        if (!sound_) {
            problems.error(map.place, quoted(where_) + " must be a map, not " + described(map),
                           "write `key: value` lines below it");
        }
        return;
    }
    for (const Entry& entry : map.entries) {
        if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) {
            sound_ = false;
            problems.error(entry.place, "unknown key " + quoted(entry.key) + " in " + where_,
                           suggestion(entry.key, keys));
        }
    }
}

const Entry* MapReader::find(std::string_view key) const noexcept
{
    const Entry* entry = map_.find(key);
    return entry == nullptr || entry->value.kind == Value::Kind::null ? nullptr : entry;
}

Place MapReader::place(std::initializer_list<std::string_view> keys) const noexcept
{
    for (const std::string_view key : keys) {
        if (const Entry* entry = find(key)) {
            return entry->value.place;
        }
    }
    return map_.place;
}

Place MapReader::item_place(std::string_view key, std::string_view item) const noexcept
{
    if (const Entry* entry = find(key)) {
        for (const Value& each : entry->value.items) {
            if (each.text == item) {
                return each.place;
            }
        }
    }
    return place({key});
}

bool MapReader::any(std::initializer_list<std::string_view> keys) const noexcept
{
    return std::any_of(keys.begin(), keys.end(),
                       [this](std::string_view key) { return find(key) != nullptr; });
}

MapReader::Given MapReader::given(std::string_view key, std::string_view example) const
{
    const Entry* entry = find(key);
    if (entry == nullptr) {
        return Given::absent;
    }
    if (says(key, "none")) {
        return Given::none;
    }
    if (entry->value.kind != Value::Kind::scalar) {
        return Given::something;
    }
    problems_.error(entry->value.place,
                    quoted(key) + " must be a map or `none`, not " + described(entry->value),
                    "write " + std::string{example} + ", or none");
    return Given::absent;
}

const Value* MapReader::scalar(std::string_view key, const std::string& expected) const
{
    const Entry* entry = find(key);
    if (entry == nullptr) {
        return nullptr;
    }
    if (entry->value.kind != Value::Kind::scalar) {
        problems_.error(entry->value.place,
                        quoted(key) + " must be " + expected + ", not " + described(entry->value));
        return nullptr;
    }
    return &entry->value;
}

bool MapReader::says(std::string_view key, std::string_view word) const
{
    const Entry* entry = find(key);
    return entry != nullptr && entry->value.kind == Value::Kind::scalar &&
           entry->value.text == word;
}

void MapReader::read_duration(std::string_view key, Duration& into, Duration least,
                              Duration most) const
{
    read_duration(key, into, least, most, {});
}

void MapReader::read_duration_or(std::string_view word, std::string_view key, Duration& into,
                                 Duration least, Duration most) const
{
    if (says(key, word)) {
        into = 0s;
    } else {
        read_duration(key, into, least, most, word);
    }
}

void MapReader::read_duration(std::string_view key, Duration& into, Duration least, Duration most,
                              std::string_view word) const
{
    const std::string or_word = or_else(word);
    const Value* value = scalar(key, "a duration such as 500ms" + or_word);
    if (value == nullptr) {
        return;
    }
    const auto duration = parse_duration(value->text);
    if (!duration) {
        const bool bare = all_digits(value->text);
        problems_.error(value->place,
                        bare ? quoted(key) + " has no unit"
                             : quoted(key) + " is " + described(*value) + ", which is no duration",
                        bare && value->text.size() < 10
                            ? "write " + value->text + "ms, " + value->text + "s or " +
                                  value->text + "m" + or_word
                            : "a whole number and us, ms, s, m, h or d: 200ms, 5s, 10m" + or_word);
        return;
    }
    if (*duration < least || *duration > most) {
        problems_.error(value->place, quoted(key) + " is " + described(*value) + ", out of range",
                        "from " + to_text(least) + " to " + to_text(most) + or_word);
        return;
    }
    into = *duration;
}

void MapReader::read_count(std::string_view key, unsigned& into, unsigned least,
                           unsigned most) const
{
    read_count(key, into, least, most, {});
}

void MapReader::read_count_or(std::string_view word, std::string_view key, unsigned& into,
                              unsigned least, unsigned most) const
{
    if (says(key, word)) {
        into = 0;
    } else {
        read_count(key, into, least, most, word);
    }
}

void MapReader::read_count(std::string_view key, unsigned& into, unsigned least, unsigned most,
                           std::string_view word) const
{
    const std::string or_word = or_else(word);
    const Value* value = scalar(key, "a whole number" + or_word);
    if (value == nullptr) {
        return;
    }
    unsigned number = 0;
    const std::string& text = value->text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    const std::string range =
        "from " + std::to_string(least) + " to " + std::to_string(most) + or_word;
    if (!all_digits(text) || leading_zero) {
        problems_.error(value->place,
                        quoted(key) + " is " + described(*value) + ", which is no whole number",
                        range);
        return;
    }
    if (error != std::errc{} || end != text.data() + text.size() || number < least ||
        number > most) {
        problems_.error(value->place, quoted(key) + " is " + described(*value) + ", out of range",
                        range);
        return;
    }
    into = number;
}

void MapReader::read_flag(std::string_view key, bool& into) const
{
    const Value* value = scalar(key, "true or false");
    if (value == nullptr) {
        return;
    }
    if (value->text != "true" && value->text != "false") {
        problems_.error(value->place,
                        quoted(key) + " is " + described(*value) + ", neither true nor false",
                        "write true or false");
        return;
    }
    into = value->text == "true";
}

void MapReader::read_text(std::string_view key, std::string& into) const
{
    if (const Value* value = scalar(key, "text")) {
        if (const auto name = read_name(*value, key, problems_)) {
            into = *name;
        }
    }
}

void MapReader::read_texts(std::string_view key, std::vector<std::string>& into) const
{
    const Entry* entry = find(key);
    if (entry == nullptr) {
        return;
    }
    if (entry->value.kind != Value::Kind::list) {
        problems_.error(entry->value.place,
                        quoted(key) + " must be a list, not " + described(entry->value),
                        "write [one, two], or [one] for a single one");
        return;
    }
    into.clear();
    for (const Value& item : entry->value.items) {
        const auto name = read_name(item, key, problems_);
        if (name && std::find(into.begin(), into.end(), *name) != into.end()) {
            problems_.error(item.place, quoted(*name) + " is listed twice", "remove one");
        } else if (name) {
            into.push_back(*name);
        }
    }
}

void MapReader::read_path(std::string_view key, std::string& into) const
{
    const Value* value = scalar(key, "a path");
    if (value == nullptr) {
        return;
    }
    if (!value->text.starts_with('/') || value->text.find('\0') != std::string::npos) {
        problems_.error(value->place,
                        quoted(key) + " is " + described(*value) + ", not an absolute path",
                        "begin it with /");
        return;
    }
    into = value->text;
}

std::optional<std::size_t> MapReader::choose(std::string_view key,
                                             const std::vector<std::string>& words) const
{
    const Value* value = scalar(key, "a word");
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto found = std::find(words.begin(), words.end(), value->text);
    if (found == words.end()) {
        std::string known;
        for (const std::string& word : words) {
            known += (known.empty() ? "" : " or ") + word;
        }
        const auto near = nearest(value->text, words);
        problems_.error(value->place, quoted(key) + " cannot be " + described(*value),
                        near ? "did you mean `" + *near + "`?" : "write " + known);
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - words.begin());
}

std::optional<std::string> read_name(const Value& value, std::string_view what, Problems& problems)
{
    if (value.kind != Value::Kind::scalar) {
        problems.error(value.place, quoted(what) + " must be text, not " + described(value));
        return std::nullopt;
    }
    if (value.text.empty()) {
        problems.error(value.place, quoted(what) + " is empty", "write it out");
        return std::nullopt;
    }
    if (value.plain && is_guessed_by_yaml(value.text)) {
        problems.error(value.place,
                       quoted(what) + " is " + described(value) +
                           ", which YAML takes for a truth value",
                       "write it in quotes if it is really a name: \"" + value.text + "\"");
        return std::nullopt;
    }
    const bool odd = std::any_of(value.text.begin(), value.text.end(),
                                 [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (odd) {
        problems.error(value.place, quoted(what) + " contains control characters", "remove them");
        return std::nullopt;
    }
    return value.text;
}

} // namespace knell::config
