// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/journal_entry.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace knell {

namespace {

using What = JournalEntry::What;

constexpr std::array<std::pair<What, std::string_view>, 18> words{{
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
    {What::held, "held"},
    {What::unheld, "unheld"},
    {What::maintenance, "maintenance"},
    {What::maintenance_ended, "maintenance_ended"},
    {What::refused, "refused"},
    {What::unrefused, "unrefused"},
    {What::told, "told"},
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
        case What::held:
            past.hold = "by " + entry.by + ": " + entry.detail;
            continue;
        case What::unheld:
            past.hold.clear();
            continue;
        case What::maintenance:
            if (entry.host) {
                past.planned.insert_or_assign(
                    *entry.host,
                    Recollection::Planned{entry.by, entry.detail, entry.lasting - entry.age});
            }
            continue;
        case What::maintenance_ended:
            if (entry.host) {
                past.planned.erase(*entry.host);
            }
            continue;
        case What::refused:
            if (entry.host) {
                past.refused[*entry.host].insert_or_assign(
                    DeviceId{entry.by}, Recollection::Refusal{LoginMark{entry.detail}, entry.age});
            }
            continue;
        case What::unrefused:
            if (entry.host) {
                past.refused[*entry.host].erase(DeviceId{entry.by});
            }
            continue;
        case What::ordered:
        case What::told:
            continue;
        default:
            break;
        }
        if (!entry.host) {
            continue;
        }
        if (entry.what == What::readmitted) {
            past.readmitted[*entry.host].push_back(entry.age);
        }
        if (entry.what == What::fencing && entry.by == "knelld") {
            past.fenced.push_back({*entry.host, entry.episode, entry.age});
        }
        if (const auto open = past.open.find(*entry.host);
            open != past.open.end() && entry.episode < open->second.episode) {
            continue; // late, over a full disk: it was over before the open one began
        }
        if (entry.what == What::readmitted || entry.what == What::cancelled) {
            past.open.erase(*entry.host);
            continue;
        }
        past.planned.erase(*entry.host); // it was fenced out of its maintenance, on an order
        auto& open = past.open[*entry.host];
        if (open.episode != entry.episode) {
            open = {};
        }
        open.episode = entry.episode;
        open.stage = entry.what;
        open.released_by =
            entry.what == What::clearing && entry.by != "knelld" ? entry.by : std::string{};
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
