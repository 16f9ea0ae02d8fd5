// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.hpp"
#include "cli/config_check.hpp"

#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    knell::cli::Terminal terminal{std::cin, std::cout, std::cerr, ::isatty(STDIN_FILENO) == 1};
    return static_cast<int>(knell::cli::run(arguments, terminal, knell::cli::check_config));
}
