// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of a BMC outside of any session. Input: tag, our number, three algorithms, the datagram;
// or, with a tag of 0, changes (place, byte) to the answer of a BMC that accepts.
#include "fencing/ipmi/inspection.hpp"
#include "fencing/ipmi/open_session.hpp"
#include "tests/fuzz/input.hpp"

namespace knell::fencing::ipmi {
namespace {

using fuzz::require;
using Verdict = OpenSessionResponse::Verdict;

constexpr std::size_t whole_answer = 16 + 36;

/// The request, turned into the answer that accepts it.
Bytes accepting(std::uint8_t tag, std::uint32_t number, const Algorithms& algorithms)
{
    const auto request = open_session_request(tag, number, algorithms);
    Bytes answer{request.begin(), request.begin() + 16};
    answer[5] = 0x11;
    answer[14] = 36;
    answer.insert(answer.end(), {tag, 0, 4, 0});
    answer.insert(answer.end(), request.begin() + 20, request.begin() + 24); // our number
    answer.insert(answer.end(), {1, 2, 3, 4});                               // theirs
    answer.insert(answer.end(), request.begin() + 24, request.end());
    return answer;
}

void check(ByteView datagram, std::uint8_t tag, std::uint32_t number, const Algorithms& asked)
{
    const auto response = read_open_session_response(datagram, tag, number, asked);
    if (!response) {
        return;
    }
    require(
        !read_open_session_response(datagram, static_cast<std::uint8_t>(tag + 1), number, asked),
        "the answer to another question is none");
    if (response->verdict != Verdict::accepted) {
        return;
    }
    require(datagram.size() >= whole_answer, "a session is accepted by a whole answer");
    require(!read_open_session_response(datagram, tag, number + 1, asked),
            "the answer to somebody else is none");
    const Algorithms others{static_cast<std::uint8_t>(asked.authentication ^ 1), asked.integrity,
                            asked.confidentiality};
    const auto other = read_open_session_response(datagram, tag, number, others);
    require(!other || other->verdict != Verdict::accepted, "accepted is what was asked for");
    const auto cut =
        read_open_session_response(datagram.first(whole_answer - 1), tag, number, asked);
    require(!cut || cut->verdict != Verdict::accepted, "half an answer accepts nothing");
}

void suites(ByteView datagram, std::uint8_t sequence)
{
    const auto part = read_cipher_suites_response(datagram, sequence);
    if (part) {
        require(part->records.size() <= full_part, "a part has its length");
        require(part->told || part->records.empty(), "who does not tell tells nothing");
        static_cast<void>(lists_suite_zero(part->records));
    }
    const auto listed = lists_suite_zero(datagram);
    require(!datagram.empty() || !listed, "nothing lists nothing");
    for (const auto byte : datagram.first(std::min<std::size_t>(datagram.size(), 4))) {
        const auto policy = restore_policy(byte);
        require(!policy || is_restore_policy(*policy), "every policy has its word");
        const auto may = suffices_to_power_off(byte);
        require(!may || byte <= 4, "an unknown privilege is no answer");
    }
}

} // namespace

KNELL_FUZZ_TARGET(bmc_datagram)
{
    fuzz::Input input{bytes};
    const auto tag = input.byte();
    const auto number = input.number<std::uint32_t>();
    // Of six bits each, as in the protocol.
    const auto algorithm = [&] { return static_cast<std::uint8_t>(input.byte() & 0x3f); };
    const auto authentication = algorithm();
    const auto integrity = algorithm();
    const Algorithms asked{authentication, integrity, algorithm()};
    if (tag != 0) {
        const auto datagram = input.rest();
        check(datagram, tag, number, asked);
        suites(datagram, tag);
        return;
    }
    auto answer = accepting(tag, number, asked);
    const auto response = read_open_session_response(answer, tag, number, asked);
    require(response && response->verdict == Verdict::accepted && response->managed == 0x04030201,
            "a BMC that accepts is understood");
    while (!input.empty()) {
        const auto place = input.byte();
        const auto byte = input.byte();
        if (place >= answer.size()) {
            answer.resize(place);
        } else {
            answer[place] = byte;
        }
    }
    check(answer, tag, number, asked);
}

} // namespace knell::fencing::ipmi
