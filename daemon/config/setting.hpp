// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/time.hpp"

#include <string>
#include <utility>
#include <vector>

namespace knell::config {

struct Config;

/// A configuration as it came out, as a tree of names and values: to be shown to people, and to
/// be compared with another. Lives no longer than its Config.
struct Setting {
    enum class Shape {
        text,
        list,   ///< of values without names, compared as a whole
        map,    ///< of settings
        members ///< of maps that have names of their own: hosts, fence devices
    };
    Shape shape = Shape::text;
    std::string name;
    std::string text;
    std::vector<Setting> parts;
    const Secret* secret = nullptr; ///< what `text`, "(set)", stands for
    bool on_one_line = false;       ///< of a map: written as {key: value}

    [[nodiscard]] const Setting* find(const std::string& key) const noexcept;
};

[[nodiscard]] Setting text_setting(std::string name, std::string text);
[[nodiscard]] Setting text_setting(std::string name, Duration duration);
[[nodiscard]] Setting secret_setting(std::string name, const Secret* secret);
[[nodiscard]] Setting list_setting(std::string name, const std::vector<std::string>& items);
[[nodiscard]] Setting map_setting(std::string name, std::vector<Setting> parts);
[[nodiscard]] Setting line_setting(std::string name, std::vector<Setting> parts);
[[nodiscard]] Setting members_setting(std::string name, std::vector<Setting> members);

/// The value on one line: 2s, [a, b], {mgmt: silent, then: dead}.
[[nodiscard]] std::string value_text(const Setting& setting);

/// Every setting under the name that it has in knell.yaml, with patterns and defaults filled in
/// and every host with its own numbers.
[[nodiscard]] Setting settings_of(const Config& config);

} // namespace knell::config
