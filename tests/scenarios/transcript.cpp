// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/transcript.hpp"

#include "core/overloaded.hpp"
#include "tests/scenarios/story.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

namespace knell::scenarios {

namespace {

constexpr Duration warms_up = std::chrono::seconds{10};

std::string_view word_of(Notice::Weight weight)
{
    static constexpr std::array<std::string_view, 4> words{"DETAIL", "INFO", "WARNING", "ALARM"};
    return words.at(static_cast<std::size_t>(weight));
}

std::string_view deed_of(PowerAction action)
{
    switch (action) {
    case PowerAction::off:
        return "ask-off";
    case PowerAction::on:
        return "ask-on";
    case PowerAction::read:
        return "ask-power";
    case PowerAction::prepare:
        return "ask-session";
    case PowerAction::inspect:
        break;
    }
    return "ask-inspect";
}

} // namespace

Transcript::Transcript(const sim::Truth& truth, Instant began, bool details)
    : Oracle{"this only listens", truth}, began_{began}, details_{details}
{
}

void Transcript::write(std::string_view who, const std::string& text)
{
    lines_.push_back({now(), std::string{who}, text});
}

void Transcript::hear(std::string_view word, const HostId* host) const
{
    if (on_word) {
        on_word(word, host);
    }
}

void Transcript::on_effect(const Effect& effect)
{
    std::visit(
        Overloaded{
            [this](const Notice& notice) {
                hear(notice.id, notice.host ? &*notice.host : nullptr);
                if (notice.weight == Notice::Weight::detail && !details_) {
                    return;
                }
                auto text = std::string{notice.id};
                text += notice.host ? " " + notice.host->get() : "";
                text += notice.episode.get() > 0 ? "#" + std::to_string(notice.episode.get()) : "";
                write(word_of(notice.weight), text + "  " + notice.text);
            },
            [this](const Record& record) {
                hear("record-" + std::string{name_of(record.entry.what)},
                     record.entry.host ? &*record.entry.host : nullptr);
            },
            [this](const Power& power) { hear(deed_of(power.command.action), &power.host); },
            [this](const ForceDown& order) { hear("ask-force-down", &order.certificate.host()); },
            [this](const ClearForcedDown& order) { hear("ask-clear", &order.clearance.host()); },
            [](const auto&) {}},
        effect);
}

void Transcript::on_fact(const sim::Fact& fact)
{
    if (const auto* guest = std::get_if<sim::GuestStarted>(&fact)) {
        auto text = guest->guest + " starts on " + guest->on.get();
        text += guest->off ? ", evacuated from " + guest->off->get() : "";
        for (const auto& other : guest->elsewhere) {
            text += ", AND RUNS ON " + other.get() + " TOO";
        }
        write("guest", text);
    }
    if (const auto* hit = std::get_if<sim::SwitchedOff>(&fact); hit && hit->meant != hit->hit) {
        write("bmc",
              hit->device.get() + " switches off " + hit->hit.get() + ", WHICH WAS NOT MEANT");
    }
}

/// The simulation's own log: of it, what happens in the world and what knelld answers.
void Transcript::on_line(const sim::Chronicle::Line& line)
{
    const auto host = line.host ? line.host->get() + ": " : std::string{};
    if (line.text.starts_with("* ")) {
        write("world", host + line.text.substr(2));
    } else if (line.text.starts_with("knelld: JOURNAL_")) {
        const auto id = line.text.substr(8);
        write(id == "JOURNAL_WRITES" ? "INFO" : "ALARM", id);
        hear(id, nullptr);
    } else if (line.text.starts_with("knelld answers: ")) {
        write("answer", line.text.substr(16));
    } else if (line.text == "knelld starts") {
        write("world", line.text);
    }
}

std::vector<std::string> Transcript::lines(unsigned hosts) const
{
    const auto first = std::find_if(lines_.begin(), lines_.end(), [this](const Line& line) {
        return line.at - began_ >= warms_up;
    });
    std::set<std::string> well;
    bool usual = true;
    for (auto line = lines_.begin(); line != first; ++line) {
        const bool hello = line->who == "INFO" && (line->text.starts_with("HOST_SEEN ") ||
                                                   line->text.starts_with("FENCE_READY "));
        usual = usual && (hello ? well.insert(line->text.substr(0, line->text.find("  "))).second
                                : line->text == "knelld starts");
    }
    usual = usual && well.size() == std::size_t{2} * hosts;
    std::vector<std::string> written;
    const auto put = [&](Instant at, const std::string& who, const std::string& text) {
        std::istringstream parts{text};
        std::string part;
        std::getline(parts, part);
        written.push_back(write_clock(at - began_) + "  " + who +
                          std::string(who.size() < 9 ? 9 - who.size() : 0, ' ') + part);
        while (std::getline(parts, part)) {
            written.push_back(std::string(22, ' ') + part);
        }
    };
    if (usual) {
        put(std::prev(first)->at, "--", "every host has been seen and is ready to be fenced");
    }
    for (auto line = usual ? first : lines_.begin(); line != lines_.end();) {
        const auto other = std::find_if(line, lines_.end(), [&](const Line& one) {
            return one.who != line->who || one.text != line->text;
        });
        const auto count = other - line;
        put(line->at, line->who, line->text);
        if (count > 2) {
            put(std::prev(other)->at, line->who,
                "(the same again, " + std::to_string(count - 1) + " times until now)");
        } else if (count == 2) {
            put(std::next(line)->at, line->who, line->text);
        }
        line = other;
    }
    return written;
}

} // namespace knell::scenarios
