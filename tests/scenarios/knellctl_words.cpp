// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/knellctl_words.hpp"

#include "daemon/config/duration_text.hpp"
#include "tests/scenarios/story.hpp"

#include <array>
#include <sstream>

namespace knell::scenarios {

namespace {

using What = OperatorOrder::What;

struct Command {
    std::string_view words;
    What what;
    bool about_a_host;
};

constexpr std::array<Command, 12> commands{{
    {"host fence", What::fence, true},
    {"host confirm-off", What::confirm_off, true},
    {"host release", What::release, true},
    {"host inspect", What::inspect, true},
    {"plan approve", What::approve, true},
    {"maintenance start", What::begin_maintenance, true},
    {"maintenance end", What::end_maintenance, true},
    {"hold on", What::hold, false},
    {"hold off", What::unhold, false},
    {"arm", What::arm, false},
    {"disarm", What::disarm, false},
    {"readmit", What::readmit, false},
}};

void read_options(std::istringstream& words, OperatorOrder& order, unsigned line)
{
    std::string* text = nullptr;
    for (std::string word; words >> word;) {
        if (word == "--reason") {
            text = &order.reason;
        } else if (word == "--force") {
            order.force = true;
        } else if (word == "--dry-run") {
            order.dry_run = true;
        } else if (word == "--for") {
            std::string lasting;
            words >> lasting;
            order.lasting = config::parse_duration(lasting).value_or(Duration{});
        } else if (text != nullptr) {
            *text += (text->empty() ? "" : " ") + word;
        } else {
            throw Malformed{line, "`" + word + "` is no option of knellctl",
                            "options are --reason TEXT, --force, --dry-run and --for TIME"};
        }
    }
}

} // namespace

OperatorOrder read_knellctl(const std::string& text, unsigned line)
{
    for (const auto& command : commands) {
        if (!text.starts_with(command.words) ||
            (text.size() > command.words.size() && text[command.words.size()] != ' ')) {
            continue;
        }
        OperatorOrder order{OrderId{0}, command.what, std::nullopt, "alice", ""};
        std::istringstream words{text.substr(command.words.size())};
        while (command.about_a_host && words >> std::ws && words.peek() == 'c') {
            std::string host;
            words >> host;
            order.hosts.emplace_back(host);
        }
        if (command.about_a_host && order.hosts.empty()) {
            throw Malformed{line, "`" + text + "` names no host", "name one: compute1"};
        }
        if (command.about_a_host && command.what != What::approve) {
            order.host = order.hosts.front();
            order.hosts.clear();
        }
        read_options(words, order, line);
        return order;
    }
    throw Malformed{line, "`" + text + "` is no order that knelld gets from knellctl",
                    "see knellctl(8); for a new knell.yaml there is `knell.yaml: TEXT`"};
}

} // namespace knell::scenarios
