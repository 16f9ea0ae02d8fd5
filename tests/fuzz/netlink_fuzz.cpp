// SPDX-License-Identifier: GPL-3.0-or-later
// rtnetlink messages as a socket delivers them, into our eyes. Input: a flag (1: the rest is the
// payload of one RTM_NEWLINK), the bytes.
#include "monitor/eyes_ledger.hpp"
#include "tests/fuzz/input.hpp"

#include <cstring>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

using fuzz::Bytes;
using fuzz::require;

bool within(Bytes part, Bytes whole)
{
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

std::vector<std::uint8_t> as_link(Bytes payload)
{
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
    header.nlmsg_type = RTM_NEWLINK;
    std::vector<std::uint8_t> message(sizeof header);
    std::memcpy(message.data(), &header, sizeof header);
    message.insert(message.end(), payload.begin(), payload.end());
    return message;
}

EyesLedger eyes()
{
    EyesLedger ledger;
    ledger.watch(
        {{NetworkId{"mgmt"}, {"10.0.0.1", "fd00::1"}}, {NetworkId{"storage"}, {"10.0.1.1"}}});
    for (std::size_t i = 0; i < ledger.addresses().size(); ++i) {
        ledger.routed(i, static_cast<int>(i) + 1);
    }
    static_cast<void>(ledger.changes());
    return ledger;
}

void look(EyesLedger& ledger, const NetlinkMessage& message)
{
    const auto link = link_in(message);
    const auto route = route_in(message);
    const auto error = error_in(message);
    require((link ? 1 : 0) + (route ? 1 : 0) + (error ? 1 : 0) <= 1, "a message is one thing");
    require(!error || *error >= 0, "an error has a number");
    if (route) {
        require(route->interface >= 0, "a route leads over an interface, or nowhere");
        ledger.routed(0, route->interface == 0 ? std::nullopt : std::optional{route->interface});
    }
    if (link) {
        require(link->index > 0 && link->name.size() < 16 &&
                    link->name.find('\0') == std::string::npos,
                "a link has the kernel's kind of name");
        require((message.type == RTM_DELLINK) == (link->state == LinkState::gone),
                "a link that was taken away is gone");
        if (link->state == LinkState::gone) {
            ledger.link_gone(link->index);
        } else {
            ledger.link(*link);
        }
    }
    for (const auto& report : ledger.changes()) {
        require(report.clear == report.detail.empty(), "what is dark says why");
    }
    require(ledger.changes().empty(), "nothing is told twice");
}

void read_back_a_question(Bytes bytes)
{
    fuzz::Input input{bytes};
    const auto sequence = input.number<std::uint32_t>();
    Address to;
    to.family = (sequence & 1) != 0 ? Family::v6 : Family::v4;
    const auto address = input.take(to.family == Family::v6 ? 16 : 4);
    std::copy(address.begin(), address.end(), to.bytes.begin());
    const auto question = route_question(to, sequence);
    Bytes rest{question};
    const auto message = take_message(rest);
    require(message && rest.empty() && message->sequence == sequence &&
                message->type == RTM_GETROUTE,
            "a question is one message");
    Bytes attributes = message->payload.subspan(sizeof(rtmsg));
    const auto where = take_attribute(attributes);
    require(where && where->type == RTA_DST &&
                std::equal(where->value.begin(), where->value.end(), to.bytes.begin()),
            "a question asks for its address");
}

} // namespace

KNELL_FUZZ_TARGET(netlink)
{
    fuzz::Input input{bytes};
    const auto flags = input.byte();
    const auto rest = input.rest();
    const auto link = as_link(rest);
    const Bytes whole = (flags & 1) != 0 ? Bytes{link} : rest;

    auto ledger = eyes();
    Bytes left = whole;
    std::size_t before = left.size() + 1;
    while (const auto message = take_message(left)) {
        require(left.size() < before, "reading goes on");
        before = left.size();
        require(within(message->payload, whole), "a message lies within its bytes");
        Bytes attributes = message->payload;
        while (const auto attribute = take_attribute(attributes)) {
            require(within(attribute->value, message->payload), "an attribute lies within");
        }
        look(ledger, *message);
    }
    read_back_a_question(rest);
}

} // namespace knell::monitor
