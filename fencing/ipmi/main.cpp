// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/by_hand.hpp"
#include "fencing/ipmi/hardening.hpp"
#include "fencing/ipmi/serve.hpp"

#include <cstdio>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace knell::fencing::ipmi;

constexpr std::size_t longest_input = 64UL * 1024;

std::string all_of_standard_input()
{
    std::string text;
    text.reserve(longest_input);
    char bytes[4096];
    while (text.size() < longest_input) {
        const auto size = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (size <= 0) {
            break;
        }
        text.append(bytes, static_cast<std::size_t>(size));
    }
    return text;
}

int by_hand(const Arguments& arguments)
{
    Settings settings = arguments.settings;
    if (arguments.read_input) {
        // What stands on the command line counts more.
        settings.merge(settings_from_input(all_of_standard_input()));
    }
    return run_by_hand(std::move(settings));
}

} // namespace

int main(int argc, char** argv)
{
    keep_to_oneself();
    const auto arguments = read_arguments({argv + 1, argv + argc});
    if (!arguments) {
        std::fprintf(stderr, "knell-fence-ipmi: %s\n", arguments.error().text.c_str());
        return 1;
    }
    if (arguments->help) {
        std::fputs(help().c_str(), stdout);
        return 0;
    }
    if (arguments->version) {
        std::puts("knell-fence-ipmi " KNELL_VERSION);
        return 0;
    }
    // Not through exit(): a leak checker at exit cannot look at a process that keeps to itself.
    std::fflush(nullptr);
    const int status = arguments->serve ? serve() : by_hand(*arguments);
    std::fflush(nullptr);
    ::_exit(status);
}
