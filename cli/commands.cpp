// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.hpp"

#include "cli/client.hpp"
#include "cli/render.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <istream>
#include <optional>
#include <ostream>
#include <utility>

namespace knell::cli {

namespace {

namespace json = boost::json;

std::optional<Client> reach(const Target& target, Terminal& terminal, Exit& exit)
{
    auto connected = Client::connect(target.socket);
    if (const auto* fault = std::get_if<Unreachable>(&connected)) {
        terminal.err << "knellctl: " << fault->text << '\n';
        exit = Exit::unreachable;
        return std::nullopt;
    }
    return std::get<Client>(std::move(connected));
}

Exit exit_for(int code)
{
    constexpr int not_permitted = -32001, bad_params = -32602;
    switch (code) {
    case not_permitted:
        return Exit::refused;
    case bad_params:
        return Exit::usage;
    default:
        return Exit::failed;
    }
}

/// Nothing: the fault has been told, and `exit` says how to end.
std::optional<json::object> ask(Client& client, Terminal& terminal, const char* method,
                                json::object params, Exit& exit)
{
    auto answer = client.call(method, std::move(params));
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
        terminal.err << "knellctl: " << plain(refusal->text) << '\n';
        exit = exit_for(refusal->code);
        return std::nullopt;
    }
    if (const auto* lost = std::get_if<Lost>(&answer)) {
        terminal.err << "knellctl: " << plain(lost->text) << '\n';
        exit = Exit::failed;
        return std::nullopt;
    }
    return std::get<json::object>(std::move(answer));
}

} // namespace

Exit look(const Target& target, Terminal& terminal, const char* method, json::object params,
          void (*print)(std::ostream&, const json::object&))
{
    Exit exit = Exit::ok;
    auto client = reach(target, terminal, exit);
    if (!client) {
        return exit;
    }
    const auto result = ask(*client, terminal, method, std::move(params), exit);
    if (!result) {
        return exit;
    }
    if (target.format == Format::json) {
        terminal.out << json::serialize(*result) << '\n';
    } else {
        print(terminal.out, *result);
    }
    return Exit::ok;
}

Exit order(const Target& target, Terminal& terminal, const char* method, json::object params)
{
    Exit exit = Exit::ok;
    auto client = reach(target, terminal, exit);
    if (!client) {
        return exit;
    }
    const auto result = ask(*client, terminal, method, std::move(params), exit);
    if (!result) {
        return exit;
    }
    const auto* accepted = result->if_contains("accepted");
    const auto* text = result->if_contains("text");
    const auto words =
        text != nullptr && text->is_string() ? plain(text->get_string()) : std::string{};
    const bool yes = accepted != nullptr && accepted->is_bool() && accepted->get_bool();
    if (target.format == Format::json) {
        terminal.out << json::serialize(*result) << '\n';
    } else if (yes) {
        terminal.out << "accepted: " << words << '\n';
    } else {
        terminal.err << "refused: " << words << '\n';
    }
    return yes ? Exit::ok : Exit::refused;
}

Exit watch(const Target& target, Terminal& terminal)
{
    Exit exit = Exit::ok;
    auto client = reach(target, terminal, exit);
    if (!client || !ask(*client, terminal, "watch", {}, exit)) {
        return exit;
    }
    while (const auto notice = client->next_notice()) {
        if (target.format == Format::json) {
            terminal.out << json::serialize(*notice) << '\n';
        } else {
            print_notice(terminal.out, *notice);
        }
        terminal.out.flush();
    }
    terminal.err << "knellctl: knelld has closed the connection; it ended, or this terminal was "
                    "too slow. Look: systemctl status knelld\n";
    return Exit::failed;
}

bool confirmed(Terminal& terminal, const std::string& host, const std::string& consequence)
{
    if (!terminal.interactive) {
        terminal.err << "knellctl: " << consequence
                     << "\nThere is no terminal to ask on; give --yes if you mean it.\n";
        return false;
    }
    terminal.err << consequence << "\nType the host's name again to go on: " << std::flush;
    std::string typed;
    std::getline(terminal.in, typed);
    if (typed != host) {
        terminal.err << "That is not " << plain(host) << "; nothing was done.\n";
        return false;
    }
    return true;
}

} // namespace knell::cli
