/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way back, against evacuations that are not finished: it begins where a host is down by our
 * hand. Nova refuses with 400 to clear the flag while evacuations are `done`, until nova-compute
 * starts anew on the host; it does not refuse while they are under way. Others set and clear the
 * flag; clearings are lost, or take effect late; the host dies again.
 *
 * SAFE: the promises of fence_then_force_down.pml, of which these are the ones that are at stake
 *   OWN    what others set is not cleared
 *   BOOT   our flag is cleared only for a boot that began after the proof
 *   TWICE  nobody starts guests elsewhere that run here
 *   KNOWN  no flag of ours without an open episode
 *   WELL   the clearing is decided on only while every monitor is well and nova-compute runs
 * LIVE, with weak fairness of every process, somebody who restarts nova-compute among them: a host
 * that stays well is at last in service, without a flag of ours, unless knelld holds it for disputed.
 */
#define COMPUTE compute
#define COMPUTE_STARTS compute_starts()
bool compute = true;      /* nova-compute runs */
#define NONE    0
#define RUNNING 1         /* accepted, pre-migrating: the flag could be cleared */
#define DONE    2         /* the guests run elsewhere: 400 */
byte evacuation = NONE;
#define UNFINISHED (evacuation == DONE)
inline compute_starts()   /* what init_host does with evacuations from here */
{
    compute = true;
    evacuation = (evacuation == DONE -> NONE : evacuation)
}

#include "world.pml"

proctype Evacuations() RUNS
{
end: do
    :: atomic { flag != NOBODYS && evacuation == NONE && guests != 0 && guests != boot ->
        evacuation = RUNNING }
    :: atomic { evacuation == RUNNING -> evacuation = DONE; guests = (guests == boot -> guests : 0) }
    od
}

proctype Compute() RUNS
{
end: do
    :: atomic { SPEAKS && compute && !stays_well && MAY(stops, STOPS) -> SPEND(stops); compute = false }
    :: atomic { SPEAKS && (!compute || evacuation == DONE) -> compute_starts() }
    od
}

#ifdef IS_READMITTED
#define REACH state == healthy && boot > 1 && flag == NOBODYS
#elif defined(IS_REFUSED)
#define REACH said == A_REFUSED
#elif defined(IS_DOWN_AGAIN)
#define REACH state == down && mark && flag == OURS && g_dead == 2
#elif defined(IS_CLEARED_LATE)
#define REACH late_clear > 0 && flag == NOBODYS
#endif
#ifdef REACH
active proctype Reached() { atomic { REACH -> PROMISE(REACHED, false) } }
#endif

#ifdef LIVE
ltl live { [](stays_well -> <>(state == disputed || state == healthy && flag != OURS)) }
#endif

init
{
    atomic {
        goes_off(); view = DEAD; g_dead = 1;
        flag = OURS; state = down; mark = true;
        failed_boot = 1; proven_boot = 1; intent = true; durable = true; flag_before = A_UNSET;
        j_stage = R_FORCED; j_telling = true; j_boot = 1;
        if
        :: MAY(lates, LATES) -> SPEND(lates); late_set = 1; lands = LANDS  /* its first PUT, given up */
        :: true
        fi;
        run Evacuations(); run Compute();
        start_all()
    }
}
