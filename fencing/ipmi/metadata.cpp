// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/fence_agent_api.hpp"

#include <array>

namespace knell::fencing::ipmi {
namespace {

constexpr std::array<Option, 19> all_options{{
    {"action", "string", "", true, false,
     "off, on, status, monitor, list, metadata or validate-all. There is no default, and reboot "
     "is refused."},
    {"ip", "string", "", true, false, "Numeric IPv4 or IPv6 address of the BMC."},
    {"ipport", "integer", "623", false, false, "UDP port of the BMC."},
    {"username", "string", "", true, false,
     "User of the BMC, at most 16 bytes. Privilege OPERATOR is enough."},
    {"password", "string", "", false, true,
     "Password, at most 20 bytes. On standard input only, never on the command line."},
    {"password_file", "string", "", false, false,
     "File whose first line is the password. Others must not be able to read it."},
    {"hexadecimal_kg", "string", "", false, true,
     "The BMC key K_g in hexadecimal, at most 20 bytes. On standard input only."},
    {"cipher", "string", "17,3", false, false,
     "RMCP+ cipher suites, the preferred one first. 0 is refused."},
    {"privlvl", "string", "operator", false, false,
     "Privilege of the session: user (for status alone), operator or administrator."},
    {"workarounds", "string", "", false, false,
     "For BMCs that are not quite IPMI 2.0: names of ipmipower's workarounds, separated by "
     "commas, e.g. opensesspriv."},
    {"guid", "string", "", false, false,
     "System UUID of the host that the BMC must belong to. Nothing is done if it belongs to "
     "another."},
    {"identity", "string", "required", false, false,
     "required, or unchecked for a BMC that cannot tell its System GUID."},
    {"readings", "integer", "3", false, false, "How often in a row off must be read."},
    {"settle", "second", "2", false, false, "Over how many seconds off must be read."},
    {"poll", "second", "0.5", false, false, "Seconds between two readings."},
    {"power_timeout", "second", "60", false, false, "Seconds after which the action has failed."},
    {"session_timeout", "second", "5.9", false, false,
     "Seconds after which one exchange with the BMC has failed."},
    {"retransmission_timeout", "second", "1", false, false,
     "Seconds after which a request is sent again. Must be longer than the BMC's slowest answer."},
    {"plug", "string", "", false, false, "Accepted and ignored: a BMC has one host."},
}};

std::string escaped(std::string_view text)
{
    std::string xml;
    for (const char c : text) {
        switch (c) {
        case '&':
            xml += "&amp;";
            break;
        case '<':
            xml += "&lt;";
            break;
        case '>':
            xml += "&gt;";
            break;
        case '"':
            xml += "&quot;";
            break;
        default:
            xml += c;
        }
    }
    return xml;
}

std::string parameter(const Option& option)
{
    std::string xml = "\t<parameter name=\"" + escaped(option.key) + "\" unique=\"0\" required=\"" +
                      (option.required ? "1" : "0") + "\">\n";
    if (!option.secret) {
        xml += "\t\t<getopt mixed=\"--" + escaped(option.key) + "=[value]\" />\n";
    }
    xml += "\t\t<content type=\"" + escaped(option.type) + "\"";
    if (!option.otherwise.empty()) {
        xml += " default=\"" + escaped(option.otherwise) + "\"";
    }
    return xml + " />\n\t\t<shortdesc lang=\"en\">" + escaped(option.about) +
           "</shortdesc>\n\t</parameter>\n";
}

} // namespace

std::span<const Option> options() noexcept
{
    return all_options;
}

std::string metadata()
{
    std::string xml =
        "<?xml version=\"1.0\" ?>\n"
        "<resource-agent name=\"knell-fence-ipmi\" "
        "shortdesc=\"Power a host off over IPMI 2.0, and see that it is off\">\n"
        "<longdesc>Commands the BMC to cut the power first and unconditionally, then reads the "
        "power state until it was off several times in a row over a settling time. Never cycles, "
        "never resets, never asks the operating system. Compares the BMC's System GUID with the "
        "host's UUID before it touches anything. Set pcmk_reboot_action=off in "
        "Pacemaker.</longdesc>\n"
        "<vendor-url></vendor-url>\n"
        "<parameters>\n";
    for (const auto& option : options()) {
        xml += parameter(option);
    }
    return xml + "</parameters>\n"
                 "<actions>\n"
                 "\t<action name=\"on\" automatic=\"0\" />\n"
                 "\t<action name=\"off\" />\n"
                 "\t<action name=\"status\" />\n"
                 "\t<action name=\"monitor\" />\n"
                 "\t<action name=\"list\" />\n"
                 "\t<action name=\"metadata\" />\n"
                 "\t<action name=\"validate-all\" />\n"
                 "</actions>\n"
                 "</resource-agent>\n";
}

std::string help()
{
    std::string text =
        "knell-fence-ipmi: power a host off over IPMI 2.0, and see that it is off\n\n"
        "  knell-fence-ipmi < options         key=value lines, as fence agents are called\n"
        "  knell-fence-ipmi --key=value ...   by hand; add --stdin to read more of them\n"
        "  knell-fence-ipmi --serve           for knelld only: its protocol on standard input\n\n"
        "Short: -o action, -a ip, -u ipport, -l username; -h help, -V version.\n"
        "Exit status: 0 done, 1 failed; of status: 0 on, 2 off, 1 unknown.\n\nOptions:\n";
    for (const auto& option : options()) {
        text += "  " + std::string{option.key};
        if (!option.otherwise.empty()) {
            text += " (" + std::string{option.otherwise} + ")";
        }
        text += "\n      " + std::string{option.about} + "\n";
    }
    return text;
}

} // namespace knell::fencing::ipmi
