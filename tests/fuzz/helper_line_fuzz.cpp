// SPDX-License-Identifier: GPL-3.0-or-later
// What knelld and its helper say to each other, both ways. Input: the size in which the bytes
// arrive, the bytes. Whatever is understood is exactly what the writer would have written.
#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/protocol.hpp"
#include "fencing/lines.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>
#include <vector>

namespace knell::fencing::ipmi {
namespace {

using fuzz::Bytes;
using fuzz::require;

std::vector<std::string> framed(Bytes stream, std::size_t size)
{
    std::vector<std::string> all;
    Lines lines;
    while (!stream.empty()) {
        const auto room = std::min({lines.room_size(), size, stream.size()});
        if (room == 0) {
            break; // too long a line: the stream is not worth reading on
        }
        std::copy_n(stream.begin(), room, lines.room());
        lines.filled(room);
        stream = stream.subspan(room);
        while (const auto line = lines.next()) {
            all.emplace_back(*line);
        }
    }
    return all;
}

std::vector<std::string> cut_plainly(std::string_view stream)
{
    std::vector<std::string> all;
    for (auto end = stream.find('\n'); end != std::string_view::npos && end <= Lines::longest;
         end = stream.find('\n')) {
        all.emplace_back(stream.substr(0, end));
        stream.remove_prefix(end + 1);
    }
    return all;
}

void a_device(std::string_view line)
{
    const auto device = read_device(line);
    if (!device) {
        require(!device.error().text.empty(), "a complaint has words");
        return;
    }
    require(!complaint_about(*device), "what is accepted could be used");
    require(write_device(*device).reveal() == line, "a device has one spelling");
}

void a_request(std::string_view line)
{
    const auto request = read_request(line);
    if (!request) {
        return;
    }
    require(request->patience <= longest_patience, "no patience is for ever");
    require((request->action == PowerAction::inspect) == (request->patience > Duration::zero()),
            "an inspection alone has patience");
    require(write_request(*request) == line, "a request has one spelling");
}

void a_reply(std::string_view line)
{
    const auto reply = read_reply(line);
    if (!reply) {
        return;
    }
    require(reply->state == PowerState::unknown || reply->fault == PowerFault::none,
            "a fault proves no state");
    require(!reply->facts || reply->state == PowerState::unknown, "facts prove no state");
    require(fuzz::fit_to_show(reply->detail) && reply->detail.size() <= 240,
            "a detail is one line for a log");
    const auto written = write_reply(*reply);
    require(written.size() <= line.size(), "what was shown as it is, or as a question mark");
    const auto again = read_reply(written);
    require(again && again->attempt == reply->attempt && again->state == reply->state &&
                again->fault == reply->fault && again->detail == reply->detail &&
                again->facts == reply->facts,
            "a reply that was written again reads the same");
}

} // namespace

KNELL_FUZZ_TARGET(helper_line)
{
    fuzz::Input input{bytes};
    const std::size_t size = 1 + input.byte();
    const auto stream = input.rest();
    const auto lines = framed(stream, size);
    require(lines == cut_plainly(fuzz::text_of(stream)), "lines are cut at their ends");
    for (const auto& line : lines) {
        a_device(line);
        a_request(line);
        a_reply(line);
    }
}

} // namespace knell::fencing::ipmi
