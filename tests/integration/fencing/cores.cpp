// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/cores.hpp"

#include "tests/integration/fencing/bmc.hpp"
#include "tests/unit/fencing/script.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace knell::fencing {
namespace {

/// Whether these words stand in what the process can write to.
bool holds(pid_t pid, const std::string& words)
{
    const auto proc = "/proc/" + std::to_string(pid);
    std::ifstream maps{proc + "/maps"};
    std::ifstream memory{proc + "/mem", std::ios::binary};
    for (std::string line; std::getline(maps, line);) {
        std::uintmax_t from = 0, to = 0;
        char may[5] = {};
        // What a sanitizer sets aside is larger than any machine's memory.
        if (std::sscanf(line.c_str(), "%jx-%jx %4s", &from, &to, may) != 3 || may[1] != 'w' ||
            to - from > (std::uintmax_t{1} << 28)) {
            continue;
        }
        std::string bytes(to - from, '\0');
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(from));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (bytes.find(words) != std::string::npos) {
            return true;
        }
    }
    return false;
}

/// Aborts a child of ours; whether it left a core.
bool leaves_a_core(pid_t child)
{
    siginfo_t end{};
    const bool ended = ::kill(child, SIGABRT) == 0 &&
                       ::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT) == 0;
    return ended && end.si_code == CLD_DUMPED;
}

} // namespace

std::string apart(const std::function<std::string()>& work)
{
    const Folder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        std::filesystem::current_path(folder.path());
        std::ofstream{"said"} << work();
        ::_exit(0);
    }
    int status = -1;
    const bool well = ::waitpid(child, &status, 0) == child && status == 0;
    return well ? file_text(folder.path() / "said") : "the process apart came to no end";
}

void let_cores_be_left()
{
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    core.rlim_cur = core.rlim_max;
    ::setrlimit(RLIMIT_CORE, &core);
    constexpr auto number = offsetof(seccomp_data, nr);
    constexpr auto new_limit = offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t);
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, new_limit),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, new_limit + sizeof(std::uint32_t)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
    };
    sock_fprog filter{std::size(program), program};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

std::string what_a_core_would_show(pid_t child, const std::string& secret)
{
    const auto limits = file_text("/proc/" + std::to_string(child) + "/limits");
    if (limits.find("Max core file size        unlimited") == std::string::npos) {
        return "its limit forbids a core, whatever else does";
    }
    if (!holds(child, secret)) {
        return "no secret could be found in a core";
    }
    if (leaves_a_core(child)) {
        return "it leaves a core";
    }
    const ChildProcess other{{"sleep", "60"}, "log-of-the-other"};
    return leaves_a_core(other.pid()) ? "" : "nobody leaves a core here, so nothing is shown";
}

} // namespace knell::fencing
