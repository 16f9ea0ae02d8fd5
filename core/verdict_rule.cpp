// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/verdict_rule.hpp"

#include <algorithm>

namespace knell {

namespace {

using Cell = VerdictRule::Cell;
using Kind = VerdictRule::Kind;

/// Networks of one host whose combinations are written out one by one; more would be no table.
constexpr std::size_t most_written_out = 4;

bool fits(Cell cell, NetworkSight sight)
{
    switch (cell) {
    case Cell::any:
        return true;
    case Cell::silent:
        return sight == NetworkSight::silent;
    case Cell::up:
        return sight == NetworkSight::up;
    }
    return false;
}

Cell cell_of(const VerdictRule::Row& row, const NetworkId& network)
{
    const auto found = row.cells.find(network);
    return found == row.cells.end() ? Cell::any : found->second;
}

bool fits(const VerdictRule::Row& row, const NetworkSights& sights)
{
    return std::all_of(sights.begin(), sights.end(),
                       [&](const auto& one) { return fits(cell_of(row, one.first), one.second); });
}

const VerdictRule::Row* deciding(const VerdictRule& rule, const NetworkSights& sights)
{
    const auto found = std::find_if(rule.rows.begin(), rule.rows.end(),
                                    [&](const auto& row) { return fits(row, sights); });
    return found == rule.rows.end() ? nullptr : &*found;
}

std::vector<NetworkId> silent_ones(const NetworkSights& sights)
{
    std::vector<NetworkId> silent;
    for (const auto& [network, sight] : sights) {
        if (sight == NetworkSight::silent) {
            silent.push_back(network);
        }
    }
    return silent;
}

std::string_view word_for(NetworkSight sight)
{
    switch (sight) {
    case NetworkSight::unheard:
        return "unheard";
    case NetworkSight::unclear:
        return "unclear";
    case NetworkSight::silent:
        return "silent";
    case NetworkSight::up:
        return "up";
    }
    return {};
}

std::string_view word_for(Cell cell)
{
    return cell == Cell::any ? "any" : cell == Cell::silent ? "silent" : "up";
}

const char* outcome(bool dead)
{
    return dead ? "dead" : "alive";
}

std::string words_of(const VerdictRule& rule, std::size_t networks)
{
    std::string text;
    switch (rule.kind) {
    case Kind::all_silent:
        text = networks > 1 ? "dead when every network is silent" : "dead when silent";
        break;
    case Kind::at_least:
        text = "dead when " + std::to_string(rule.count) + " of " + std::to_string(networks) +
               " networks are silent";
        break;
    case Kind::matrix:
        text = "the first line that fits decides";
        break;
    }
    for (const auto& veto : rule.vetoes) {
        text += (&veto == &rule.vetoes.front() ? ", unless " : " or ") + veto.get();
    }
    return text + (rule.vetoes.empty() ? "" : " beats");
}

/// Every combination of silent and up, the one with most silence first.
void write_out(const VerdictRule& rule, const NetworkSights& sights, RuleView& view)
{
    const auto networks = sights.size();
    for (std::size_t up = 0; up < (std::size_t{1} << networks); ++up) {
        NetworkSights imagined;
        RuleView::Line line;
        std::size_t position = 0;
        for (const auto& [network, sight] : sights) {
            const bool beats = ((up >> (networks - 1 - position++)) & 1U) != 0;
            imagined[network] = beats ? NetworkSight::up : NetworkSight::silent;
            line.cells.emplace_back(beats ? "up" : "silent");
        }
        line.outcome = outcome(convicting(rule, imagined).has_value());
        line.fits = imagined == sights;
        view.lines.push_back(std::move(line));
    }
}

} // namespace

std::optional<std::vector<NetworkId>> convicting(const VerdictRule& rule,
                                                 const NetworkSights& sights)
{
    auto silent = silent_ones(sights);
    switch (rule.kind) {
    case Kind::all_silent: {
        const bool all = std::all_of(sights.begin(), sights.end(), [](const auto& one) {
            return one.second == NetworkSight::silent || one.second == NetworkSight::unheard;
        });
        return all && !silent.empty() ? std::optional{std::move(silent)} : std::nullopt;
    }
    case Kind::at_least:
        return rule.count > 0 && silent.size() >= rule.count ? std::optional{std::move(silent)}
                                                             : std::nullopt;
    case Kind::matrix: {
        const auto* row = deciding(rule, sights);
        if (row == nullptr || !row->dead) {
            return std::nullopt;
        }
        std::vector<NetworkId> named;
        std::copy_if(silent.begin(), silent.end(), std::back_inserter(named),
                     [&](const auto& network) { return cell_of(*row, network) == Cell::silent; });
        return named.empty() ? std::nullopt : std::optional{std::move(named)};
    }
    }
    return std::nullopt;
}

RuleView table_of(const VerdictRule& rule, const NetworkSights& sights, const std::string& veto)
{
    RuleView view;
    view.text = words_of(rule, sights.size());
    for (const auto& [network, sight] : sights) {
        view.networks.push_back(network);
        view.now.cells.push_back(word_for(sight));
    }
    const bool dead = convicting(rule, sights).has_value();
    view.now.outcome = dead && !veto.empty() ? "alive: " + veto + " beats" : outcome(dead);
    if (rule.kind != Kind::matrix) {
        if (sights.size() <= most_written_out) {
            write_out(rule, sights, view);
        }
        return view;
    }
    const auto* decides = deciding(rule, sights);
    for (const auto& row : rule.rows) {
        RuleView::Line line;
        for (const auto& network : view.networks) {
            line.cells.push_back(word_for(cell_of(row, network)));
        }
        line.outcome = outcome(row.dead);
        line.fits = &row == decides;
        view.lines.push_back(std::move(line));
    }
    RuleView::Line otherwise;
    otherwise.cells.assign(view.networks.size(), "any");
    otherwise.outcome = outcome(false);
    otherwise.fits = decides == nullptr;
    view.lines.push_back(std::move(otherwise));
    return view;
}

} // namespace knell
