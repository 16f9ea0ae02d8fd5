// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fleet.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/small_host.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace knell::test {

/// A Fleet and all that is around it: hosts, their fence devices, Nova, the journal, time.
/// Deterministic: the same seed and the same acts give the same story. A Judge who knows the
/// truth looks at every effect.
class SmallWorld {
public:
    explicit SmallWorld(Policy policy, std::uint64_t seed = 1);

    /// What was said and done, for one host ("" : for nobody in particular).
    struct Line {
        Instant at;
        std::string host;
        std::string text;
        bool aside = false; ///< left out of story(): for an explanation, or how closely to look
    };

    void run(Duration duration);
    [[nodiscard]] bool run_until(const std::function<bool()>& reached, Duration at_most);
    [[nodiscard]] Instant now() const { return now_; }

    // The truth, and hands to change it.
    [[nodiscard]] SmallHost& host(const std::string& name);
    [[nodiscard]] std::map<HostId, SmallHost>& hosts() { return hosts_; }
    void cut(const std::string& name);
    void boot(const std::string& name); ///< it speaks `boot_time` later, unless cut again
    void say_goodbye(const std::string& name);
    void list_services(); ///< Nova shows all of them, as it is asked to now and then
    void set_flag_by_hand(const std::string& name, bool flag);

    // The daemon's own troubles.
    void stop_knelld(Duration duration); ///< SIGSTOP, then SIGCONT
    void restart_knelld();               ///< kill -9: what is not durable is lost
    /// kill -9, and the journal holds these rows when it starts again, whatever was durable.
    void restart_knelld_on(const std::vector<JournalEntry>& rows);

    OrderId order(OperatorOrder::What what, const std::string& name = {}, bool force = false);
    /// Why not; empty: the policy is taken up. Hosts that are new to the world stay unwatched.
    [[nodiscard]] std::vector<std::string> reload(const Policy& policy, const Moves& moves = {});
    /// In the files; taken up with the next start or reload.
    void change_login(const std::string& device, const std::string& mark)
    {
        policy_.logins.insert_or_assign(DeviceId{device}, LoginMark{mark});
    }
    /// Hand something to the fleet out of turn, as a confused outside might.
    void tell(const Event& event);

    [[nodiscard]] std::string state(const std::string& name) const;
    [[nodiscard]] const Policy& policy() const { return policy_; }
    [[nodiscard]] const Fleet& fleet() const { return *fleet_; }
    [[nodiscard]] Judge& judge() { return judge_; }
    [[nodiscard]] const std::vector<JournalEntry>& journal() const { return journal_; }
    [[nodiscard]] const std::vector<Line>& log() const { return log_; }
    void forget_log() { log_.clear(), told_.clear(); }
    /// The lines about one host since the last call, without times; readings are left out.
    [[nodiscard]] std::vector<std::string> story(const std::string& name);
    /// Of those, the ones that begin so.
    [[nodiscard]] std::size_t count(const std::string& name, const std::string& beginning) const;

    // What the world is like.
    bool sentinels_answer = true;
    bool journal_holds = false; ///< nothing becomes durable until release_journal()
    void release_journal();
    void release_first_record();
    bool every_answer_twice = false; ///< and the second time too late
    double loss = 0.0;               ///< of probes and beats
    Duration dense = 50ms;           ///< between questions to a host that is watched closely
    Duration boot_time = 5s;
    Duration nova_late = 20s;
    Duration power_takes = 20ms;           ///< from command to answer
    std::optional<Duration> retry_after{}; ///< that Nova asks for, with every answer
    Duration nova_takes = 20ms; ///< until a request has a token and a connection, and leaves

private:
    using Act = std::function<void()>;
    void at(Instant when, Act act);
    void hand_over(Instant when, Event event);
    void step(Instant until);
    void perform(const Effects& effects);
    void perform_one(const Effect& effect);
    void write(const Record& record);
    void keep(const JournalEntry& entry);
    void make_durable(const Record& record);
    void execute(const Power& power);
    void set_nova(const HostId& host, AttemptId attempt, bool flag, const Leave& leave);
    void read_nova(const ReadForcedDown& read);
    void apply(SmallHost& host, bool flag);
    void answer_nova(const HostId& host, AttemptId attempt, NovaOutcome outcome,
                     NovaRefusal refusal, std::optional<bool> flag);
    void probe(const HostId& host, std::size_t monitor, Instant due);
    void ask_sentinel(std::size_t which, Instant due);
    void say(const Effect& effect);
    [[nodiscard]] bool chance(double probability);

    Policy policy_;
    std::mt19937_64 dice_;
    Instant now_{1h};
    std::map<HostId, SmallHost> hosts_;
    std::multimap<Instant, Act> agenda_;
    std::unique_ptr<Fleet> fleet_;
    unsigned process_ = 0;
    Instant stopped_until_{};
    std::vector<JournalEntry> journal_;
    std::vector<Instant> written_at_; ///< of the journal's entries
    std::vector<Record> unwritten_;
    std::vector<Line> log_;
    std::map<std::string, std::size_t> told_;
    std::uint64_t orders_ = 0;
    Judge judge_;
};

/// Hosts compute1 … computeN as the tests want them: ICMP and heartbeats over "mgmt", one BMC,
/// one sentinel, times short enough to simulate much.
[[nodiscard]] Policy small_policy(unsigned hosts);

} // namespace knell::test
