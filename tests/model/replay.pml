/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does core/ do only what knelld.pml may do? `traces` takes the stories of hosts out of knell_sim
 * (the real core/, journal fold and Nova client in a simulated data centre): effects, and the
 * messages that tell what was learned, in their order. Here knelld.pml may do nothing but the next
 * of a trace: DOES() takes it, or all stops. The world of this file is anything at all: every
 * answer, beat and silence may come at any moment; knelld itself dies where the story says so. The
 * search is exhaustive: how far it is told to come is as far as it can.
 *
 * It shows that every step seen in the simulation is one that the model may take, in this order.
 * It does not show that core takes every step that the model may take, nor that the world of
 * world.pml is the real one, nor anything about times. What the stories do not tell may happen
 * anywhere (UNTOLD). Left out of the traces: `prepare`, `inspect` and looks at servers, which change
 * nothing that the model knows; what several hosts share (budgets, storms, holds) is an operator
 * here who stops things.
 */
/* Whoever was interrupted by knelld's death ends his step, unheard; then knelld starts anew. */
#define RUNS provided (!stuck && (dying == 0 || dying == _pid))
#define RUNS_EVEN_LAST provided (!stuck)
#define LIVES_ON (dying == 0)
#define CRASHES_NOW (head == STARTS)
#define STARTS_ANEW dying = 0; DOES(STARTS)
#define UNTOLD(what) (what == N_READ || what == STAND_DOWN)
#define MAY(count, most) true
#define AGES 0
#define SPEND(count) skip
#define GHOST(act) skip
#define PROMISE(name, kept) skip
#define SETTLES_LATER true
#define READINGS 3
#define MAY_LAND(late) false
#define NOTHING_LANDS true
#define MAY_COME(old, what) skip
#define MAY_MISS(heard) false
#define SEE(it) skip
#define LOOK_IS_OLD true     /* whether it was looked at again, the trace tells */
#define LOOKS_FINE true
#define LOOKS_ILL true
#define LOOKS_DEAD true
#define LOOKS_ALIVE true
#define BEATS (seen == HEARD)
#define BEATS_NOT true
#define IS_STALE (head == P_READ)   /* whether it is, the trace tells */
#define IS_NEW(b) true
#define IS_NOT_NEW(b) true
#define IS_OLD(b) true
#define SPEAKS true
#define ANSWERS true
#define PINGS true
#define IS_TRULY_OFF true
#define COMPUTE true
#define boot 1
byte req = 0, old_req = 0, rep = 0, old_rep = 0, nova = 0, said = 0,
     late_set = 0, late_clear = 0;
bool beat_due = false, vague = false;

#define END 255
bool stuck = false;
byte dying = 0;           /* in whose step knelld died */
byte head = 0;            /* the next of the trace */
int place = 0;

c_code {
\#include <stdlib.h>
\#include "traces.h"      /* knell_trace[], one after another, each ending with END */
static int knell_begin, knell_far;      /* where this one begins; how far it was followed */
static int knell_goes_on(int place)
{
    if (place - knell_begin > knell_far)
        knell_far = place - knell_begin;
    if (knell_trace[place] == END)      /* one way to it is enough */
        exit(0);
    return knell_trace[place];
}
static int knell_first(void)
{
    knell_begin = atoi(getenv("KNELL_TRACE"));
    return knell_begin;
}
static void knell_tell(void) { printf("followed to %d\n", knell_far); }
};

#define DOES(what) \
    if \
    :: dying != 0 || UNTOLD(what) -> skip \
    :: dying == 0 && !UNTOLD(what) && head == (what) -> place++; \
        c_code { now.head = knell_goes_on(now.place); } \
    :: dying == 0 && !UNTOLD(what) && head == STARTS -> dying = _pid \
    :: else -> stuck = true \
    fi

#include "knelld.pml"

proctype World() RUNS
{
    do
    :: atomic { req == P_OFF -> req = 0; rep = DID }
    :: atomic { req == P_READ -> req = 0; rep = IS_OFF }
    :: atomic { req == P_READ -> req = 0; rep = IS_ON }
    :: atomic { req != 0 -> req = 0 }
    :: atomic { nova != 0 -> nova = 0; said = A_SET }
    :: atomic { nova != 0 -> nova = 0; said = A_UNSET }
    :: atomic { nova != 0 -> nova = 0; said = A_UNKNOWN }
    :: atomic { nova == N_CLEAR -> nova = 0; said = A_REFUSED }
    od
}

proctype Reader() RUNS
{
    do
    /* Replies that come twice are told of as long as a procedure is open, and change nothing. */
    :: atomic { head == M_READ_OFF && begun -> DOES(M_READ_OFF) }
    :: atomic { head == M_READ_ON && begun -> DOES(M_READ_ON) }
    /* The power of a host that is down, or was found so after a restart; power on by policy. */
    :: atomic { head == P_READ && (recalled != 0 || state == down) -> DOES(P_READ) }
    :: atomic { head == P_ON && state == down && mark -> DOES(P_ON) }
    /* A plan is approved. */
    :: atomic { head == M_ORDERED && state == suspected -> DOES(M_ORDERED) }
    /* Planned work begins: nothing is left of a doubt that the journal does not know of. */
    :: atomic { head == M_PLANNED && !durable -> DOES(M_PLANNED);
        state = (state == suspected -> (seen == NEVER -> unseen : healthy) : state) }
    od
}

init
{
    atomic {
        c_code { atexit(knell_tell); now.place = knell_first(); now.head = knell_trace[now.place]; };
        run World(); run Reader(); run PowerAnswered(); run TimeOfProcedure(); run NovaAnswered();
        run TimeForNova(); run Drain(); run Heard(); run TimeToDoubt(); run Turns(); run Operator();
        run Recorded(); run Crash()
    }
}
