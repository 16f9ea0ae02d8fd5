// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.hpp"

#include "cli/grammar.hpp"

#include <boost/json.hpp>

#include <array>
#include <ostream>

namespace knell::cli {

namespace {

constexpr std::array formats{std::pair{"table", Format::table}, std::pair{"json", Format::json},
                             std::pair{"yaml", Format::yaml}, std::pair{"csv", Format::csv},
                             std::pair{"value", Format::value}};

std::vector<std::string> names_of_formats()
{
    std::vector<std::string> names;
    names.reserve(formats.size());
    for (const auto& [name, format] : formats) {
        names.emplace_back(name);
    }
    return names;
}

} // namespace

Grammar::Grammar(Terminal& terminal, const ConfigCheck& config_check)
    : terminal_{terminal}, config_check_{config_check}
{
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "knellctl " KNELL_VERSION);
    app_.add_option("--socket", given.socket, "The control socket of knelld")
        ->envname("KNELL_SOCKET")
        ->capture_default_str();
    app_.add_option("-f,--format", given.format,
                    "table for people; json or yaml; csv or value for lists")
        ->check(CLI::IsMember(names_of_formats()))
        ->capture_default_str();
    app_.add_option("-c,--column", given.columns, "Of a list, this column; may be repeated")
        ->allow_extra_args(false);
    app_.footer("Ends with 0: done, 1: failed, 2: usage, 3: refused, 4: knelld unreachable.");
    app_.fallthrough();
    add_fleet_verbs(*this);
    add_host_verbs(*this);
    add_plan_verbs(*this);
    add_other_verbs(*this);
}

CLI::App* Grammar::noun(const char* name, const char* help)
{
    auto* added = app_.add_subcommand(name, help);
    added->require_subcommand(1);
    added->fallthrough();
    return added;
}

CLI::App* Grammar::verb(CLI::App* parent, const char* name, const char* help, Action action)
{
    auto* added = (parent == nullptr ? &app_ : parent)->add_subcommand(name, help);
    added->fallthrough();
    added->callback([this, action = std::move(action)] { action_ = action; });
    return added;
}

CLI::App* Grammar::verb_about_host(CLI::App* parent, const char* name, const char* help,
                                   Action action)
{
    auto* added = verb(parent, name, help, std::move(action));
    added->add_option("HOST", given.host, "As Nova's service record names it")->required();
    return added;
}

void Grammar::with_reason(CLI::App* verb)
{
    verb->add_option("--reason", given.reason, "Why, in your words; it is recorded")->required();
}

void Grammar::with_yes(CLI::App* verb)
{
    verb->add_flag("--yes", given.yes, "Do not ask");
}

Target Grammar::target() const
{
    Target target{given.socket, Format::table, given.columns};
    for (const auto& [name, format] : formats) {
        if (given.format == name) {
            target.format = format;
        }
    }
    return target;
}

Exit Grammar::look_at(const char* method, boost::json::object params, const View& view)
{
    return look(target(), terminal_, method, std::move(params), view);
}

Exit Grammar::give(const char* method, boost::json::object params)
{
    return order(target(), terminal_, method, std::move(params));
}

boost::json::object Grammar::host_and_reason() const
{
    return {{"host", given.host}, {"reason", given.reason}};
}

Exit run(const std::vector<std::string>& arguments, Terminal terminal,
         const ConfigCheck& config_check)
{
    Grammar grammar{terminal, config_check};
    // CLI11 takes them from the back.
    std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
    try {
        grammar.app().parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
        const bool asked_for = error.get_exit_code() == 0;
        grammar.app().exit(error, terminal.out, terminal.err);
        return asked_for ? Exit::ok : Exit::usage;
    }
    return grammar.action()();
}

} // namespace knell::cli
