// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/oracle.hpp"

/// One promise, one file, one function that makes its oracle.
namespace knell::sim {

using MakeOracle = std::unique_ptr<Oracle>(const Truth& truth);

MakeOracle no_guest_ever_runs_twice;
MakeOracle forced_down_by_our_hand_only_after_it_was_off_in_this_episode;
MakeOracle nothing_well_is_fenced_whatever_our_eyes_see;
MakeOracle never_more_fences_than_the_budget;
MakeOracle what_fell_together_is_fenced_only_when_approved;
MakeOracle the_flag_of_another_is_never_cleared;
MakeOracle no_flag_is_cleared_before_a_new_boot;
MakeOracle answers_to_old_questions_change_nothing;
MakeOracle every_accepted_order_survives;
MakeOracle nothing_happens_before_its_record_is_durable;
MakeOracle a_hold_stops_everything;
MakeOracle only_the_machine_that_is_meant_is_switched_off;
MakeOracle episodes_are_never_reused;
MakeOracle a_device_is_asked_one_thing_at_a_time;
MakeOracle nothing_is_switched_on_before_nova_was_told;
MakeOracle a_disputed_host_is_left_alone;
MakeOracle planned_work_and_precious_hosts_are_left_alone;
MakeOracle every_outcome_is_told_under_its_episode;
MakeOracle every_dead_host_is_forced_down_in_time;
MakeOracle every_living_host_is_in_service_in_time;

} // namespace knell::sim
