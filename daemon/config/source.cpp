// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/source.hpp"

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

namespace knell::config {
namespace {

constexpr std::string_view blot = "(hidden)";

bool is_key_letter(char c) noexcept
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

std::string_view trimmed_left(std::string_view text) noexcept
{
    const auto start = text.find_first_not_of(" \t");
    return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

/// The sources of a secret are no secret themselves: {file: ...}, {credential: ...}, {env: ...}.
bool names_a_source(std::string_view value) noexcept
{
    if (value.empty() || value.front() != '{') {
        return false;
    }
    value = trimmed_left(value.substr(1));
    return value.starts_with('}') || value.starts_with("file:") ||
           value.starts_with("credential:") || value.starts_with("env:");
}

/// Where in this line a literal secret begins, or npos. Works on lines that are not even YAML.
std::size_t secret_in(std::string_view line)
{
    for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
         colon = line.find(':', colon + 1)) {
        std::size_t end = colon;
        while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '"' || line[end - 1] == '\'')) {
            --end;
        }
        std::size_t start = end;
        while (start > 0 && is_key_letter(line[start - 1])) {
            --start;
        }
        const std::string_view value = trimmed_left(line.substr(colon + 1));
        if (value.empty() || value.front() == '#' ||
            !sounds_secret(line.substr(start, end - start)) || names_a_source(value)) {
            continue;
        }
        return line.size() - value.size();
    }
    return std::string_view::npos;
}

/// A key alone on its line: the value follows on the next.
bool secret_follows(std::string_view line)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !sounds_secret(line.substr(0, colon))) {
        return false;
    }
    const std::string_view rest = trimmed_left(line.substr(colon + 1));
    return rest.empty() || rest.front() == '|' || rest.front() == '>' || rest.front() == '#';
}

bool looks_like_source_line(std::string_view line)
{
    line = trimmed_left(line);
    return names_a_source(line) || line.starts_with("file:") || line.starts_with("credential:") ||
           line.starts_with("env:");
}

} // namespace

std::size_t character_length(std::string_view text, std::size_t at) noexcept
{
    namespace utf = boost::nowide::utf;
    const auto* const begin = text.data() + at;
    const auto* end = begin;
    const auto point = utf::utf_traits<char>::decode(end, text.data() + text.size());
    const bool none = point == utf::illegal || point == utf::incomplete;
    return none ? 0 : static_cast<std::size_t>(end - begin);
}

std::string printable(std::string_view line)
{
    std::string out;
    for (std::size_t i = 0; i < line.size();) {
        const std::size_t length = character_length(line, i);
        const auto c = static_cast<unsigned char>(line[i]);
        const bool c1 = length == 2 && c == 0xC2 && static_cast<unsigned char>(line[i + 1]) < 0xA0;
        if (line[i] == '\t') {
            out += ' ';
        } else if (length == 0 || c < 0x20 || c == 0x7F || c1) {
            out.append(std::max<std::size_t>(length, 1), '?');
        } else {
            out += line.substr(i, length);
        }
        i += std::max<std::size_t>(length, 1);
    }
    return out;
}

bool sounds_secret(std::string_view key)
{
    std::string lower;
    std::transform(key.begin(), key.end(), std::back_inserter(lower), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    static constexpr std::array<std::string_view, 8> hints{"pass", "pasw", "pwd",   "secret",
                                                           "key",  "k_g",  "token", "psw"};
    return std::any_of(hints.begin(), hints.end(), [&lower](std::string_view hint) {
        return lower.find(hint) != std::string::npos;
    });
}

std::size_t Sources::add(std::string path, std::string_view text)
{
    File file{std::move(path), {}, {}};
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        file.lines.emplace_back(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    files_.push_back(std::move(file));
    return files_.size() - 1;
}

std::string Sources::folder(std::size_t file) const
{
    return std::filesystem::path{path(file)}.parent_path().string();
}

std::string_view Sources::line(const Place& place) const noexcept
{
    const auto& lines = files_[place.file].lines;
    return place.line == 0 || place.line > lines.size() ? std::string_view{}
                                                        : lines[place.line - 1];
}

void Sources::hide(const Place& place)
{
    files_.at(place.file).hidden.emplace(place.line, place.column);
}

Excerpt Sources::excerpt(const Place& place) const
{
    const File& file = files_.at(place.file);
    Excerpt out{file.path, place.line, place.column, place.length, {}};
    if (place.line == 0 || place.line > file.lines.size()) {
        return out;
    }
    const std::string& line = file.lines[place.line - 1];
    std::size_t visible = secret_in(line);
    if (place.line > 1 && secret_follows(file.lines[place.line - 2]) &&
        !looks_like_source_line(line)) {
        visible = std::min(visible, line.find_first_not_of(" \t"));
    }
    for (const auto& [hidden_line, column] : file.hidden) {
        if (hidden_line == place.line) {
            visible = std::min<std::size_t>(visible, column - 1);
        }
    }
    out.text = printable(std::string_view{line}.substr(0, std::min(visible, line.size())));
    if (visible < line.size()) {
        out.text += blot;
    }
    return out;
}

} // namespace knell::config
