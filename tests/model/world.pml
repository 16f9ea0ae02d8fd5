/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What knelld.pml lives in: one host, its fence device, Nova, and other people's hands. A model
 * defines what may happen there, and how often, then includes this.
 */

/* ---- how much may go wrong */
#ifndef BOOTS
#define BOOTS 2     /* boots of the host, the first one included */
#endif
#ifndef DEATHS
#define DEATHS 1    /* power cuts, hangs and restarts, not by knelld */
#endif
#ifndef BLINKS
#define BLINKS 0    /* silences of a host that speaks */
#endif
#ifndef CRASHES
#define CRASHES 0   /* of knelld, between any two steps */
#endif
#ifndef LOSSES
#define LOSSES 0    /* messages lost between knelld and the device */
#endif
#ifndef DOUBLES
#define DOUBLES 0   /* replies of the device that come twice, the second time too late */
#endif
#ifndef GLITCHES
#define GLITCHES 0  /* single readings that say OFF and are wrong */
#endif
#ifndef FAULTS
#define FAULTS 0    /* requests and answers lost between knelld and Nova */
#endif
#ifndef LATES
#define LATES 0     /* PUTs that take effect after they were given up */
#endif
#ifndef HASTES
#define HASTES 0    /* patience that ends before the answer comes */
#endif
#ifndef FAILURES
#define FAILURES 0  /* how often a device is given up, for the next one or for a rest */
#endif
#ifndef HANDS
#define HANDS 0     /* what others set and clear in Nova */
#endif
#ifndef AGES
#define AGES 0      /* certificates that grow old before they are used */
#endif
#ifndef STOPS
#define STOPS 0     /* fences that an operator stops before power off leaves */
#endif
#ifndef ORDERS
#define ORDERS 0    /* other orders of an operator */
#endif
#ifndef READINGS
#define READINGS 2  /* OFF readings in a row that make a certificate */
#endif
#ifndef DEVICE
#define DEVICE HONEST
#endif
#define HONEST   1
#define DEAF     2  /* says that it did, and did nothing */
#define SAYS_OFF 3  /* whatever is true, of a host that can be heard: of another nobody could know */
#define FOOLS (DEVICE == SAYS_OFF || GLITCHES > 0)
#ifndef COMPUTE
#define COMPUTE true      /* nova-compute runs, wherever an agent speaks */
#define COMPUTE_STARTS skip
#endif
#ifndef UNFINISHED
#define UNFINISHED false  /* evacuations: Nova refuses to clear the flag */
#endif

#ifdef TELL
#define DOES(what) printf("    does %d\n", what)     /* for reading a trail */
#else
#define DOES(what) skip
#endif
#define RUNS
#define RUNS_EVEN_LAST
#define LIVES_ON true
#define CRASHES_NOW MAY(crashes, CRASHES)
#define STARTS_ANEW skip
#define GHOST(act) act
#define SETTLES_LATER false     /* needs no more readings than READINGS, has the time for them */
#define MAY(count, most) (count < most)
#define SPEND(count) count++
#define MAY_LAND(late) (late == 0 && MAY(lates, LATES))
#define NOTHING_LANDS (late_set + late_clear == 0)
#define MAY_COME(old, what) old = what
#define MAY_MISS(heard) (!(heard) || MAY(blinks, BLINKS))
/* What knelld sees: questions, so that a replay can leave the answer open. */
#define SEE(it)       view = (it)
#define LOOKS_FINE    (view == FINE)
#define LOOKS_ILL     (view != FINE)
#define LOOKS_DEAD    (view == DEAD)
#define LOOKS_ALIVE   (view != DEAD)
#define BEATS         (seen == HEARD && view != DEAD)
#define BEATS_NOT     !BEATS
#define IS_STALE      aged
#define IS_NEW(b)     (failed_boot != 0 && b != failed_boot || \
                       failed_boot == 0 && proven_boot != 0 && b > proven_boot)
#define IS_NOT_NEW(b) !IS_NEW(b)
#define IS_OLD(b)     (failed_boot != 0 && b == failed_boot)

/* An assertion that fails tells its name: these are never true. */
hidden byte INTENT, LIFE, TRUTH, PROOF, ONCE, FRESH, TWICE, KNOWN, OWN, BOOT, WELL, WHOLE, REACHED;
#define PROMISE(name, kept) assert((kept) || name)

byte deaths = 0, blinks = 0, crashes = 0, losses = 0, doubles = 0, glitches = 0, faults = 0,
     lates = 0, hastes = 0, failures = 0, hands = 0, ages = 0, stops = 0, orders = 0;

/* ---- the host */
bool power = true;
byte boot = 1;
#define DARK     0        /* off, or hung */
#define STARTING 1
#define KERNEL   2        /* its kernel answers */
#define AGENT    3        /* its agent speaks */
byte up = AGENT;
#define SPEAKS  (up == AGENT)
#define ANSWERS (up >= KERNEL)
#define PINGS   (up == KERNEL)
#define IS_TRULY_OFF !power
byte guests = 1;          /* the boot in which the guests here were started */
#define GUESTS_RUN (power && guests == boot)
bool g_refused = false;   /* the last power off found the chassis off already, as some refuse */
bool stays_dead = false;  /* nobody switches it on any more */
bool stays_well = false;  /* nothing happens to it any more */
#ifdef LIVE
#define FOR_EVER true
#else
#define FOR_EVER false
#endif

/* ---- Nova */
#define NOBODYS 0
#define OURS    1
#define THEIRS  2         /* somebody else set it while knelld could still see that */
#define SHARED  3         /* ... when it could no more be told from ours: Nova's flag has no owner */
byte flag = NOBODYS;      /* forced_down */

/* ---- on the way */
byte req = 0, old_req = 0; /* P_... */
byte rep = 0, old_rep = 0;
bool beat_due = false;    /* beats come oftener than readings: who can be heard is heard in between */
byte nova = 0;            /* N_...: a request; N_READ also for the reading after a PUT */
byte said = 0;            /* Nova's answer: what was read, if anything */
bool vague = false;       /* and the PUT before it has not been answered */
byte late_set = 0, late_clear = 0;

#include "knelld.pml"

/* ================================================================ the fence device */

inline goes_off() { power = false; up = DARK; g_off = true }

inline carry_out(what, answer)
{
    if
    :: what == P_OFF ->
        g_refused = !power;
        if
        :: DEVICE == HONEST -> goes_off()
        :: else
        fi;
        answer = DID
    :: what == P_READ && (!power || DEVICE == SAYS_OFF) -> answer = IS_OFF
    :: what == P_READ && power && DEVICE != SAYS_OFF -> answer = IS_ON
    :: what == P_READ && power && MAY(glitches, GLITCHES) -> SPEND(glitches); answer = IS_OFF
    fi
}

proctype Device() RUNS
{
end: do
    :: atomic { req != 0 && !(beat_due && SPEAKS) ->
        carry_out(req, rep);
        beat_due = (DEVICE == SAYS_OFF && req == P_READ && SPEAKS);
        req = 0;
        if
        :: MAY(doubles, DOUBLES) -> SPEND(doubles); old_rep = rep
        :: true
        fi }
    :: atomic { req != 0 && MAY(losses, LOSSES) -> SPEND(losses); req = 0 }
    :: atomic { rep != 0 && MAY(losses, LOSSES) -> SPEND(losses); rep = 0 }
    od
}

proctype OldRequests() RUNS
{
end: do
    :: atomic { old_req != 0 -> carry_out(old_req, old_rep); old_req = 0 }
    :: atomic { old_req != 0 -> old_req = 0 }
    :: atomic { old_rep != 0 -> old_rep = 0 }
    od
}

/* ================================================================ Nova */

inline set_flag()
{
    if
    :: flag == NOBODYS ->
        flag = OURS;
        PROMISE(TWICE, !GUESTS_RUN);    /* whoever evacuates starts them elsewhere */
        PROMISE(KNOWN, j_stage != 0)    /* no flag of ours without an open episode */
    :: else
    fi
}

inline clear_flag()
{
    PROMISE(OWN, flag != THEIRS);       /* what others set stays */
    PROMISE(BOOT, flag != OURS || boot > g_dead || g_by_hand);  /* never before a new one */
    flag = NOBODYS
}

proctype NovaApi() RUNS
{
end: do
    :: atomic { nova == N_SET ->
        if
        :: set_flag(); nova = N_READ
        :: MAY(faults, FAULTS) -> SPEND(faults); nova = 0
        :: MAY(faults, FAULTS) -> SPEND(faults); nova = 0; said = A_UNKNOWN
        :: MAY_LAND(late_set) -> SPEND(lates); late_set++; nova = N_READ; vague = true
        fi }
    :: atomic { nova == N_CLEAR ->
        if
        :: UNFINISHED -> nova = 0; said = A_REFUSED
        :: !UNFINISHED -> clear_flag(); nova = N_READ
        :: MAY(faults, FAULTS) -> SPEND(faults); nova = 0
        :: MAY(faults, FAULTS) -> SPEND(faults); nova = 0; said = A_UNKNOWN
        :: MAY_LAND(late_clear) -> SPEND(lates); late_clear++; nova = N_READ; vague = true
        fi }
    :: atomic { nova == N_READ ->
        if
        :: nova = 0;
            said = (flag == NOBODYS -> A_UNSET : A_SET);
            g_looked = g_looked || procedure && asked == N_READ && flag == NOBODYS
        :: MAY(faults, FAULTS) -> SPEND(faults); nova = 0
        fi }
    od
}

/* What nobody waits for any more takes effect, or never will. */
proctype LatePuts() RUNS
{
end: do
    :: atomic { late_set > 0 -> late_set--; set_flag() }
    :: atomic { late_set > 0 -> late_set-- }
    :: atomic { late_clear > 0 && !UNFINISHED -> late_clear--; clear_flag() }
    :: atomic { late_clear > 0 -> late_clear-- }
    od
}

proctype Hands() RUNS
{
end: do
    :: atomic { flag == NOBODYS && MAY(hands, HANDS) -> SPEND(hands);
        flag = (g_looked || intent || j_telling || mark || len(writing) > 0 -> SHARED : THEIRS) }
    :: atomic { flag != NOBODYS && MAY(hands, HANDS) -> SPEND(hands); flag = NOBODYS }
    od
}

/* ================================================================ the host */

proctype Host() RUNS
{
end: do
    :: atomic { power && up != DARK && !stays_well && MAY(deaths, DEATHS) -> SPEND(deaths);
        if
        :: goes_off()
        :: DEVICE != SAYS_OFF -> up = DARK          /* it hangs */
        :: boot < BOOTS -> boot++; up = STARTING    /* it restarts */
        fi }
    :: atomic { !power && boot < BOOTS && !stays_dead -> power = true; boot++; up = STARTING }
    :: atomic { FOR_EVER && up == DARK && !stays_dead -> stays_dead = true }
    :: atomic { FOR_EVER && SPEAKS && !stays_well -> stays_well = true }
    :: atomic { up == STARTING -> up = KERNEL }
    :: atomic { up == KERNEL -> up = AGENT; COMPUTE_STARTS }
    /* A host in service is given guests. One that boots in the middle of an episode is not before
     * the requests that left before it are over. */
    :: atomic { SPEAKS && flag == NOBODYS && !durable && recalled == 0 && guests != boot ->
        guests = boot }
    od
}

inline start_all()
{
    run PowerAnswered(); run TimeOfProcedure(); run NovaAnswered(); run TimeForNova();
    run Drain(); run Heard(); run TimeToDoubt(); run Turns(); run Operator(); run Recorded();
    run Crash();
    run Device(); run OldRequests(); run NovaApi(); run LatePuts(); run Hands(); run Host()
}
