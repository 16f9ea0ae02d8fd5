// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/known_host.hpp"

#include <boost/json.hpp>

namespace knell::control {

Failure no_such_host(const std::string& name)
{
    return {ErrorCode::no_such_host, "knell watches no host \"" + name +
                                         "\"; names are exactly those of Nova's service records"};
}

std::optional<HostView> known_host(const Call& call)
{
    const HostId host{std::string{call.params.at("host").get_string()}};
    auto view = call.services.operations.host(host);
    if (!view) {
        call.reply(no_such_host(host.get()));
    }
    return view;
}

} // namespace knell::control
