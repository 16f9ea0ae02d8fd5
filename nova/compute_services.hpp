// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/forced_down.hpp"
#include "core/leave.hpp"

#include <functional>

namespace knell::nova {

/// Nova's os-services, as far as knell needs it. Calls return at once; the
/// handler runs later, exactly once, on the loop's thread, at the latest when
/// `reply_by` has passed. Nothing is retried here but what HTTP itself demands
/// (one renewed token, one fresh connection): retries are decided in core.
class ComputeServices {
public:
    using Handler = std::function<void(NovaAnswer)>;
    using ServersHandler = std::function<void(ServersSeen)>;
    using ServicesHandler = std::function<void(ServicesSeen)>;

    virtual ~ComputeServices() = default;

    /// Sets the flag and reads it back. The proof names the host. No write goes out without
    /// `leave`, which is looked at when there is a connection.
    virtual void force_down(const FenceCertificate& proof, AttemptId attempt, Instant reply_by,
                            Leave leave, Handler on_answer) = 0;
    virtual void clear_forced_down(const Clearance& proof, AttemptId attempt, Instant reply_by,
                                   Leave leave, Handler on_answer) = 0;
    virtual void read_forced_down(const HostId& host, AttemptId attempt, Instant reply_by,
                                  Handler on_answer) = 0;
    virtual void sample_servers(const HostId& host, AttemptId attempt, Instant reply_by,
                                ServersHandler on_answer) = 0;

    /// From now on all services are looked at `every` so often, and sooner where that costs
    /// nothing; each list goes to the handler given last. Only a whole list does: an answer that
    /// does not come, or that hides something (nova/service_list.hpp), is not told. A host that
    /// is not in a list is not known to be gone: before 2.69 Nova leaves out what lies in a cell
    /// whose database it cannot reach.
    virtual void watch_services(Duration every, ServicesHandler on_services) = 0;
};

} // namespace knell::nova
