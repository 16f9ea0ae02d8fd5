// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compute_silence.hpp"

#include "core/planned_work.hpp"

#include <string>
#include <utility>

namespace knell {

namespace {

/// A nova-compute that is started again, by hand or by a package, is back within this.
constexpr Duration patience = 60s;

} // namespace

void ComputeSilence::on_look(Instant now, const HostId& host,
                             const std::optional<AgentReport>& reported,
                             const std::optional<ServiceSeen>& service, Effects& effects)
{
    if (!reported || reported->nova_compute) {
        forget();
        if (std::exchange(told_, false)) {
            effects.push_back(Notice{Notice::Weight::info, "NOVA_COMPUTE_RUNS", host, EpisodeId{0},
                                     "nova-compute runs again"});
        }
        return;
    }
    if (service && disabled_by_hand(*service)) {
        return forget();
    }
    since_ = since_.value_or(now);
    if (!told_ && now - *since_ >= patience) {
        told_ = true;
        effects.push_back(
            Notice{Notice::Weight::warning, "NOVA_COMPUTE_SILENT", host, EpisodeId{0},
                   "its agent says for " + std::to_string(patience / 1s) +
                       " s that nova-compute does not run: the host is well and is not fenced for "
                       "this, but Nova can start and move no server there"});
    }
}

} // namespace knell
