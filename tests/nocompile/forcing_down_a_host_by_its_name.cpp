// SPDX-License-Identifier: GPL-3.0-or-later
// refused: could not convert .*HostId.* to .*FenceCertificate|cannot convert .*HostId.* to
// .*FenceCertificate|no matching function
#include "core/effect.hpp"

using namespace knell;

Effect tell_nova(FenceCertificate certificate, [[maybe_unused]] HostId host)
{
#ifdef FORBIDDEN
    return ForceDown{std::move(host), AttemptId{1}, Instant{}};
#endif
    return ForceDown{std::move(certificate), AttemptId{1}, Instant{}};
}
