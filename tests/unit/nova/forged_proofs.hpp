// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The only issuers of proofs are FenceProcedure, HostMachine and Readmission.
// A test of nova/ needs proofs without their stories, so here stand impostors
// of the same names. Never include this where the real ones are included.
#include "core/fence_certificate.hpp"
#include "core/forced_down.hpp"

namespace knell {

class FenceProcedure {
public:
    static FenceCertificate forge(const std::string& host)
    {
        return FenceCertificate{HostId{host}, EpisodeId{1}, FenceCertificate::Grounds::powered_off,
                                Instant{}, "forged"};
    }
};

class HostMachine {
public:
    static ForcedDown forge(const std::string& host)
    {
        return ForcedDown{HostId{host}, EpisodeId{1}};
    }
};

class Readmission {
public:
    static Clearance forge(const std::string& host) { return Clearance{HostMachine::forge(host)}; }
};

} // namespace knell
