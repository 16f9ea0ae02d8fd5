// SPDX-License-Identifier: GPL-3.0-or-later
// What another cluster says to knell-fence-ipmi: key=value lines on standard input. A second part,
// behind a line of "--", is the command line, a word a line.
#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/fence_agent_api.hpp"
#include "fencing/ipmi/identity.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <algorithm>

namespace knell::fencing::ipmi {
namespace {

using fuzz::require;

using fuzz::canary;

bool quotes_no_secret(const Complaint& complaint)
{
    return !complaint.text.empty() && complaint.text.find(canary) == std::string::npos;
}

void the_command_line(std::string_view text)
{
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = text.find('\n');
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    const auto arguments = read_arguments(words);
    if (!arguments) {
        require(!arguments.error().text.empty(), "a complaint has words");
        return;
    }
    require(!arguments->settings.contains("password") &&
                !arguments->settings.contains("hexadecimal_kg"),
            "no secret comes from the command line");
}

void an_order(const Settings& settings)
{
    const auto action = action_of(settings);
    const auto order = order_from(settings);
    require(!order || (action && order->action == *action), "both read the same action");
    if (!order) {
        require(quotes_no_secret(order.error()), "no complaint tells a secret");
        return;
    }
    require(!complaint_about(order->device), "what is accepted could be used");
    require(order->readings >= 2 && order->settle >= 500ms && order->patience > order->settle,
            "nobody can ask for less than a proof");
    const auto identity = settings.find("identity");
    require(order->identity || (identity != settings.end() && identity->second == "unchecked"),
            "the identity is waived in so many words");
    require(!order->identity || !blank(*uuid_bytes(order->identity->get())),
            "nobody's identity is nobody's");
}

} // namespace

KNELL_FUZZ_TARGET(fence_agent_api)
{
    const auto text = fuzz::text_of(bytes);
    constexpr std::string_view between = "\n--\n";
    const auto cut = text.find(between);
    if (cut != std::string_view::npos) {
        the_command_line(text.substr(cut + between.size()));
    }
    // A password of their own comes later, and counts.
    const bool told = text.find(canary) != std::string_view::npos;
    const auto settings = settings_from_input(
        (told ? "" : "password=" + std::string{canary} + "\n") + std::string{text.substr(0, cut)});
    for (const auto& [key, value] : settings) {
        require(std::any_of(options().begin(), options().end(),
                            [&key = key](const Option& option) { return option.key == key; }),
                "what is unknown is left out");
        require(value.find('\n') == std::string::npos, "a value is on one line");
    }
    if (!told) {
        an_order(settings);
    }
}

} // namespace knell::fencing::ipmi
