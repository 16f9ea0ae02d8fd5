// SPDX-License-Identifier: GPL-3.0-or-later
// Verbs that need no knelld.
#include "cli/completion.hpp"
#include "cli/grammar.hpp"

#include <ostream>

namespace knell::cli {

namespace {

void add_servers(Grammar& grammar)
{
    auto& query = grammar.given.servers;
    auto* list = grammar.verb(grammar.noun("server", "Nova's servers, asked of Nova itself"),
                              "list", "What the owners of servers see of their hosts", [&] {
                                  const auto target = grammar.target();
                                  query.format = target.format;
                                  query.columns = target.columns;
                                  return list_servers(query, grammar.terminal());
                              });
    list->add_option("--host", query.host, "Only those on this host");
    list->add_option("--os-cloud", query.os_cloud, "With the eyes of this entry of clouds.yaml");
    list->add_option("--config", query.file, "Whose `nova:` section says which cloud")
        ->capture_default_str();
}

} // namespace

void add_other_verbs(Grammar& grammar)
{
    auto& given = grammar.given;
    add_servers(grammar);
    grammar
        .verb(grammar.noun("config", "The configuration"), "check",
              "Say what is wrong with it, as knelld --check does",
              [&] { return grammar.config_check()(given.file, grammar.terminal()); })
        ->add_option("FILE", given.file, "The configuration")
        ->capture_default_str();
    grammar
        .verb(nullptr, "completion", "Print what completes knellctl's words in a shell",
              [&] {
                  print_completion(grammar.terminal().out, grammar.app(),
                                   given.shell == "zsh" ? Shell::zsh : Shell::bash);
                  return Exit::ok;
              })
        ->add_option("SHELL", given.shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
}

} // namespace knell::cli
