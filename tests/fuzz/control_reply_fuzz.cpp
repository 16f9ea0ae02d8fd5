// SPDX-License-Identifier: GPL-3.0-or-later
// What something that stands for knelld answers to knellctl. Input: the bytes of its answer, after
// which it hangs up. An answer is then shown in every way there is.
#include "cli/client.hpp"
#include "cli/format.hpp"
#include "cli/plan.hpp"
#include "cli/render.hpp"
#include "cli/server_list_text.hpp"
#include "cli/story.hpp"
#include "cli/text.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <boost/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>

namespace knell::cli {
namespace {

namespace json = boost::json;
using fuzz::Bytes;
using fuzz::require;

/// Listens, and answers whoever connects before he has asked.
class Impostor {
public:
    Impostor() : listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        require(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                        0 &&
                    ::listen(listener_, 4) == 0,
                "a socket can be listened on");
    }
    ~Impostor() { ::close(listener_); }
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;

    [[nodiscard]] std::string path() const { return (scratch_.path() / "control").string(); }
    void answer(Bytes bytes) const
    {
        const int peer = ::accept(listener_, nullptr, nullptr);
        const int room = 1 << 20;
        ::setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        static_cast<void>(::send(peer, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
        ::close(peer);
    }

private:
    fuzz::Scratch scratch_;
    int listener_;
};

/// Lines for a terminal, whatever was in the answer.
void check(const std::string& text)
{
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        require(fuzz::fit_to_show(line), "nothing speaks to the terminal", line);
    }
}

template <class Print>
void show(Print print)
{
    std::ostringstream out;
    print(out);
    check(out.str());
}

void show(const Listing& listing)
{
    for (const auto& row : listing.rows) {
        require(row.size() == listing.columns.size(), "a row has a cell in every column");
    }
    for (const auto format : {Format::table, Format::csv, Format::value}) {
        show([&](std::ostream& out) { print(out, listing, format); });
    }
    std::ostringstream as_json;
    print(as_json, listing, Format::json);
    boost::system::error_code error;
    const auto again = json::parse(as_json.str(), error);
    require(!error && again.is_array() && again.get_array().size() == listing.rows.size(),
            "what was written as JSON is JSON");
}

/// Every text of the answer, in the order of the document.
void texts_of(const json::value& value, std::vector<std::string>& texts)
{
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            texts_of(member.value(), texts);
        }
    } else if (const auto* array = value.if_array()) {
        for (const auto& element : *array) {
            texts_of(element, texts);
        }
    } else if (const auto* text = value.if_string()) {
        texts.emplace_back(*text);
    }
}
void texts_of(const YAML::Node& value, std::vector<std::string>& texts)
{
    if (value.IsMap()) {
        for (const auto& pair : value) {
            texts_of(pair.second, texts);
        }
    } else if (value.IsSequence()) {
        for (const auto& element : value) {
            texts_of(element, texts);
        }
    } else if (value.IsScalar()) {
        texts.push_back(value.Scalar());
    }
}

void check_yaml(const json::object& answer)
{
    std::ostringstream out;
    print_yaml(out, answer);
    std::vector<std::string> said;
    std::vector<std::string> read;
    texts_of(answer, said);
    try {
        texts_of(YAML::Load(out.str()), read);
    } catch (const YAML::Exception& error) {
        require(false, "what was written as YAML is YAML", out.str());
    }
    // Numbers and truth values are scalars there, too.
    const bool all_there = std::all_of(said.begin(), said.end(), [&](const std::string& text) {
        return std::find(read.begin(), read.end(), text) != read.end();
    });
    require(all_there, "every text reads back as it was", out.str());
}

void show_everything(const json::object& answer)
{
    show([&](std::ostream& out) { print_status(out, answer); });
    show([&](std::ostream& out) { print_hosts(out, answer); });
    show([&](std::ostream& out) { print_host(out, answer); });
    show([&](std::ostream& out) { print_rehearsal(out, answer); });
    show([&](std::ostream& out) { print_maintenance(out, answer); });
    show([&](std::ostream& out) { print_notice(out, answer); });
    show([&](std::ostream& out) { print_plan(out, answer); });
    for (const auto episode : episodes_in(answer)) {
        static_cast<void>(has_story(answer, episode));
        show([&](std::ostream& out) { print_story(out, answer, episode); });
    }
    check(table_of(answer, hosts_in(answer)));
    show(list_hosts(answer));
    show(list_maintenance(answer));
    show(list_plan(answer));
    show(listing_of_servers(answer));
    check_yaml(answer);
}

} // namespace

KNELL_FUZZ_TARGET(control_reply)
{
    static const Impostor impostor;
    auto connected = Client::connect(impostor.path());
    auto* client = std::get_if<Client>(&connected);
    require(client != nullptr, "who listens is reached");
    impostor.answer(bytes);
    const auto answer = client->call("status", {});
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
        static_cast<void>(plain(refusal->text));
    } else if (const auto* lost = std::get_if<Lost>(&answer)) {
        require(!lost->text.empty() && fuzz::fit_to_show(lost->text), "a loss has words");
    } else {
        show_everything(std::get<json::object>(answer));
    }
    for (int notices = 0; notices < 20; ++notices) {
        const auto notice = client->next_notice();
        if (!notice) {
            break;
        }
        show([&](std::ostream& out) { print_notice(out, *notice); });
    }
    check(plain(fuzz::text_of(bytes.first(std::min<std::size_t>(bytes.size(), 100)))));
}

} // namespace knell::cli
