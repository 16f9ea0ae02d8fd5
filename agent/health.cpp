// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/health.hpp"

#include "core/overloaded.hpp"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace knell::agent {
namespace {

bool unit_lives(const UnitCheck& check)
{
    // cgroup.events also counts processes in groups below the unit's; cgroup v1 has no such file.
    std::ifstream events{"/sys/fs/cgroup/system.slice/" + check.unit + "/cgroup.events"};
    std::string name;
    int value = 0;
    while (events >> name >> value) {
        if (name == "populated") {
            return value != 0;
        }
    }
    std::ifstream processes{"/sys/fs/cgroup/systemd/system.slice/" + check.unit + "/cgroup.procs"};
    return static_cast<bool>(processes >> value);
}

bool pidfile_lives(const PidfileCheck& check)
{
    std::ifstream file{check.path};
    pid_t process = 0;
    if (!(file >> process) || process <= 0) {
        return false;
    }
    return kill(process, 0) == 0 || errno == EPERM;
}

bool process_lives(const ProcessCheck& check)
{
    const std::string wanted = check.name.substr(0, 15); // the kernel keeps no more
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
        const std::string number = entry.path().filename().string();
        if (number.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        std::ifstream file{entry.path() / "comm"};
        std::string name;
        if (std::getline(file, name) && name == wanted) {
            return true;
        }
    }
    return false;
}

bool socket_lives(const SocketCheck& check)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (check.path.size() >= sizeof address.sun_path) {
        return false;
    }
    std::copy(check.path.begin(), check.path.end(), address.sun_path);
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const bool connected = probe >= 0 && connect(probe, reinterpret_cast<const sockaddr*>(&address),
                                                 sizeof address) == 0;
    if (probe >= 0) {
        close(probe);
    }
    return connected;
}

int keep_state(sd_bus_message* reply, void* into, sd_bus_error* /*unused*/)
{
    const char* state = "";
    if (sd_bus_message_is_method_error(reply, nullptr) == 0) {
        sd_bus_message_read(reply, "v", "s", &state);
    }
    *static_cast<std::optional<std::string>*>(into) = state;
    return 0;
}

/// Never waits for the bus to be started: systemd starts it only after we have ended, when both are
/// asked of it at once.
bool manager_says_stopping()
{
    using Clock = std::chrono::steady_clock;
    sd_bus* bus = nullptr;
    if (sd_bus_open_system(&bus) < 0) {
        return false;
    }
    std::optional<std::string> state;
    int result = sd_bus_call_method_async(
        bus, nullptr, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
        "org.freedesktop.DBus.Properties", "Get", keep_state, &state, "ss",
        "org.freedesktop.systemd1.Manager", "SystemState");
    const auto deadline = Clock::now() + std::chrono::seconds{1};
    while (result >= 0 && !state && Clock::now() < deadline) {
        result = sd_bus_process(bus, nullptr);
        if (result == 0) {
            const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
                std::max(deadline - Clock::now(), Clock::duration::zero()));
            result = sd_bus_wait(bus, static_cast<std::uint64_t>(left.count()));
        }
    }
    sd_bus_close_unref(bus);
    return state == "stopping";
}

} // namespace

bool lives(const Check& check)
{
    return std::visit(Overloaded{[](std::monostate) { return false; },
                                 [](const UnitCheck& c) { return unit_lives(c); },
                                 [](const PidfileCheck& c) { return pidfile_lives(c); },
                                 [](const ProcessCheck& c) { return process_lives(c); },
                                 [](const SocketCheck& c) { return socket_lives(c); }},
                      check);
}

bool host_is_shutting_down()
{
    return manager_says_stopping() || access("/run/nologin", F_OK) == 0;
}

} // namespace knell::agent
