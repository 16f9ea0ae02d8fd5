// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/knelld.hpp"

#include "core/overloaded.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace knell::sim {

namespace {

nova::CloudSettings cloud_settings()
{
    nova::CloudSettings settings;
    settings.cloud = "simulated";
    settings.auth_url = std::string{NovaApi::base} + "/identity/v3";
    settings.username = "knell";
    settings.user_domain_id = "default";
    settings.password = Secret{"sesame"};
    settings.project_id = "p";
    return settings;
}

nova::NovaOptions nova_options(const Policy& policy)
{
    nova::NovaOptions options;
    options.reply = policy.nova.reply;
    options.retry = policy.nova.retry;
    options.retry_most = policy.nova.retry_most;
    return options;
}

constexpr std::size_t answers_kept = 20;

} // namespace

Knelld::Knelld(const Around& around)
    : around_{around}, truth_{around.truth}, life_{std::make_shared<Life>(truth_.agenda)},
      line_{loop_, life_, truth_, around.api, around.weather, around.dice, [this] { pump(); }},
      nova_{std::in_place, loop_, line_, cloud_settings(), nova_options(truth_.policy_now)},
      scribe_{around.disk,
              life_,
              around.dice,
              {[this](const Record& record) {
                   deliver(Recorded{record.entry.host, record.attempt});
               },
               [this] {
                   truth_.say("knelld: JOURNAL_FAILED");
                   kill();
               },
               [this](bool stalled) {
                   truth_.say(stalled ? "knelld: JOURNAL_STALLED" : "knelld: JOURNAL_WRITES");
               }}},
      eyes_{life_,         truth_,      around.cables,
            around.agents, around.dice, [this](const Event& event) { deliver(event); }}
{
    for (const auto& [host, bmc] : around.bmcs.all()) {
        devices_.add(bmc.id, host, std::make_unique<BmcLine>(around.bmcs, host, life_, truth_));
    }
    const auto past = fold(around.disk.read_all());
    truth_.say("knelld starts");
    truth_.tell(Started{past, around.disk.ages_known()});
    fleet_ = std::make_unique<Fleet>(truth_.policy_now, past);
    engine_.emplace(*fleet_, *this);
    nova_->start();
    nova_->on_turn([this](const auto&) { boost::asio::post(loop_, [this] { tell_of_nova(); }); });
    nova_->watch_services(truth_.policy_now.nova.watch,
                          [this](const ServicesSeen& seen) { deliver(seen); });
    eyes_.start();
    engine_->begin(truth_.now());
    tick();
    pump();
}

Knelld::~Knelld()
{
    scribe_.tear();
    truth_.tell(Died{});
    nova_.reset();
    life_->end();
}

void Knelld::kill()
{
    dead_ = true;
}

void Knelld::die_at(unsigned effect, bool before)
{
    until_death_ = effect;
    die_before_ = before;
}

void Knelld::at_effect(unsigned effect, std::function<void()> what)
{
    planned_.push_back({effect, std::move(what)});
}

void Knelld::stop()
{
    life_->stop();
}

void Knelld::go_on()
{
    life_->go_on();
    if (!dead_) {
        eyes_.wake();
    }
}

void Knelld::deliver(const Event& event)
{
    if (dead_) {
        return;
    }
    for (const auto& oracle : truth_.oracles) {
        oracle->on_event(event);
    }
    if (std::holds_alternative<PowerAnswer>(event) || std::holds_alternative<NovaAnswer>(event) ||
        std::holds_alternative<Recorded>(event)) {
        if (answers_.size() == answers_kept) {
            answers_.erase(answers_.begin());
        }
        answers_.push_back(event);
    }
    engine_->deliver(truth_.now(), event);
    tick();
    pump();
    tell_of_states();
}

/// As daemon/knelld.cpp: what stands once the client has come to rest.
void Knelld::tell_of_nova()
{
    const auto health = nova_->health();
    if (std::exchange(nova_answers_, health.warm) != health.warm) {
        deliver(NovaTurned{health.warm, health.warm ? "again" : health.last_error});
    }
}

/// As Ticker: a deadline that moves later costs nothing.
void Knelld::tick()
{
    const auto at = engine_->deadline();
    if (at >= armed_) {
        return;
    }
    armed_ = at;
    life_->at(at, [this, at] {
        if (armed_ != at || dead_) {
            return;
        }
        armed_ = Instant::max();
        if (truth_.now() >= engine_->deadline()) {
            engine_->wake(truth_.now());
            pump();
            tell_of_states();
        }
        tick();
    });
}

/// Runs what the Nova client has to do now. A handler may lead back here.
void Knelld::pump()
{
    if (depth_ > 0) {
        return;
    }
    ++depth_;
    loop_.restart();
    loop_.poll();
    --depth_;
}

void Knelld::order(OperatorOrder order, OnAnswer on_answer)
{
    life_->reach([this, order = std::move(order), on_answer = std::move(on_answer)]() mutable {
        order.id = OrderId{++last_order_};
        orders_.emplace(order.id, on_answer);
        if (order.what == OperatorOrder::What::confirm_off && order.host) {
            vouched_[*order.host] = {order.id, order.force, false};
        }
        deliver(order);
    });
}

std::vector<std::string> Knelld::reload(const Policy& policy, const Moves& moves)
{
    if (auto objections = fleet_->objections(policy, moves); !objections.empty()) {
        return objections;
    }
    const auto effects = fleet_->reload(truth_.now(), policy, moves);
    truth_.policy_now = policy;
    truth_.tell(Reloaded{policy});
    eyes_.retarget();
    engine_->perform(effects);
    tick();
    pump();
    return {};
}

void Knelld::repeat_an_answer()
{
    // The newest might still be what is waited for; the others were answered and are over.
    if (dead_ || stopped() || answers_.size() < 2) {
        return;
    }
    const auto event = answers_[around_.dice.below(answers_.size() - 1)];
    const auto host =
        std::visit(Overloaded{[](const PowerAnswer& one) { return std::optional{one.host}; },
                              [](const NovaAnswer& one) { return std::optional{one.host}; },
                              [](const Recorded& one) { return one.host; },
                              [](const auto&) -> std::optional<HostId> { return std::nullopt; }},
                   event);
    if (!host) {
        return;
    }
    const auto stands = [&] {
        const auto view = fleet_->view(*host);
        return view ? std::string{view->state} + view->why + std::to_string(view->episode.get()) +
                          (view->forced_down_by_us ? "!" : "")
                    : std::string{};
    };
    engine_->wake(truth_.now()); // what time alone brings is not its doing
    const auto earlier = stands();
    const auto effects = fleet_->on_event(truth_.now(), event);
    truth_.tell(OldAnswer{*host, effects, stands() != earlier});
    engine_->perform(effects);
    tick();
    pump();
}

void Knelld::tell_of_states()
{
    if (dead_ || !std::exchange(acted_, false)) {
        return;
    }
    for (const auto& host : truth_.policy_now.hosts) {
        const auto view = fleet_->view(host.host);
        if (!view) {
            continue;
        }
        auto& told = states_[host.host];
        if (told != view->state) {
            told = view->state;
            truth_.say(host.host, "is " + told);
        }
    }
}

// ------------------------------------------------------------------ what the fleet wants

bool Knelld::before(const Effect& effect, const std::string& words, const HostId* host)
{
    if (dead_) {
        return true;
    }
    if (until_death_ == 1 && die_before_) {
        truth_.say("* knelld is killed before: " + words);
        kill();
        return true;
    }
    acted_ = true;
    for (const auto& oracle : truth_.oracles) {
        oracle->on_effect(effect);
    }
    if (dead_) { // by one who was told of it
        return true;
    }
    if (!words.empty()) {
        truth_.chronicle.say(truth_.now(), host ? std::optional{*host} : std::nullopt, words);
    }
    return false;
}

void Knelld::after()
{
    for (auto& planned : planned_) {
        --planned.effects_left;
    }
    const auto due =
        std::stable_partition(planned_.begin(), planned_.end(),
                              [](const auto& planned) { return planned.effects_left > 0; });
    const std::vector<Planned> now{std::make_move_iterator(due),
                                   std::make_move_iterator(planned_.end())};
    planned_.erase(due, planned_.end());
    for (const auto& planned : now) {
        if (!dead_) {
            planned.what();
        }
    }
    if (until_death_ > 0 && --until_death_ == 0 && !dead_) {
        truth_.say("* knelld is killed");
        kill();
    }
}

void Knelld::record(const Record& record)
{
    const auto* host = record.entry.host ? &*record.entry.host : nullptr;
    if (!before(record, "Record " + std::string{name_of(record.entry.what)}, host)) {
        scribe_.write(record);
        after();
    }
}

void Knelld::power(const Power& order)
{
    constexpr std::array words{"prepare", "off", "", "inspect", "on"};
    const auto action = static_cast<std::size_t>(order.command.action);
    const std::string word = words[action];
    if (before(order, word.empty() ? word : "Power " + word, &order.host)) {
        return;
    }
    devices_.execute(order.command, [this, host = order.host,
                                     word = vouched_[order.host].order](PowerReply reply) {
        auto& vouched = vouched_[host];
        vouched.read =
            vouched.read || (vouched.order == word && reply.state != PowerState::unknown);
        deliver(PowerAnswer{host, std::move(reply)});
    });
    after();
}

void Knelld::stand_down(const StandDown& order)
{
    if (!before(order, {}, &order.host)) {
        devices_.stand_down(order.host);
        after();
    }
}

void Knelld::force_down(const ForceDown& order)
{
    const auto& proof = order.certificate;
    if (before(order, "ForceDown", &proof.host())) {
        return;
    }
    // Only a reading can tell that an operator errs: without one nobody could.
    const auto& vouched = vouched_[proof.host()];
    const bool word = proof.grounds() == FenceCertificate::Grounds::operator_word &&
                      (vouched.insisted || !vouched.read);
    line_.words[proof.host()] = {proof.verified_at(), word || around_.bmcs.of(proof.host()).lies};
    nova_->force_down(proof, order.attempt, order.reply_by, order.leave,
                      [this](NovaAnswer answer) { deliver(answer); });
    after();
}

void Knelld::clear_forced_down(const ClearForcedDown& order)
{
    if (!before(order, "ClearForcedDown", &order.clearance.host())) {
        nova_->clear_forced_down(order.clearance, order.attempt, order.reply_by, order.leave,
                                 [this](NovaAnswer answer) { deliver(answer); });
        after();
    }
}

void Knelld::read_forced_down(const ReadForcedDown& order)
{
    if (!before(order, {}, &order.host)) {
        nova_->read_forced_down(order.host, order.attempt, order.reply_by,
                                [this](NovaAnswer answer) { deliver(answer); });
        after();
    }
}

void Knelld::sample_servers(const SampleServers& order)
{
    if (!before(order, {}, &order.host)) {
        nova_->sample_servers(order.host, order.attempt, order.reply_by,
                              [this](ServersSeen seen) { deliver(seen); });
        after();
    }
}

void Knelld::watch(const Watch& order)
{
    if (!before(order, {}, &order.host)) {
        eyes_.watch(order.host, order.closely);
        after();
    }
}

void Knelld::notify(const Notice& notice)
{
    const auto* host = notice.host ? &*notice.host : nullptr;
    if (!before(notice, std::string{notice.id} + ": " + notice.text, host)) {
        after();
    }
}

void Knelld::answer(const Answer& answer)
{
    if (before(answer, {}, nullptr)) {
        return;
    }
    if (auto waits = orders_.extract(answer.order)) {
        truth_.say("knelld answers: " + std::string{answer.accepted ? "yes, " : "no, "} +
                   answer.text);
        waits.mapped()(answer.accepted, answer.text);
    }
    after();
}

} // namespace knell::sim
