// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/outside.hpp"

#include "nova/compute_services.hpp"

namespace knell {

OrderId Outside::expect_answer(OnAnswer on_answer)
{
    const OrderId id{++last_order_};
    orders_.emplace(id, std::move(on_answer));
    return id;
}

void Outside::record(const Record& record)
{
    rooms_.scribe.write(record);
}

void Outside::power(const Power& order)
{
    rooms_.devices.execute(order.command, [this, host = order.host](PowerReply reply) {
        deliver_(PowerAnswer{host, std::move(reply)});
    });
}

void Outside::stand_down(const StandDown& order)
{
    rooms_.devices.stand_down(order.host);
}

void Outside::force_down(const ForceDown& order)
{
    rooms_.nova.force_down(order.certificate, order.attempt, order.reply_by, order.leave,
                           [this](NovaAnswer answer) { deliver_(answer); });
}

void Outside::clear_forced_down(const ClearForcedDown& order)
{
    rooms_.nova.clear_forced_down(order.clearance, order.attempt, order.reply_by, order.leave,
                                  [this](NovaAnswer answer) { deliver_(answer); });
}

void Outside::read_forced_down(const ReadForcedDown& order)
{
    rooms_.nova.read_forced_down(order.host, order.attempt, order.reply_by,
                                 [this](NovaAnswer answer) { deliver_(answer); });
}

void Outside::sample_servers(const SampleServers& order)
{
    rooms_.nova.sample_servers(order.host, order.attempt, order.reply_by,
                               [this](ServersSeen seen) { deliver_(seen); });
}

void Outside::watch(const Watch& order)
{
    if (look_) {
        look_(order);
    }
}

void Outside::notify(const Notice& notice)
{
    const auto at = std::chrono::system_clock::now();
    rooms_.log.write(at, notice);
    rooms_.scribe.tell(notice);
    if (watch_) {
        watch_(at, notice);
    }
}

void Outside::answer(const Answer& answer)
{
    if (auto order = orders_.extract(answer.order)) {
        order.mapped()(answer.accepted, answer.text);
    }
}

} // namespace knell
