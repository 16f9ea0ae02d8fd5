/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the first doubt to Nova's forced_down, and what a crash, a device, a slow Nova and a power
 * button can do in between.
 *
 * SAFE, as assertions where each thing happens (knelld.pml, world.pml):
 *   INTENT  the journal holds the intent before power off, before the PUT, before the clearing
 *   LIFE    power off leaves only if nothing was heard since the verdict
 *   TRUTH   the host was off at some moment after the question on which a certificate rests
 *   PROOF   Nova is told only on a certificate of this process and this episode,
 *   ONCE    ... with a reading of its own for every PUT,
 *   FRESH   ... that has not grown old
 *   TWICE   the flag is never set, however late, while the guests of that boot run
 *   KNOWN   no flag of ours without an open episode: somebody will take it back
 *   OWN     what others set is not cleared
 *   BOOT    our flag is cleared only for a boot that began after the proof
 * LIVE, with weak fairness of every process: a host that stays dead is at last forced down, unless
 * knelld holds it for disputed, or has never heard of it (an alarm says so).
 */
#include "world.pml"

/* Rows that must fail: this is reached. */
#ifdef IS_FORCED_DOWN
#define REACH state == down && mark
#elif defined(IS_TOLD_AND_NOT_PROVEN_ANEW)
#define REACH intent && state == fence_failed
#elif defined(IS_TOLD_LATE)
#define REACH flag == OURS && recalled == R_FORCING && lands == LAPSED
#elif defined(IS_DISPUTED)
#define REACH state == disputed
#elif defined(IS_FOREIGN)
#define REACH state == down && !mark && recalled == 0
#endif
#ifdef REACH
active proctype Reached() { atomic { REACH -> PROMISE(REACHED, false) } }
#endif

#ifdef LIVE
ltl live { [](stays_dead -> <>(flag != NOBODYS || state == disputed ||
                         state == unseen && !durable && j_stage == 0)) }
#endif

init { atomic { start_all() } }
