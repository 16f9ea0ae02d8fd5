// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "fencing/ipmi/protocol.hpp"
#include "fencing/ipmi_device.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// ClusterLabs' FenceAgentAPI, as knell-fence-ipmi speaks it when it is run by hand or
/// by another cluster: options as key=value lines on standard input, exit status
/// 0 done, 1 failed, and for `status` 0 on, 2 off, 1 unknown. All pure.
namespace knell::fencing::ipmi {

/// One option of the agent: what metadata() tells and the command line takes.
struct Option {
    std::string_view key;       ///< on standard input, and --key on the command line
    std::string_view type;      ///< "string", "integer", "second"
    std::string_view otherwise; ///< default; empty: none
    bool required;
    bool secret; ///< refused on the command line
    std::string_view about;
};
[[nodiscard]] std::span<const Option> options() noexcept;

/// By the names of options(); aliases are resolved.
using Settings = std::map<std::string, std::string, std::less<>>;

/// `key=value` lines. Blank lines, comments, unknown keys and lines without '=' are
/// ignored, as the API asks; of a repeated key the last value counts.
[[nodiscard]] Settings settings_from_input(std::string_view text);

struct Arguments {
    Settings settings;
    bool help = false;
    bool version = false;
    bool serve = false;
    bool read_input = false; ///< --stdin, or no arguments at all
};
/// Without argv[0]. Unlike on standard input an unknown option is an error, and
/// so is a secret: everybody can read a command line.
[[nodiscard]] Parsed<Arguments> read_arguments(const std::vector<std::string>& words);

enum class HandAction { off, on, status, monitor, list, metadata, validate_all };

/// What the operator wants done, checked.
struct HandOrder {
    HandAction action;
    IpmiDevice device;
    std::optional<SystemUuid> identity; ///< absent: waived in so many words
    unsigned readings;
    Duration settle;
    Duration poll;
    Duration patience; ///< for all of it
};
/// There is no default action, least of all reboot; reboot is refused.
[[nodiscard]] Parsed<HandAction> action_of(const Settings& settings);
[[nodiscard]] Parsed<HandOrder> order_from(const Settings& settings);

/// The resource-agent XML of `action=metadata`.
[[nodiscard]] std::string metadata();
/// What --help prints.
[[nodiscard]] std::string help();

} // namespace knell::fencing::ipmi
