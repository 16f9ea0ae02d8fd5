// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"

namespace knell::sim {

Oracles all_oracles(const Truth& truth)
{
    Oracles oracles;
    for (auto* make : {
             &no_guest_ever_runs_twice,
             &forced_down_by_our_hand_only_after_it_was_off_in_this_episode,
             &nothing_well_is_fenced_whatever_our_eyes_see,
             &never_more_fences_than_the_budget,
             &what_fell_together_is_fenced_only_when_approved,
             &the_flag_of_another_is_never_cleared,
             &no_flag_is_cleared_before_a_new_boot,
             &answers_to_old_questions_change_nothing,
             &every_accepted_order_survives,
             &nothing_happens_before_its_record_is_durable,
             &a_hold_stops_everything,
             &only_the_machine_that_is_meant_is_switched_off,
             &episodes_are_never_reused,
             &a_device_is_asked_one_thing_at_a_time,
             &nothing_is_switched_on_before_nova_was_told,
             &a_disputed_host_is_left_alone,
             &planned_work_and_precious_hosts_are_left_alone,
             &every_outcome_is_told_under_its_episode,
             &every_dead_host_is_forced_down_in_time,
             &every_living_host_is_in_service_in_time,
         }) {
        oracles.push_back(make(truth));
    }
    return oracles;
}

} // namespace knell::sim
