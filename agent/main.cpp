// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/agent_config.hpp"
#include "agent/beat_loop.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

namespace {

/// The key must neither be dumped, nor traced, nor swapped out.
void protect_memory()
{
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    // Best effort, and not for what is mapped later: that could then fail for want of
    // RLIMIT_MEMLOCK.
    mlockall(MCL_CURRENT);
}

void block_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

} // namespace

int main(int argc, char** argv)
{
    std::string path = "/etc/knell/agent.yaml";
    bool check = false;
    CLI::App app{"Tells knell's controllers that this compute host lives."};
    app.add_option("--config", path, "Configuration file")->capture_default_str();
    app.add_flag("--check-config", check, "Read the configuration, say what is wrong, and exit");
    app.set_version_flag("--version", "knell-agent " KNELL_VERSION);
    CLI11_PARSE(app, argc, argv);

    protect_memory();
    block_signals();
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    auto loaded = knell::agent::load_config(path, credentials != nullptr ? credentials : "");
    if (const auto* faults = std::get_if<knell::agent::ConfigFaults>(&loaded)) {
        for (const auto& fault : *faults) {
            std::fprintf(stderr, "%s\n", fault.c_str());
        }
        return EX_CONFIG;
    }
    const auto& config = std::get<knell::agent::AgentConfig>(loaded);
    if (check) {
        std::printf("%s: good\n", path.c_str());
        return 0;
    }
    std::fprintf(stderr,
                 "knell-agent: " KNELL_VERSION
                 ", beating as %s to %zu address(es) every %lld ms%s\n",
                 config.host.get().c_str(), config.controllers.size(),
                 static_cast<long long>(config.interval / std::chrono::milliseconds{1}),
                 config.system_uuid ? "" : ", without a system UUID");
    return knell::agent::beat_until_stopped(config);
}
