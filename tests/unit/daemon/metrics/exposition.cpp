// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/daemon/metrics/exposition.hpp"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <regex>
#include <sstream>

namespace knell::metrics {

namespace {

const std::regex name_pattern{"[a-zA-Z_:][a-zA-Z0-9_:]*"};
const std::regex comment_pattern{"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)"};

std::optional<double> number_in(const std::string& text)
{
    if (text == "+Inf" || text == "-Inf") {
        return text == "+Inf" ? std::numeric_limits<double>::infinity()
                              : -std::numeric_limits<double>::infinity();
    }
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool whole = !text.empty() && *end == '\0' && !std::isspace(text.front());
    return whole && std::isfinite(value) ? std::optional{value} : std::nullopt;
}

/// name="value",...; a value escapes \ " and newline. Empty where it is none of that.
std::optional<std::vector<std::pair<std::string, std::string>>> labels_in(const std::string& text)
{
    static const std::regex label{R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)")re"};
    std::vector<std::pair<std::string, std::string>> labels;
    auto at = text.cbegin();
    while (at != text.cend()) {
        std::smatch found;
        if (!std::regex_search(at, text.cend(), found, label,
                               std::regex_constants::match_continuous)) {
            return std::nullopt;
        }
        labels.emplace_back(found[1], found[2]);
        at = found[0].second;
        if (at != text.cend() && *at++ != ',') {
            return std::nullopt;
        }
    }
    return labels;
}

} // namespace

Exposition::Exposition(const std::string& text)
{
    if (!text.empty() && text.back() != '\n') {
        fault("the last line has no end");
    }
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        ++number_;
        read(line);
    }
    check_histograms();
}

void Exposition::fault(const std::string& what)
{
    faults_.push_back("line " + std::to_string(number_) + ": " + what);
}

void Exposition::read(const std::string& line)
{
    if (line.empty()) {
        return;
    }
    line.front() == '#' ? read_comment(line) : read_sample(line);
}

void Exposition::read_comment(const std::string& line)
{
    std::smatch found;
    if (!std::regex_match(line, found, comment_pattern)) {
        return fault("neither HELP nor TYPE: " + line);
    }
    const std::string name = found[2];
    if (found[1] == "HELP") {
        if (!helped_.insert(name).second) {
            fault("a second HELP of " + name);
        }
        return;
    }
    static const std::set<std::string> types{"counter", "gauge", "histogram"};
    if (types.count(found[3]) == 0) {
        fault("no such type: " + found[3].str());
    }
    if (!families_.try_emplace(name, Family{found[3], {}}).second) {
        fault("a second TYPE of " + name);
    }
    if (helped_.count(name) == 0) {
        fault(name + " has no HELP before its TYPE");
    }
    open_ = name;
}

void Exposition::read_sample(const std::string& line)
{
    static const std::regex sample{R"(([^{ ]+)(\{(.*)\})? (\S+))"};
    std::smatch found;
    if (!std::regex_match(line, found, sample) || !std::regex_match(found[1].str(), name_pattern)) {
        return fault("no sample: " + line);
    }
    const std::string name = found[1];
    const auto labels = labels_in(found[3]);
    const auto value = number_in(found[4]);
    if (!labels || !value) {
        return fault((labels ? "no number: " : "no labels: ") + line);
    }
    auto& family = families_[open_];
    const auto tail = name.rfind(open_, 0) == 0 ? name.substr(open_.size()) : "?";
    const bool histogram = family.type == "histogram";
    if (histogram ? tail != "_bucket" && tail != "_sum" && tail != "_count" : !tail.empty()) {
        return fault(name + " is not of the family " + open_);
    }
    std::string rest;
    std::optional<double> bound;
    for (const auto& [label, text] : *labels) {
        if (histogram && label == "le") {
            bound = number_in(text);
            continue;
        }
        family.labels.insert(label);
        rest += (rest.empty() ? "" : ",") + label + "=\"" + text + "\"";
    }
    if (tail == "_bucket") {
        if (!bound) {
            return fault("a bucket without its bound: " + line);
        }
        buckets_[open_ + "{" + rest + "}"].emplace_back(*bound, *value);
        return;
    }
    if (family.type == "counter" && *value < 0) {
        fault("a counter below zero: " + line);
    }
    if (!values_.try_emplace(rest.empty() ? name : name + "{" + rest + "}", *value).second) {
        fault("a series twice: " + line);
    }
}

void Exposition::check_histograms()
{
    for (const auto& [series, buckets] : buckets_) {
        for (std::size_t n = 1; n < buckets.size(); ++n) {
            if (buckets[n].first <= buckets[n - 1].first ||
                buckets[n].second < buckets[n - 1].second) {
                faults_.push_back(series + ": its buckets are not cumulative");
            }
        }
        const auto brace = series.find('{');
        const auto labels = series.substr(brace);
        const auto count =
            value(series.substr(0, brace) + "_count" + (labels == "{}" ? "" : labels));
        if (buckets.back().first != std::numeric_limits<double>::infinity() ||
            buckets.back().second != count) {
            faults_.push_back(series + ": the last bucket does not hold everything");
        }
    }
}

std::optional<double> Exposition::value(const std::string& series) const
{
    const auto found = values_.find(series);
    return found == values_.end() ? std::nullopt : std::optional{found->second};
}

} // namespace knell::metrics
