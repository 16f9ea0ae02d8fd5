// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/awaited.hpp"
#include "core/commons.hpp"
#include "core/compute_silence.hpp"
#include "core/confirmation.hpp"
#include "core/drain.hpp"
#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/fence_procedure.hpp"
#include "core/fence_try.hpp"
#include "core/host_state.hpp"
#include "core/planned_work.hpp"
#include "core/power_of_the_dead.hpp"
#include "core/readmission.hpp"
#include "core/suspicion.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knell {

/// One host's life (doc/architecture.md, section 5). Issues ForcedDown.
///
/// Of its files host_machine.cpp watches, _fence goes from verdict to Fenced, _down tells Nova and
/// watches the dead, _power reads and switches it for that, _return comes back, _order obeys,
/// _planned leaves planned work alone.
class HostMachine {
public:
    HostMachine(HostPolicy policy, Commons& commons);

    /// First of all. Looks at its fence devices begin `after` so long.
    void begin(Instant now, Duration after);
    /// The journal says that an earlier process left an episode of this host open.
    void recall(Instant now, const Recollection::OpenEpisode& past, Effects& effects);
    void recall_planned(Instant now, const Recollection::Planned& past, Effects& effects);
    void recall_readmissions(Instant now, const std::vector<Duration>& ago);
    /// What is left of an operator's planned work.
    [[nodiscard]] std::optional<Recollection::Planned> ordered_work(Instant now) const;
    void compare_logins(Instant now, const Recollection::Refusals& past, Effects& effects);
    [[nodiscard]] std::string engaged() const; ///< why adopt() may not be called now, or empty
    void adopt(Instant now, HostPolicy policy, const std::set<MonitorId>& moved);
    void on_stall(Instant now, Effects& effects);
    void withdraw(Effects& effects) const; ///< what has not left is not to leave
    void on_probe(Instant now, const ProbeResult& result, Effects& effects);
    void on_agent_gone(Instant now, const AgentGone& gone, Effects& effects);
    void on_goodbye(Instant now, const Goodbye& goodbye, Effects& effects);
    void on_recorded(Instant now, AttemptId attempt, Effects& effects);
    void on_power(Instant now, const PowerReply& reply, Effects& effects);
    void on_nova(Instant now, const NovaAnswer& answer, Effects& effects);
    /// `seen`: null where the list that was asked for at `asked_at` does not have this host.
    void on_service(Instant now, const ServiceSeen* seen, Instant asked_at, Effects& effects);
    void on_servers(const ServersSeen& seen, Effects& effects);
    void on_order(Instant now, const OperatorOrder& order, Effects& effects);
    void on_time(Instant now, Effects& effects);

    [[nodiscard]] std::optional<Instant> deadline() const;
    [[nodiscard]] Census::Member member() const;
    [[nodiscard]] const HostPolicy& policy() const noexcept { return policy_; }
    [[nodiscard]] HostState state() const noexcept { return state_; }
    [[nodiscard]] HostView view() const;

private:
    static constexpr Duration flag_watch = 30s; ///< between looks at Nova's flag while it is down
    enum class Boot { fresh, old, unclear };

    void enter(Instant now, HostState state, std::string why);
    void notice(Notice::Weight weight, std::string_view id, std::string text,
                Effects& effects) const;
    void record(JournalEntry::What what, Then then, std::string detail, Effects& effects,
                const std::string& by = "knelld");
    void look(Instant now, Effects& effects);
    void close(Instant now, JournalEntry::What how, const std::string& why, Effects& effects);

    // Watching.
    void hear(Instant now, const AgentReport& report, Effects& effects);
    void on_beat(Instant now, const ProbeResult& result, Effects& effects);
    void watch_for_doubt(Instant now, Effects& effects);
    void warn_of_userspace(Instant now, Effects& effects);
    void look_at_devices(Instant now, Effects& effects);
    [[nodiscard]] bool rests_after_refusal(Instant now, Effects& effects);
    [[nodiscard]] std::optional<SystemUuid> identity() const;
    [[nodiscard]] Boot judge(Instant now, const AgentReport& report) const;

    // Planned work.
    void hear_in_maintenance(Instant now, const AgentReport& report, Effects& effects);
    void watch_maintenance(Instant now, Effects& effects);
    [[nodiscard]] AttemptId record_end(const std::string& by, const std::string& reason,
                                       Effects& effects);
    void leave_maintenance(Instant now, const std::string& why, Effects& effects);
    [[nodiscard]] std::string left_alone() const;

    // From verdict to Down.
    void try_to_fence(Instant now, Effects& effects);
    void hold(Instant now, std::string why, bool approvable, Effects& effects);
    void take_permit(Instant now, FencePermit permit, const std::string& by, Effects& effects);
    [[nodiscard]] bool ordered() const; ///< the fence under way is an operator's
    [[nodiscard]] bool lives() const;
    [[nodiscard]] bool seen_dead(Instant now) const;
    [[nodiscard]] std::string objection(Instant now) const;
    void begin_fencing(Instant now, Effects& effects);
    void look_again(Instant now);
    void let_go(Instant now, Effects& effects);
    void watch_the_fence(Instant now, Effects& effects);
    void follow(Instant now, FenceProcedure::Next next, Effects& effects);
    void keep_proof(Instant now);
    void on_certificate(Instant now, FenceCertificate certificate, Effects& effects);
    void fail_to_fence(Instant now, const FenceFailure& failure, Effects& effects);
    void contradict(Instant now, Effects& effects);
    void toward_down(Instant now, Effects& effects);
    void send_force_down(Instant now, Effects& effects);
    void on_forced_down(Instant now, const std::string& detail, Effects& effects);
    void on_foreign_flag(Instant now, Effects& effects);
    void watch_the_dead(Instant now, Effects& effects);
    void watch_power(Instant now, Effects& effects);
    void switch_on(Instant now, Effects& effects);
    void on_switched_on(Instant now, const PowerReply& reply, Effects& effects);
    bool on_power_outside_of_a_fence(Instant now, const PowerReply& reply, Effects& effects);
    void dispute(Instant now, Effects& effects);
    void come_back_early(Instant now, Effects& effects);
    void ask_what_became_of_it(Instant now, const std::string& why);
    void call_off(Instant now, const std::string& why, Effects& effects);
    void forget_request(Instant now);

    // Coming back.
    void take_up(Instant now, bool forced_down, Effects& effects);
    void toward_readmission(Instant now, Effects& effects);
    void start_clearing(Instant now, Clearance clearance, const std::string& by, Effects& effects);
    void send_clear(Instant now, Effects& effects);
    [[nodiscard]] HostState after_refusal() const;
    void watch_the_clearing(Instant now, Effects& effects);
    void on_cleared(Instant now, Effects& effects);
    [[nodiscard]] unsigned readmissions(Instant now) const;
    void park(Instant now, Effects& effects);
    void watch_anew(Instant now, std::string why);
    void tell_of_lost_flag(const std::string& what, Effects& effects);

    // Nova.
    void ask_nova(Instant now, Errand errand, Effects& effects);
    void nova_failed(Instant now, const NovaAnswer& answer, Effects& effects);
    void on_flag_read(Instant now, bool forced_down, Effects& effects);
    void watch_flag(Instant now, Duration rest);

    // Orders.
    void accept(const OperatorOrder& order, const std::string& text, Effects& effects);
    AttemptId write_down(const OperatorOrder& order, const std::string& text, Effects& effects);
    void refuse(const OperatorOrder& order, const std::string& why, Effects& effects);
    void order_fence(Instant now, const OperatorOrder& order, Effects& effects);
    void order_confirm_off(Instant now, const OperatorOrder& order, Effects& effects);
    [[nodiscard]] std::string against_word(Instant now, const OperatorOrder& order) const;
    void look_at_power(Instant now, Effects& effects);
    void weigh_word(Instant now, Effects& effects);
    void believe(Instant now, const OperatorOrder& order, const std::string& on, Effects& effects);
    void order_release(Instant now, const OperatorOrder& order, Effects& effects);
    void order_approve(Instant now, const OperatorOrder& order, Effects& effects);
    void order_maintenance(Instant now, const OperatorOrder& order, Effects& effects);
    void order_end_maintenance(Instant now, const OperatorOrder& order, Effects& effects);
    [[nodiscard]] std::string rehearse(Instant now) const;

    HostPolicy policy_;
    Commons* commons_;
    Suspicion suspicion_;

    HostState state_ = HostState::unseen;
    Instant since_{};
    std::string why_ = "not heard since start";
    std::optional<AgentReport> reported_;
    std::optional<SystemUuid> learned_identity_;
    bool userspace_warned_ = false;
    ComputeSilence compute_;
    PlannedWork planned_;
    std::string overdue_; ///< the planned work that ended while it was silent
    Readiness readiness_;
    std::optional<AttemptId> preparing_;
    std::optional<ServiceSeen> service_;
    bool missing_told_ = false; ///< Nova does not list it
    Instant quiet_since_{};     ///< an older list shows our own doing
    Instant begun_at_{};
    bool unseen_told_ = false;
    std::vector<Instant> readmitted_at_;

    // The open episode. episode_ is 0 outside of one.
    EpisodeId episode_{0};
    std::optional<BootId> failed_boot_;
    bool durable_ = false;                 ///< the journal knows of this episode
    std::optional<Instant> doubted_since_; ///< not heard since
    bool told_failed_ = false;
    bool in_plan_ = false; ///< held, and an approval would let it be fenced
    std::optional<FenceProcedure> procedure_;
    bool begun_ = false;    ///< power off has left
    bool insisted_ = false; ///< an operator wants it off even if it lives
    FenceTry try_;
    std::string last_fault_;
    std::optional<FenceCertificate> certificate_;
    bool confirmed_ = false; ///< read again since the last try to tell Nova
    bool intent_durable_ = false;
    std::optional<FlagBefore> flag_before_;
    Drain drain_;
    std::optional<ForcedDown> mark_;
    std::optional<Instant> proven_off_at_;
    std::optional<Readmission> readmission_;
    std::optional<Clearance> clearance_;
    std::string released_by_; ///< whose order it is that the flag be cleared, until it is
    std::optional<JournalEntry::What> recalled_; ///< not yet compared with Nova

    std::vector<Waiting> waiting_;
    std::optional<Confirmation> word_;                  ///< that it is off; it does not count yet
    std::vector<std::pair<AttemptId, Answer>> answers_; ///< given once the order is durable
    std::optional<Asked> asked_;
    PowerOfTheDead power_;
    std::optional<AttemptId> sampling_;
    Instant retry_at_{};
    Duration nova_rest_{};
    bool nova_warned_ = false;
};

} // namespace knell
