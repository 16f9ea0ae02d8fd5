// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/surroundings.hpp"

#include <optional>
#include <string>

namespace knell::config {

class Sources;

/// What every section needs to be read: where to complain and whom to ask.
struct Context {
    const Sources& sources;
    const Surroundings& surroundings;
    Problems& problems;
};

struct SecretLimits {
    std::size_t least = 1; ///< bytes
    std::size_t most = 4096;
};

/// Reads {file: PATH}, {credential: NAME} or {env: NAME}. Where systemd gave no credentials,
/// secret_NAME is the file from which knelld.service would take it. A secret written into the
/// configuration itself is refused, as is a file that nova::distrust() says no to. One newline at
/// the end is not part of the secret. What is wrong goes to the context's problems, without a byte
/// of the secret.
[[nodiscard]] std::optional<Secret> read_secret(const Entry& entry, const SecretLimits& limits,
                                                const Context& context);

} // namespace knell::config
