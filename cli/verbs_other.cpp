// SPDX-License-Identifier: GPL-3.0-or-later
// Verbs that need no knelld.
#include "cli/completion.hpp"
#include "cli/grammar.hpp"
#include "cli/heartbeat_key.hpp"

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

void add_configuration(Grammar& grammar)
{
    auto& given = grammar.given;
    auto* config = grammar.noun("config", "The configuration");
    auto* check =
        grammar.verb(config, "check", "Say what is wrong with it, as knelld --check does",
                     [&] { return grammar.config_check()(given.file, grammar.terminal()); });
    auto* key = grammar.verb_about_host(
        config, "heartbeat-key", "Print the key that the agent of a host needs",
        [&] { return print_heartbeat_key(given.file, given.host, grammar.terminal()); });
    for (auto* verb : {check, key}) {
        verb->add_option("FILE", given.file, "The configuration")->capture_default_str();
    }
}

} // namespace

void add_other_verbs(Grammar& grammar)
{
    auto& given = grammar.given;
    add_servers(grammar);
    add_configuration(grammar);
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
