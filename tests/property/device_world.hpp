// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fence_gate.hpp"
#include "core/fence_procedure.hpp"
#include "core/suspicion.hpp"
#include "tests/property/every_choice.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell::test {

/// One host behind two fence devices that may misbehave at every turn, one FenceProcedure that
/// has to cope, and a judge that knows the truth. Every fault is the choice of `EveryChoice`;
/// when its `choices` are used up the devices are honest.
class DeviceWorld {
public:
    struct Tally {
        unsigned long worlds = 0, certificates = 0, renewals = 0, failures = 0, second_device = 0;
    };

    DeviceWorld(EveryChoice& choice, FenceTiming timing, unsigned choices, Tally& tally);

    /// Plays to the end. Empty: all was well; otherwise what was not.
    [[nodiscard]] std::string play();

private:
    /// A reply, and what was true when the device made it.
    struct Flight {
        PowerReply reply;
        Instant asked;
        bool truly_off = false;
        Instant off_from; ///< since when it had truly been off
    };

    void take(FenceProcedure::Next next);
    void on_command(const PowerCommand& command);
    void carry_out_off(const PowerCommand& command);
    void answer_read(const PowerCommand& command);
    void deliver(const Flight& flight);
    void heed(const Flight& flight);
    void judge_certificate(const FenceCertificate& certificate, const Flight& flight);
    void judge_command(const PowerCommand& command);
    void time_passes();
    void confirm_or_stop();
    void break_run();
    void require(bool true_as_it_should_be, const std::string& complaint);
    [[nodiscard]] unsigned pick(unsigned n);
    [[nodiscard]] Flight flight(const PowerCommand& command, PowerState state, PowerFault fault);
    [[nodiscard]] bool too_late(Duration delay) const;
    void blip();

    EveryChoice& choice_;
    FenceTiming timing_;
    unsigned choices_;
    Tally& tally_;
    Ids ids_{EpisodeId{6}};
    FenceProcedure procedure_;
    std::vector<DeviceId> devices_;

    // The truth.
    Instant now_{1h};
    bool on_ = true;
    Instant off_from_{};

    // What the judge remembers of the conversation.
    std::string complaint_;
    std::optional<PowerCommand> open_; ///< the question that may still be answered
    bool mute_ = false;                ///< and the device will not answer it of its own accord
    std::optional<Flight> held_back_;
    bool may_hold_back_ = true;
    std::size_t device_ = 0;
    bool any_command_ = false;
    bool off_commanded_ = false; ///< to this device
    bool off_is_due_ = false;    ///< it was read on since, or the last one was not carried out
    Instant off_due_at_{};       ///< and no sooner
    Duration off_gap_{};
    bool gone_ = false; ///< this device refused us for good
    Instant device_since_{};
    unsigned run_ = 0; ///< good OFF readings in a row
    Instant run_since_{};
    std::optional<Instant> rests_from_;
    bool certified_ = false; ///< and nothing spoke against it since
    unsigned confirms_left_ = 2;
    bool over_ = false;
};

} // namespace knell::test
