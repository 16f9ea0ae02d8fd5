// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/agent_config.hpp"

#include "monitor/heartbeat_key.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <initializer_list>
#include <map>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::agent {
namespace {

constexpr std::size_t most_bytes = 64UL * 1024;
constexpr std::size_t doors_at_most = 16;

struct FileText {
    std::string text;
    int error = 0; ///< errno
    mode_t mode = 0;
};

FileText read_file(const std::string& path)
{
    FileText result;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0) {
        result.error = errno;
        if (file >= 0) {
            close(file);
        }
        return result;
    }
    result.mode = status.st_mode;
    // One byte more is enough to know; half of a text says something else than the whole.
    result.text.resize(most_bytes + 1);
    std::size_t size = 0;
    ssize_t got = 0;
    while (size < result.text.size() &&
           (got = read(file, result.text.data() + size, result.text.size() - size)) > 0) {
        size += static_cast<std::size_t>(got);
    }
    result.error = got < 0 ? errno : size > most_bytes ? EFBIG : 0;
    result.text.resize(size);
    close(file);
    return result;
}

class Reader {
public:
    Reader(std::string path, std::string credentials, std::string store)
        : path_{std::move(path)}, credentials_{std::move(credentials)}, store_{std::move(store)}
    {
    }

    std::variant<AgentConfig, ConfigFaults> read();

private:
    using Entry = std::function<void(const YAML::Node&)>;
    using Entries = std::map<std::string_view, Entry>;

    void fault(const YAML::Mark& at, const std::string& text);
    void entries(const YAML::Node& map, const Entries& known, const std::string& where);
    std::string scalar(const YAML::Node& node, const std::string& what);
    void read_controllers(const YAML::Node& list);
    void read_controller(const YAML::Node& node);
    void read_interval(const YAML::Node& node);
    void read_goodbye(const YAML::Node& node);
    void read_channel(const YAML::Node& node);
    void read_listen(const YAML::Node& list);
    void read_key(const YAML::Node& node);
    void read_uuid(const YAML::Node& node);
    void read_check(const YAML::Node& node, Check& into, const std::string& what,
                    bool socket_allowed);
    std::string credential_path(const YAML::Node& node);
    void take_key(const std::string& path, const YAML::Mark& at, bool from_systemd);
    void take_boot();
    void take_uuid();

    std::string path_;
    std::string credentials_; ///< empty: systemd gave us none
    std::string store_;
    AgentConfig config_;
    ConfigFaults faults_;
    std::string boot_file_ = "/proc/sys/kernel/random/boot_id";
    YAML::Mark boot_at_ = YAML::Mark::null_mark();
    std::optional<std::string> uuid_file_;
    YAML::Mark uuid_at_ = YAML::Mark::null_mark();
};

void Reader::fault(const YAML::Mark& at, const std::string& text)
{
    std::string where = path_;
    if (!at.is_null()) {
        where += ":" + std::to_string(at.line + 1) + ":" + std::to_string(at.column + 1);
    }
    faults_.push_back(where + ": " + text);
}

void Reader::entries(const YAML::Node& map, const Entries& known, const std::string& where)
{
    if (!map.IsMap()) {
        fault(map.Mark(), where + " must be a map of names and values.");
        return;
    }
    std::map<std::string, bool> seen;
    for (const auto& pair : map) {
        if (!pair.first.IsScalar()) {
            fault(pair.first.Mark(), "a name in " + where + " must be a word.");
            continue;
        }
        const std::string& name = pair.first.Scalar();
        const auto entry = known.find(name);
        if (entry == known.end()) {
            std::string names;
            for (const auto& [word, use] : known) {
                names += (names.empty() ? "" : ", ") + std::string{word};
            }
            std::string text = "\"" + name;
            text += "\" is unknown in " + where + ". Known are: " + names + ".";
            fault(pair.first.Mark(), text);
        } else if (std::exchange(seen[name], true)) {
            fault(pair.first.Mark(), "\"" + name + "\" is given twice. Remove one of them.");
        } else {
            entry->second(pair.second);
        }
    }
}

std::string Reader::scalar(const YAML::Node& node, const std::string& what)
{
    if (!node.IsScalar() || node.Scalar().empty()) {
        fault(node.Mark(), what + " must be a single value.");
        return {};
    }
    return node.Scalar();
}

void Reader::read_controllers(const YAML::Node& list)
{
    if (!list.IsSequence() || list.size() == 0) {
        fault(list.Mark(), "controllers must be a list of addresses with ports, e.g. "
                           "[\"10.0.0.1:7412\"].");
        return;
    }
    for (const auto& node : list) {
        read_controller(node);
    }
}

void Reader::read_controller(const YAML::Node& node)
{
    Controller controller;
    const auto take_address = [&](const YAML::Node& value) {
        const auto endpoint = monitor::parse_endpoint(value.IsScalar() ? value.Scalar() : "");
        if (!endpoint) {
            fault(value.Mark(), "a controller is an address and a port, such as "
                                "\"10.0.0.1:7412\" or \"[fd00::1]:7412\"; names are not resolved.");
            return;
        }
        controller.to = *endpoint;
    };
    const auto take_from = [&](const YAML::Node& value) {
        controller.from = monitor::parse_address(value.IsScalar() ? value.Scalar() : "");
        if (!controller.from) {
            fault(value.Mark(), "from must be one of this host's IP addresses.");
        }
    };
    if (!node.IsMap()) {
        take_address(node);
    } else {
        entries(node, {{"address", take_address}, {"from", take_from}}, "a controller");
        if (!node["address"]) {
            fault(node.Mark(), "this controller lacks an address.");
        }
    }
    if (controller.from && controller.from->family != controller.to.address.family) {
        fault(node.Mark(), "address and from must both be IPv4 or both be IPv6.");
    }
    config_.controllers.push_back(controller);
}

void Reader::read_interval(const YAML::Node& node)
{
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    if (error != std::errc{} || (unit != "ms" && unit != "s") || number < 0 || number > 60000) {
        fault(node.Mark(), "interval must be a time with its unit, such as 200ms or 1s.");
        return;
    }
    config_.interval = unit == "ms" ? Duration{number * 1ms} : Duration{number * 1s};
    if (config_.interval < 10ms || config_.interval > 60s) {
        fault(node.Mark(), "interval must be between 10ms and 60s.");
    }
}

void Reader::read_goodbye(const YAML::Node& node)
{
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    if (text == "on_shutdown") {
        config_.goodbye = GoodbyeRule::on_shutdown;
    } else if (text == "always") {
        config_.goodbye = GoodbyeRule::always;
    } else if (text == "never") {
        config_.goodbye = GoodbyeRule::never;
    } else {
        fault(node.Mark(), "goodbye must be on_shutdown, always or never.");
    }
}

void Reader::read_channel(const YAML::Node& node)
{
    entries(node, {{"listen", [this](const YAML::Node& value) { read_listen(value); }}}, "channel");
    if (node.IsMap() && !node["listen"]) {
        fault(node.Mark(), "channel lacks listen. Leave channel out where it is not wanted.");
    }
}

void Reader::read_listen(const YAML::Node& list)
{
    if (!list.IsSequence() || list.size() == 0 || list.size() > doors_at_most) {
        fault(list.Mark(), "listen must be a list of at most " + std::to_string(doors_at_most) +
                               " addresses with ports, e.g. [\"0.0.0.0:7413\"].");
        return;
    }
    for (const auto& node : list) {
        const auto endpoint = monitor::parse_endpoint(node.IsScalar() ? node.Scalar() : "");
        if (!endpoint) {
            fault(node.Mark(), "listen takes addresses of this host with a port, such as "
                               "\"0.0.0.0:7413\" or \"[::]:7413\"; names are not resolved.");
            continue;
        }
        auto& all = config_.channel;
        if (std::find(all.begin(), all.end(), *endpoint) != all.end()) {
            fault(node.Mark(),
                  monitor::to_string(*endpoint) + " is listened on twice. Remove one of them.");
            continue;
        }
        all.push_back(*endpoint);
    }
}

std::string Reader::credential_path(const YAML::Node& node)
{
    const std::string name = scalar(node, "a credential");
    if (name.empty()) {
        return {};
    }
    if (name.find('/') != std::string::npos || name == "." || name == "..") {
        fault(node.Mark(), "a credential's name is no path. Use {file: PATH} for a file.");
        return {};
    }
    return (credentials_.empty() ? store_ : credentials_) + "/" + name;
}

void Reader::read_key(const YAML::Node& node)
{
    std::string path;
    bool from_systemd = false;
    entries(node,
            {{"file", [&](const YAML::Node& value) { path = scalar(value, "file"); }},
             {"credential",
              [&](const YAML::Node& value) {
                  path = credential_path(value);
                  from_systemd = !credentials_.empty();
              }}},
            "key");
    if (node.IsMap() && node.size() != 1) {
        fault(node.Mark(), "key must be {file: PATH} or {credential: NAME}.");
    } else if (!path.empty()) {
        take_key(path, node.Mark(), from_systemd);
    }
}

void Reader::take_key(const std::string& path, const YAML::Mark& at, bool from_systemd)
{
    auto file = read_file(path);
    if (file.error != 0) {
        fault(at, "cannot read the key file " + path + ": " + std::strerror(file.error) + ".");
        return;
    }
    const Secret text{std::move(file.text)};
    if (!from_systemd && (file.mode & 007) != 0) {
        fault(at, "everybody on this host may read or change the key file " + path +
                      ". Mend it with: chmod o= " + path);
        return;
    }
    auto key = monitor::parse_key(text.reveal());
    if (!key) {
        fault(at, "the key file " + path + " must hold 64 hexadecimal digits and nothing else.");
        return;
    }
    config_.key = std::move(*key);
}

void Reader::read_uuid(const YAML::Node& node)
{
    uuid_at_ = node.Mark();
    if (node.IsScalar()) {
        uuid_file_ = scalar(node, "system_uuid_file");
        return;
    }
    entries(node,
            {{"file", [&](const YAML::Node& value) { uuid_file_ = scalar(value, "file"); }},
             {"credential", [&](const YAML::Node& value) { uuid_file_ = credential_path(value); }}},
            "system_uuid_file");
}

void Reader::read_check(const YAML::Node& node, Check& into, const std::string& what,
                        bool socket_allowed)
{
    into = std::monostate{};
    if (node.IsNull()) {
        return;
    }
    Entries known = {
        {"unit", [&](const YAML::Node& v) { into = UnitCheck{scalar(v, "unit")}; }},
        {"pidfile", [&](const YAML::Node& v) { into = PidfileCheck{scalar(v, "pidfile")}; }},
        {"process", [&](const YAML::Node& v) { into = ProcessCheck{scalar(v, "process")}; }}};
    if (socket_allowed) {
        known["socket"] = [&](const YAML::Node& v) { into = SocketCheck{scalar(v, "socket")}; };
    }
    entries(node, known, what);
    if (node.IsMap() && node.size() != 1) {
        fault(node.Mark(), what + " takes exactly one way of looking.");
    }
    const auto* unit = std::get_if<UnitCheck>(&into);
    if (unit != nullptr && unit->unit.find('/') != std::string::npos) {
        fault(node.Mark(), "a unit's name is no path.");
    }
}

void Reader::take_boot()
{
    const auto file = read_file(boot_file_);
    const auto boot = monitor::parse_uuid(file.text);
    if (!boot) {
        fault(boot_at_, "cannot take a boot id from " + boot_file_ + ": " +
                            (file.error != 0 ? std::strerror(file.error) : "that is no UUID") +
                            ".");
        return;
    }
    config_.boot = *boot;
}

void Reader::take_uuid()
{
    // Only root may read the kernel's own file; without it the controller knows the host by name.
    if (uuid_file_) {
        const auto file = read_file(*uuid_file_);
        config_.system_uuid = monitor::parse_uuid(file.text);
        if (!uuid_file_->empty() && !config_.system_uuid) {
            fault(uuid_at_, "cannot take a system UUID from " + *uuid_file_ + ": " +
                                (file.error != 0 ? std::strerror(file.error) : "that is no UUID") +
                                ".");
        }
        return;
    }
    if (!credentials_.empty()) {
        config_.system_uuid = monitor::parse_uuid(read_file(credentials_ + "/product_uuid").text);
    }
    if (!config_.system_uuid) {
        config_.system_uuid = monitor::parse_uuid(read_file("/sys/class/dmi/id/product_uuid").text);
    }
}

std::variant<AgentConfig, ConfigFaults> Reader::read()
{
    const auto file = read_file(path_);
    if (file.error != 0) {
        fault(YAML::Mark::null_mark(),
              std::string{std::strerror(file.error)} + ". Name the configuration with --config.");
        return faults_;
    }
    YAML::Node root;
    try {
        root = YAML::Load(file.text);
    } catch (const YAML::Exception& error) {
        fault(error.mark, error.msg + ".");
        return faults_;
    }
    const auto health = [this](const YAML::Node& node) {
        entries(node,
                {{"nova_compute",
                  [this](const YAML::Node& v) {
                      read_check(v, config_.nova_compute, "health.nova_compute", false);
                  }},
                 {"libvirt",
                  [this](const YAML::Node& v) {
                      read_check(v, config_.libvirt, "health.libvirt", true);
                  }}},
                "health");
    };
    entries(root,
            {{"host", [this](const YAML::Node& v) { config_.host = HostId{scalar(v, "host")}; }},
             {"controllers", [this](const YAML::Node& v) { read_controllers(v); }},
             {"interval", [this](const YAML::Node& v) { read_interval(v); }},
             {"key", [this](const YAML::Node& v) { read_key(v); }},
             {"boot_id_file",
              [this](const YAML::Node& v) {
                  boot_at_ = v.Mark();
                  boot_file_ = scalar(v, "boot_id_file");
              }},
             {"system_uuid_file", [this](const YAML::Node& v) { read_uuid(v); }},
             {"health", health},
             {"goodbye", [this](const YAML::Node& v) { read_goodbye(v); }},
             {"channel", [this](const YAML::Node& v) { read_channel(v); }}},
            "the configuration");
    for (const char* needed : {"host", "controllers", "key"}) {
        if (root.IsMap() && !root[needed]) {
            fault(root.Mark(), std::string{needed} + " is missing. See knell-agent(8).");
        }
    }
    take_boot();
    take_uuid();
    if (!faults_.empty()) {
        return faults_;
    }
    return std::move(config_);
}

} // namespace

std::variant<AgentConfig, ConfigFaults>
load_config(const std::string& path, const std::string& credentials, const std::string& store)
{
    return Reader{path, credentials, store}.read();
}

} // namespace knell::agent
