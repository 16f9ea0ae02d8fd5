// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/fence_gate.hpp"
#include "core/fence_procedure.hpp"
#include "core/readmission.hpp"
#include "core/suspicion.hpp"
#include "core/vantage.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knell {

/// What all hosts share. Owned by Fleet.
struct Commons {
    NovaTiming nova;
    Vantage& vantage;
    FenceGate& gate;
    Ids& ids;
};

enum class HostState {
    unseen, ///< never heard since start; never fenced on silence alone
    healthy,
    suspected, ///< doubt; the fence device's session is being warmed
    held,      ///< failed, but may not be fenced now
    fencing,
    fence_failed,
    fenced,      ///< proven off; Nova is being told
    down,        ///< Nova has been told, by us or by somebody before us
    returning,   ///< a new boot speaks
    readmitting, ///< our flag is being cleared
    disputed,    ///< the old boot spoke after it was proven off
    maintenance  ///< the agent said goodbye
};

/// As the architecture writes it, e.g. "FenceFailed".
[[nodiscard]] std::string_view name_of(HostState state) noexcept;

/// One host's life (doc/architecture.md, section 5). Issues ForcedDown.
///
/// The halves of its work are in three files: host_machine.cpp watches, host_machine_fence.cpp
/// goes from verdict to Down, host_machine_return.cpp comes back.
class HostMachine {
public:
    HostMachine(HostPolicy policy, Commons& commons);

    /// The journal says that an earlier process left an episode of this host open.
    void recall(Instant now, const Recollection::OpenEpisode& past, Effects& effects);

    void on_stall(Instant now);
    void on_probe(Instant now, const ProbeResult& result, Effects& effects);
    void on_goodbye(Instant now, const Goodbye& goodbye, Effects& effects);
    void on_recorded(Instant now, AttemptId attempt, Effects& effects);
    void on_power(Instant now, const PowerReply& reply, Effects& effects);
    void on_nova(Instant now, const NovaAnswer& answer, Effects& effects);
    void on_servers(const ServersSeen& seen, Effects& effects);
    void on_order(Instant now, const OperatorOrder& order, Effects& effects);
    void on_time(Instant now, Effects& effects);

    [[nodiscard]] std::optional<Instant> deadline() const;
    [[nodiscard]] HostState state() const noexcept { return state_; }
    [[nodiscard]] HostView view() const;

private:
    /// What happens once a Record is durable.
    enum class Then { nothing, begin_fencing, confirm, force_down, clear };
    struct Waiting {
        AttemptId attempt;
        Then then;
    };
    /// How often Nova's flag is compared with what we believe while a host is down.
    static constexpr Duration flag_watch = 30s;
    enum class Errand { read, force_down, clear };
    struct Asked {
        AttemptId attempt;
        Errand errand;
        Instant reply_by;
    };
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
    void end_maintenance(Instant now, const AgentReport& report, Effects& effects);
    [[nodiscard]] std::optional<SystemUuid> identity() const;
    [[nodiscard]] Boot judge(Instant now, const AgentReport& report) const;

    // From verdict to Down.
    void try_to_fence(Instant now, Effects& effects);
    void hold(Instant now, std::string why, Effects& effects);
    void take_permit(Instant now, FencePermit permit, Effects& effects);
    void begin_fencing(Instant now, Effects& effects);
    void follow(Instant now, FenceProcedure::Next next, Effects& effects);
    void keep_proof(Instant now);
    void on_certificate(Instant now, FenceCertificate certificate, Effects& effects);
    void fail_to_fence(Instant now, const FenceFailure& failure, Effects& effects);
    void contradict(Instant now, Effects& effects);
    void toward_down(Instant now, Effects& effects);
    void send_force_down(Instant now, Effects& effects);
    void on_forced_down(Instant now, Effects& effects);
    void on_foreign_flag(Instant now, Effects& effects);
    void watch_the_dead(Instant now, Effects& effects);
    void dispute(Instant now, Effects& effects);
    void come_back_early(Instant now, Effects& effects);
    void ask_what_became_of_it(Instant now, const std::string& why);
    void call_off(Instant now, const std::string& why, Effects& effects);
    void forget_request(Instant now);

    // Coming back.
    void take_up(Instant now, bool forced_down, Effects& effects);
    void toward_readmission(Instant now, Effects& effects);
    void start_clearing(Instant now, Clearance clearance, const std::string& by, Effects& effects);
    void on_cleared(Instant now, Effects& effects);

    // Nova.
    void ask_nova(Instant now, Errand errand, Effects& effects);
    void nova_failed(Instant now, const NovaAnswer& answer, Effects& effects);
    void on_flag_read(Instant now, bool forced_down, Effects& effects);

    // Orders.
    void accept(const OperatorOrder& order, const std::string& text, Effects& effects);
    void refuse(const OperatorOrder& order, const std::string& why, Effects& effects);
    void order_fence(Instant now, const OperatorOrder& order, Effects& effects);
    void order_confirm_off(Instant now, const OperatorOrder& order, Effects& effects);
    void order_release(Instant now, const OperatorOrder& order, Effects& effects);

    HostPolicy policy_;
    Commons* commons_;
    Suspicion suspicion_;

    HostState state_ = HostState::unseen;
    Instant since_{};
    std::string why_ = "not heard since start";
    std::optional<AgentReport> reported_;
    std::optional<SystemUuid> learned_identity_;
    bool userspace_warned_ = false;
    Instant goodbye_at_{};

    // The open episode. episode_ is 0 outside of one.
    EpisodeId episode_{0};
    std::optional<BootId> failed_boot_;
    bool durable_ = false; ///< the journal knows of this episode
    bool told_failed_ = false;
    std::optional<FenceProcedure> procedure_;
    bool begun_ = false;    ///< power off has left
    bool insisted_ = false; ///< an operator wants it off even if it lives
    bool spoke_ = false;    ///< since the permit
    std::string last_fault_;
    std::optional<FenceCertificate> certificate_;
    bool confirmed_ = false; ///< read again since the last try to tell Nova
    bool intent_durable_ = false;
    std::optional<bool> flag_before_; ///< Nova's flag as it was before we touched it
    Instant lands_until_{};           ///< a PUT of unknown fate may still set the flag until then
    std::optional<ForcedDown> mark_;
    std::optional<Instant> proven_off_at_;
    std::optional<Readmission> readmission_;
    std::optional<Clearance> clearance_;
    std::optional<JournalEntry::What> recalled_; ///< not yet compared with Nova

    std::vector<Waiting> waiting_;
    std::vector<std::pair<AttemptId, Answer>> answers_; ///< given once the order is durable
    std::optional<Asked> asked_;
    std::optional<PowerCommand> watching_; ///< a reading outside of any procedure
    std::optional<AttemptId> sampling_;
    Instant retry_at_{};
    Duration nova_rest_{};
    bool nova_warned_ = false;
    Instant watch_at_{};
    bool power_came_back_ = false;
};

} // namespace knell
