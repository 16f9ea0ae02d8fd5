// SPDX-License-Identifier: GPL-3.0-or-later
// refused: FenceCertificate::FenceCertificate.* is private
#include "core/effect.hpp"

using namespace knell;

Effect say_it_is_off(FenceCertificate certificate)
{
#ifdef FORBIDDEN
    certificate = FenceCertificate{HostId{"compute1"}, EpisodeId{1},
                                   FenceCertificate::Grounds::powered_off, Instant{}, "a hunch"};
#endif
    return ForceDown{std::move(certificate), AttemptId{1}, Instant{}};
}
