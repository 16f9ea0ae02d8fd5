// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/journal_entry.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace knell {

namespace {

using What = JournalEntry::What;

constexpr std::array<std::pair<What, std::string_view>, 11> words{{
    {What::fencing, "fencing"},
    {What::fenced, "fenced"},
    {What::forcing_down, "forcing_down"},
    {What::forced_down, "forced_down"},
    {What::clearing, "clearing"},
    {What::readmitted, "readmitted"},
    {What::cancelled, "cancelled"},
    {What::disputed, "disputed"},
    {What::ordered, "ordered"},
    {What::armed, "armed"},
    {What::disarmed, "disarmed"},
}};

} // namespace

std::string_view name_of(What what) noexcept
{
    for (const auto& [value, word] : words) {
        if (value == what) {
            return word;
        }
    }
    return {};
}

std::optional<What> journal_word(std::string_view word) noexcept
{
    for (const auto& [value, name] : words) {
        if (name == word) {
            return value;
        }
    }
    return std::nullopt;
}

Recollection fold(std::span<const JournalEntry> entries)
{
    Recollection past;
    for (const auto& entry : entries) {
        past.last_episode = std::max(past.last_episode, entry.episode);
        switch (entry.what) {
        case What::armed:
        case What::disarmed:
            past.mode = entry.what == What::armed ? Mode::armed : Mode::observe;
            past.mode_by = entry.by;
            continue;
        case What::ordered:
            continue;
        default:
            break;
        }
        if (!entry.host) {
            continue;
        }
        if (entry.what == What::readmitted || entry.what == What::cancelled) {
            past.open.erase(*entry.host);
            continue;
        }
        auto& open = past.open[*entry.host];
        if (open.episode != entry.episode) {
            open = {};
        }
        open.episode = entry.episode;
        open.stage = entry.what;
        open.telling = open.telling || entry.what == What::forcing_down;
        if (entry.boot) {
            open.boot = entry.boot;
        }
        if (entry.identity) {
            open.identity = entry.identity;
        }
    }
    return past;
}

} // namespace knell
