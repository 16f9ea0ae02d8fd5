// SPDX-License-Identifier: GPL-3.0-or-later
// agent.yaml. Beside it lie a key, a boot id and a system UUID, in the folder "files" and as
// credentials of systemd's.
#include "agent/agent_config.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <algorithm>

namespace knell::agent {
namespace {

using fuzz::require;

constexpr std::string_view key = "00c0ffee0000000000000000000000000000000000000000000000000c0ffee0";

/// Relative paths lead to the files that lie here.
class Desk {
public:
    Desk()
    {
        for (const char* folder : {"files/", "credentials/"}) {
            scratch_.write(std::string{folder} + "key", std::string{key} + "\n");
            scratch_.write(std::string{folder} + "short", "00c0ffee\n");
            scratch_.write(std::string{folder} + "open", std::string{key} + "\n", 0644);
            scratch_.write(std::string{folder} + "product_uuid",
                           "4c4c4544-0034-3010-8052-b4c04f4e4d32\n");
            scratch_.write(std::string{folder} + "boot_id",
                           "0f0e0d0c-0b0a-4908-8706-050403020100\n");
        }
        require(::chdir(scratch_.path().c_str()) == 0, "a process can move");
    }

    [[nodiscard]] std::variant<AgentConfig, ConfigFaults> load(std::string_view text) const
    {
        scratch_.write("agent.yaml", text, 0644);
        return load_config("agent.yaml", "credentials");
    }

private:
    fuzz::Scratch scratch_;
};

void check(const ConfigFaults& faults, bool told)
{
    require(!faults.empty(), "what cannot be used says why");
    for (const auto& fault : faults) {
        require(fault.starts_with("agent.yaml"), "a fault says where", fault);
        require(fault.ends_with(".") || fault.find("Mend it with: ") != std::string::npos,
                "a fault is a sentence", fault);
        require(told || fault.find(key) == std::string::npos, "a fault tells no secret");
    }
}

void check(const AgentConfig& config)
{
    require(!config.host.get().empty() && !config.controllers.empty(), "an agent has whom to tell");
    require(config.key.reveal().size() == 32, "a key has its length");
    require(config.interval >= 10ms && config.interval <= 60s, "an interval is within bounds");
    require(config.channel.size() <= 16, "an agent opens few doors");
    for (const auto& controller : config.controllers) {
        require(controller.to.port != 0, "a controller listens somewhere");
        require(!controller.from || controller.from->family == controller.to.address.family,
                "an address leads to its own family");
        const auto again = monitor::parse_endpoint(monitor::to_string(controller.to));
        require(again == controller.to, "an address that was written again reads the same");
    }
}

} // namespace

KNELL_FUZZ_TARGET(agent_yaml)
{
    static const Desk desk;
    const auto text = fuzz::text_of(bytes);
    // Other files than ours would make the outcome another one elsewhere, or not come at all.
    if (text.find("/dev") != std::string_view::npos ||
        text.find("/proc") != std::string_view::npos) {
        return;
    }
    const auto outcome = desk.load(text);
    if (const auto* faults = std::get_if<ConfigFaults>(&outcome)) {
        check(*faults, text.find(key) != std::string_view::npos);
    } else {
        check(std::get<AgentConfig>(outcome));
    }
}

} // namespace knell::agent
