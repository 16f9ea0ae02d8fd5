// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.hpp"

#include "cli/client.hpp"
#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <istream>
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

bool is_for_lists(Format format)
{
    return format == Format::csv || format == Format::value;
}

void print_as_it_came(const Target& target, std::ostream& out, const json::object& result)
{
    if (target.format == Format::yaml) {
        print_yaml(out, result);
    } else {
        out << json::serialize(result) << '\n';
    }
}

constexpr View answer_view{[](std::ostream& out, const json::object& answer) {
    out << "accepted: " << text(answer, {"text"}, "") << '\n';
}};

} // namespace

bool fits(const Target& target, const View& view, Terminal& terminal)
{
    if (view.listing == nullptr) {
        if (is_for_lists(target.format) || !target.columns.empty()) {
            terminal.err << "knellctl: this is no list; csv, value and --column are for lists\n";
            return false;
        }
        return true;
    }
    auto nothing = view.listing({});
    if (const auto fault = choose(nothing, target.columns)) {
        terminal.err << "knellctl: " << plain(*fault) << '\n';
        return false;
    }
    return true;
}

Exit present(const Target& target, const View& view, Terminal& terminal, const json::object& result)
{
    if (view.listing != nullptr && (is_for_lists(target.format) || !target.columns.empty())) {
        auto listing = view.listing(result);
        (void)choose(listing, target.columns);
        print(terminal.out, listing, target.format);
    } else if (target.format == Format::table) {
        view.print(terminal.out, result);
    } else {
        print_as_it_came(target, terminal.out, result);
    }
    return Exit::ok;
}

std::optional<json::object> ask(const Target& target, Terminal& terminal, const char* method,
                                json::object params, Exit& exit)
{
    auto client = reach(target, terminal, exit);
    return client ? ask(*client, terminal, method, std::move(params), exit) : std::nullopt;
}

Exit look(const Target& target, Terminal& terminal, const char* method, json::object params,
          const View& view)
{
    if (!fits(target, view, terminal)) {
        return Exit::usage;
    }
    Exit exit = Exit::ok;
    const auto result = ask(target, terminal, method, std::move(params), exit);
    return result ? present(target, view, terminal, *result) : exit;
}

Exit order(const Target& target, Terminal& terminal, const char* method, json::object params)
{
    if (!fits(target, answer_view, terminal)) {
        return Exit::usage;
    }
    Exit exit = Exit::ok;
    const auto answer = ask(target, terminal, method, std::move(params), exit);
    if (!answer) {
        return exit;
    }
    const bool accepted = yes(*answer, {"accepted"});
    if (target.format == Format::table && !accepted) {
        terminal.err << "refused: " << text(*answer, {"text"}, "") << '\n';
    } else {
        (void)present(target, answer_view, terminal, *answer);
    }
    return accepted ? Exit::ok : Exit::refused;
}

Exit watch(const Target& target, Terminal& terminal)
{
    constexpr View notices{print_notice};
    if (!fits(target, notices, terminal)) {
        return Exit::usage;
    }
    Exit exit = Exit::ok;
    auto client = reach(target, terminal, exit);
    if (!client || !ask(*client, terminal, "watch", {}, exit)) {
        return exit;
    }
    while (const auto notice = client->next_notice()) {
        if (target.format == Format::yaml) {
            terminal.out << "---\n";
        }
        (void)present(target, notices, terminal, *notice);
        terminal.out.flush();
    }
    terminal.err << "knellctl: knelld has closed the connection; it ended, or this terminal was "
                    "too slow. Look: systemctl status knelld\n";
    return Exit::failed;
}

bool confirmed(Terminal& terminal, const Confirmation& confirmation)
{
    const auto& [consequence, request, word] = confirmation;
    if (!terminal.interactive) {
        terminal.err << "knellctl: " << consequence
                     << "\nThere is no terminal to ask on; give --yes if you mean it.\n";
        return false;
    }
    terminal.err << consequence << '\n' << request << " to go on: " << std::flush;
    std::string typed;
    std::getline(terminal.in, typed);
    if (typed != word) {
        terminal.err << "That is not " << plain(word) << "; nothing was done.\n";
        return false;
    }
    return true;
}

} // namespace knell::cli
