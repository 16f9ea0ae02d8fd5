// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/server_list.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace knell::cli {

/// What the options and arguments were.
struct Given {
    std::string socket = "/run/knell/control";
    std::string format = "table";
    std::vector<std::string> columns;
    std::string host;
    std::vector<std::string> hosts;
    std::string reason;
    std::string lasting; ///< as typed, e.g. "2h"
    std::string file = "/etc/knell/knell.yaml";
    std::string shell;
    std::optional<std::int64_t> episode;
    bool force = false;
    bool yes = false;
    bool all = false;
    bool dry_run = false;
    ServerListQuery servers;
};

/// The grammar of knellctl; a chosen verb leaves its action behind. The verbs are added by the
/// functions below, a file for each group of them.
class Grammar {
public:
    using Action = std::function<Exit()>;

    /// Both are borrowed.
    Grammar(Terminal& terminal, const ConfigCheck& config_check);
    Grammar(const Grammar&) = delete;
    Grammar& operator=(const Grammar&) = delete;

    [[nodiscard]] CLI::App& app() noexcept { return app_; }
    [[nodiscard]] const Action& action() const noexcept { return action_; }
    [[nodiscard]] Terminal& terminal() noexcept { return terminal_; }
    [[nodiscard]] const ConfigCheck& config_check() const noexcept { return config_check_; }

    CLI::App* noun(const char* name, const char* help);
    /// `parent`: null for a verb without a noun.
    CLI::App* verb(CLI::App* parent, const char* name, const char* help, Action action);
    CLI::App* verb_about_host(CLI::App* parent, const char* name, const char* help, Action action);
    void with_reason(CLI::App* verb);
    void with_yes(CLI::App* verb);

    [[nodiscard]] Target target() const;
    [[nodiscard]] Exit look_at(const char* method, boost::json::object params, const View& view);
    [[nodiscard]] Exit give(const char* method, boost::json::object params);
    [[nodiscard]] boost::json::object host_and_reason() const;

    Given given;

private:
    Terminal& terminal_;
    const ConfigCheck& config_check_;
    CLI::App app_{"knellctl: talks to knelld", "knellctl"};
    Action action_;
};

void add_fleet_verbs(Grammar& grammar); ///< status, watch, arm, disarm, readmit, reload, hold
void add_host_verbs(Grammar& grammar);  ///< host ...
void add_plan_verbs(Grammar& grammar);  ///< plan ..., maintenance ...
void add_other_verbs(Grammar& grammar); ///< server ..., config ..., completion

} // namespace knell::cli
