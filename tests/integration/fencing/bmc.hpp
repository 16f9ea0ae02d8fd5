// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace knell::fencing {

/// A child process of a test, killed and reaped with its variable.
class ChildProcess {
public:
    ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    void signal(int number) const noexcept;
    [[nodiscard]] int pid() const noexcept { return pid_; }

private:
    int pid_ = 0;
};

/// A folder of its own, removed with the variable.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// A UDP port of 127.0.0.1 that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();
/// Blocks until something on the port answers Get Channel Authentication Capabilities.
[[nodiscard]] bool answers_ipmi(std::uint16_t port);

/// tests/lab/bmc on a port of its own: a BMC with suites 17 and 3, and faults.
class LabBmc {
public:
    static constexpr const char* guid = "00112233-4455-6677-8899-aabbccddeeff";
    explicit LabBmc(const std::vector<std::string>& options = {});
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// "name=value" lines; empty: no faults.
    void fault(const std::string& lines) const;
    void freeze() const noexcept;
    void thaw() const noexcept;
    /// The commands that it has executed within sessions, e.g. "netfn 00 cmd 02 00".
    [[nodiscard]] std::string log() const;
    [[nodiscard]] unsigned count(const std::string& words) const;

private:
    Folder folder_;
    std::uint16_t port_;
    ChildProcess process_;
};

/// OpenIPMI's ipmi_sim: another implementation. Suites up to 3, wants the
/// workaround opensesspriv.
class IpmiSim {
public:
    static constexpr const char* guid = "a1234567-89ab-cdef-a123-4567000000f1";
    IpmiSim();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] bool power_is_on() const;
    /// What its chassis was told, e.g. "set power 0".
    [[nodiscard]] std::string log() const;

private:
    std::vector<std::string> configured() const;

    Folder folder_;
    std::uint16_t port_;
    ChildProcess process_;
};

inline const std::string bmc_guid = LabBmc::guid;
/// The same in the order of its bytes, as the BMC sends it.
inline const SystemUuid shown_guid{"33221100-5544-7766-8899-aabbccddeeff"};

} // namespace knell::fencing
