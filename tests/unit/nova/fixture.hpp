// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

namespace knell::nova {

/// What a real Keystone or Nova once answered; tests/unit/nova/fixtures.
inline std::string fixture(const std::string& name)
{
    std::ifstream in{KNELL_SOURCE_DIR "/tests/unit/nova/fixtures/" + name};
    EXPECT_TRUE(in) << name;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

} // namespace knell::nova
