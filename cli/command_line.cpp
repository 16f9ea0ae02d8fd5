// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.hpp"

#include "cli/commands.hpp"
#include "cli/render.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <CLI/CLI.hpp>
#include <optional>

namespace knell::cli {

namespace {

/// What the options and arguments were.
struct Given {
    std::string socket = "/run/knell/control";
    std::string format = "table";
    std::string host;
    std::string reason;
    std::string file = "/etc/knell/knell.yaml";
    bool force = false;
    bool yes = false;
};

using Action = std::function<Exit()>;

/// The grammar of knellctl; a chosen subcommand leaves its action behind.
class Grammar {
public:
    Grammar(Terminal& terminal, const ConfigCheck& config_check)
        : terminal_{terminal}, config_check_{config_check}
    {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", "knellctl " KNELL_VERSION);
        app_.add_option("--socket", given_.socket, "The control socket of knelld")
            ->envname("KNELL_SOCKET")
            ->capture_default_str();
        app_.add_option("-f,--format", given_.format, "table for people, json for programs")
            ->check(CLI::IsMember({"table", "json"}))
            ->capture_default_str();
        app_.footer("Ends with 0: done, 1: failed, 2: usage, 3: refused, 4: knelld unreachable.");
        app_.fallthrough();
        fleet();
        host();
        config();
    }

    CLI::App& app() { return app_; }
    [[nodiscard]] const Action& action() const { return action_; }

private:
    CLI::App* verb(CLI::App* parent, const char* name, const char* help, Action action)
    {
        auto* command = parent->add_subcommand(name, help);
        command->fallthrough();
        command->callback([this, action = std::move(action)] { action_ = action; });
        return command;
    }
    [[nodiscard]] Target target() const
    {
        return {given_.socket, given_.format == "json" ? Format::json : Format::table};
    }
    void with_reason(CLI::App* command)
    {
        command->add_option("--reason", given_.reason, "Why, in your words; it is recorded")
            ->required();
    }
    [[nodiscard]] Exit look_at(const char* method, boost::json::object params,
                               void (*print)(std::ostream&, const boost::json::object&))
    {
        return look(target(), terminal_, method, std::move(params), print);
    }
    [[nodiscard]] Exit give(const char* method, boost::json::object params)
    {
        return order(target(), terminal_, method, std::move(params));
    }
    [[nodiscard]] boost::json::object host_and_reason() const
    {
        return {{"host", given_.host}, {"reason", given_.reason}};
    }

    void fleet()
    {
        verb(&app_, "status", "What knell sees, waits for, and needs",
             [this] { return look_at("status", {}, print_status); });
        verb(&app_, "watch", "Print what happens, as it happens",
             [this] { return watch(target(), terminal_); });
        with_reason(verb(&app_, "arm", "Let knell power dead hosts off", [this] {
            return give("arm", {{"reason", given_.reason}});
        }));
        with_reason(verb(&app_, "disarm", "Only watch; power nothing off", [this] {
            return give("disarm", {{"reason", given_.reason}});
        }));
        verb(&app_, "readmit",
             "Clear knell's flag on every host that is well again, without waiting",
             [this] { return give("readmit", {}); });
    }

    void host()
    {
        auto* host = app_.add_subcommand("host", "One host, or all");
        host->require_subcommand(1);
        host->fallthrough();
        const auto about_one = [&](const char* name, const char* help, Action action) {
            auto* command = verb(host, name, help, std::move(action));
            command->add_option("HOST", given_.host, "As Nova's service record names it")
                ->required();
            return command;
        };
        verb(host, "list", "All hosts, the urgent ones first",
             [this] { return look_at("host.list", {}, print_hosts); });
        about_one("show", "State, monitors, and what one can do", [this] {
            return look_at("host.show", {{"host", given_.host}}, print_host);
        });
        about_one("explain", "How it came to this", [this] {
            return look_at("host.explain", {{"host", given_.host}}, print_explanation);
        });
        auto* fence =
            about_one("fence", "Power it off and tell Nova", [this] { return fence_it(); });
        auto* release = about_one("release", "Clear knell's flag, or close its episode", [this] {
            auto params = host_and_reason();
            params["force"] = given_.force;
            return give("host.release", std::move(params));
        });
        auto* confirm = about_one("confirm-off", "Say that you have seen it off",
                                  [this] { return confirm_off(); });
        for (auto* command : {fence, release, confirm}) {
            with_reason(command);
        }
        for (auto* command : {fence, release}) {
            command->add_flag("--force", given_.force, "Although knell advises against it");
        }
        for (auto* command : {fence, confirm}) {
            command->add_flag("--yes", given_.yes, "Do not ask");
        }
    }

    void config()
    {
        auto* config = app_.add_subcommand("config", "The configuration");
        config->require_subcommand(1);
        config->fallthrough();
        verb(config, "check", "Say what is wrong with it, as knelld --check does",
             [this] { return config_check_(given_.file, terminal_); })
            ->add_option("FILE", given_.file, "The configuration")
            ->capture_default_str();
    }

    [[nodiscard]] Exit fence_it()
    {
        if (!given_.yes && !confirmed(terminal_, given_.host,
                                      "knell will cut the power of " + given_.host +
                                          ": every server on it stops at once.")) {
            return Exit::refused;
        }
        auto params = host_and_reason();
        params["force"] = given_.force;
        return give("host.fence", std::move(params));
    }

    [[nodiscard]] Exit confirm_off()
    {
        if (!given_.yes &&
            !confirmed(terminal_, given_.host,
                       "knell will take your word that " + given_.host +
                           " is off, and its servers may be started elsewhere. If it still runs, "
                           "their disks will be written by two machines.")) {
            return Exit::refused;
        }
        return give("host.confirm_off", host_and_reason());
    }

    Terminal& terminal_;
    const ConfigCheck& config_check_;
    CLI::App app_{"knellctl: talks to knelld", "knellctl"};
    Given given_;
    Action action_;
};

} // namespace

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
