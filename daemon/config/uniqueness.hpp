// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/source.hpp"

#include <map>
#include <string>

namespace knell::config {

class Problems;

/// What may exist only once over the whole inventory. Two hosts that share an address or a BMC
/// are how the wrong machine gets its power cut.
class Uniqueness {
public:
    explicit Uniqueness(Problems& problems) : problems_{problems} {}

    /// Returns whether this is the first host of that name.
    bool host(const std::string& name, const Place& at);
    void sentinel(const std::string& name, const Place& at);
    void address(const std::string& address, const std::string& owner, const Place& at);
    void bmc(const std::string& address, unsigned port, const std::string& host, const Place& at);
    void guid(const std::string& guid, const std::string& host, const Place& at);
    void device(const std::string& name, const std::string& host, const Place& at);

    /// Warns of hosts whose names differ only in case, or in a domain.
    void warn_of_lookalikes();

private:
    struct Claim {
        std::string owner;
        Place at;
    };
    using Claims = std::map<std::string, Claim>;
    /// Returns the earlier claim, if there is one.
    static const Claim* claim(Claims& claims, const std::string& what, const std::string& owner,
                              const Place& at);

    Problems& problems_;
    Claims hosts_;
    Claims sentinels_;
    Claims addresses_;
    Claims bmcs_;
    Claims guids_;
    Claims devices_;
};

} // namespace knell::config
