// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace knell::sim {

/// Everything that chaos may do. Each has dice of its own.
enum class Fault {
    power_cut,       ///< one host loses its power, and gets it back some time later
    panic,           ///< a kernel stops; the power stays on
    userspace,       ///< the agent hangs while the kernel answers
    cables,          ///< one host is cut off on some or all networks, and lives on
    rack_power,      ///< a rack loses power, its BMCs too
    rack_switch,     ///< a rack is cut off on one network
    our_eyes,        ///< our own interface, or what is behind it, is dead
    jitter,          ///< packets are slow and overtake each other
    loss,            ///< packets are lost
    duplicates,      ///< packets come twice
    bmc_miswired,    ///< a BMC answers at the address of another host's
    bmc_lies,        ///< says that it is off whatever is true
    bmc_deaf,        ///< says that it did, and did not
    bmc_slow,        ///< answers late, sometimes too late
    bmc_stuck,       ///< does not answer
    bmc_sessions,    ///< has no session to spare
    bmc_locked,      ///< does not know our password
    nova_gone,       ///< nothing of Nova answers
    nova_lossy,      ///< Nova acts and the answer is lost
    nova_late,       ///< Nova acts after we gave up
    nova_stale,      ///< Nova's reads are a while old
    nova_forgets,    ///< Nova says that it has set the flag, and its database loses that
    nova_ill,        ///< 5xx, 429, 401, tokens revoked
    nova_cell,       ///< the database of the cell cannot be reached
    evacuations,     ///< evacuation records in `done` stand in the way of clearing
    foreign_flags,   ///< somebody else sets and clears forced_down
    disk_full,       ///< the journal cannot be written for a while
    disk_slow,       ///< each write takes long
    disk_fails,      ///< an fsync fails, which ends knelld
    crash,           ///< knelld dies at any effect
    reboot,          ///< our machine restarts, and its wall clock may be wrong after
    stop,            ///< SIGSTOP, and SIGCONT up to minutes later
    reload,          ///< another configuration in the midst of it
    old_answers,     ///< an answer comes a second time, much later
    operators,       ///< orders of all kinds, wise or not
    strangers_power, ///< somebody else switches a host on or off
    sleep,           ///< our machine is suspended, up to minutes; knelld starts anew when it wakes
    flag_races       ///< as foreign_flags, right behind one of our own deeds
};

inline constexpr std::array<std::pair<Fault, std::string_view>, 38> fault_names{{
    {Fault::power_cut, "power_cut"},
    {Fault::panic, "panic"},
    {Fault::userspace, "userspace"},
    {Fault::cables, "cables"},
    {Fault::rack_power, "rack_power"},
    {Fault::rack_switch, "rack_switch"},
    {Fault::our_eyes, "our_eyes"},
    {Fault::jitter, "jitter"},
    {Fault::loss, "loss"},
    {Fault::duplicates, "duplicates"},
    {Fault::bmc_miswired, "bmc_miswired"},
    {Fault::bmc_lies, "bmc_lies"},
    {Fault::bmc_deaf, "bmc_deaf"},
    {Fault::bmc_slow, "bmc_slow"},
    {Fault::bmc_stuck, "bmc_stuck"},
    {Fault::bmc_sessions, "bmc_sessions"},
    {Fault::bmc_locked, "bmc_locked"},
    {Fault::nova_gone, "nova_gone"},
    {Fault::nova_lossy, "nova_lossy"},
    {Fault::nova_late, "nova_late"},
    {Fault::nova_stale, "nova_stale"},
    {Fault::nova_forgets, "nova_forgets"},
    {Fault::nova_ill, "nova_ill"},
    {Fault::nova_cell, "nova_cell"},
    {Fault::evacuations, "evacuations"},
    {Fault::foreign_flags, "foreign_flags"},
    {Fault::disk_full, "disk_full"},
    {Fault::disk_slow, "disk_slow"},
    {Fault::disk_fails, "disk_fails"},
    {Fault::crash, "crash"},
    {Fault::reboot, "reboot"},
    {Fault::stop, "stop"},
    {Fault::reload, "reload"},
    {Fault::old_answers, "old_answers"},
    {Fault::operators, "operators"},
    {Fault::strangers_power, "strangers_power"},
    {Fault::sleep, "sleep"},
    {Fault::flag_races, "flag_races"},
}};

[[nodiscard]] constexpr std::string_view name_of(Fault fault)
{
    for (const auto& [value, name] : fault_names) {
        if (value == fault) {
            return name;
        }
    }
    return {};
}

[[nodiscard]] inline std::optional<Fault> fault_named(std::string_view wanted)
{
    for (const auto& [value, name] : fault_names) {
        if (name == wanted) {
            return value;
        }
    }
    return std::nullopt;
}

using Faults = std::set<Fault>;

} // namespace knell::sim
