/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Several controllers, one host. THIS IS NOT BUILT: knelld runs on one active controller, and a
 * second one refuses to start. It is a design that is proven before anything of it is written.
 *
 * A lease in etcd names the leader; a record in etcd, written only by compare-and-swap, says how
 * far the host's episode is. The lease is lost at any time, and a controller may be stopped between
 * any two of its steps, for as long as it likes, and go on: no step looks at a clock. The BMC and
 * Nova check no token, so what a former leader has under way there reaches them all the same.
 *
 * The rules, and the mutant that lacks each:
 *   R1 the intent is written before the first packet to the BMC          MUTANT_NO_INTENT
 *   R2 every write compares the lease's token                            MUTANT_NO_CAS
 *   R3 the BMC's session is open before the lease is looked at again     MUTANT_SESSION_LAST
 *   R4 an heir may repeat power off at once; he cancels, and switches on,
 *      only when every earlier session is dead                           MUTANT_NO_QUARANTINE,
 *                                                                        MUTANT_NO_HEIR
 *   R5 nothing is switched on or cleared, and no episode ends, while a PUT
 *      of anybody may still take effect                                  MUTANT_NO_DRAIN,
 *                                                                        MUTANT_NO_DRAIN_OF_CLEARINGS
 *   R6 power off is believed when it is read, not when it is accepted    MUTANT_BELIEVE_OFF
 *   R10 nothing is switched on before Nova was told                      MUTANT_CYCLE
 *
 * SAFE: SERVICE  no power off reaches a host that is in service
 *       TWICE    the flag is never set while the host has power
 *       BACK     the flag is never cleared while the host is without power
 * LIVE, with weak fairness, once leases are kept: the dead are forced down, the living in service.
 *
 * Assumed: the quarantine is longer than a BMC keeps an idle session, the drain longer than any
 * request lives, counted from the write that announced it; a PUT leaves on a connection that was
 * opened before that write (as R3 has it for the BMC), so that a controller that was stopped too
 * long finds it closed.
 */
#ifndef N
#define N 2             /* controllers: 2 or 3 */
#endif
#ifndef LEASES
#define LEASES 2        /* leases that are lost */
#endif
#ifndef FLIPS
#define FLIPS 3         /* how often the host fails, comes to itself, is repaired */
#endif
#ifndef LIES
#define LIES 0          /* power offs that are accepted and not carried out */
#endif

hidden byte SERVICE, TWICE, BACK, REACHED;
#define PROMISE(name, kept) assert((kept) || name)

/* ---- etcd */
mtype = { WATCH, INTENT, OFF, FORCED, RETURN };
byte leader = 0, token = 0;
mtype record = WATCH;
byte record_token = 0;

/* ---- the world */
bool power = true;
bool sane = true;       /* it answers, if it has power */
bool forced = false;    /* Nova's flag */
bool was_forced = false; /* ever: for a row that must be reached */
bool settled = false;   /* no lease is lost any more, nothing happens to the host */
byte leases = 0, flips = 0, lies = 0;
#define SILENT (!power || !sane)

/* ---- what each controller has under way */
bool session[N + 1];    /* with the BMC, and not dead yet */
bool setting[N + 1];    /* a PUT that may still take effect */
bool clearing[N + 1];
#if N == 3
#define NONE(of) (!of[1] && !of[2] && !of[3])
#else
#define NONE(of) (!of[1] && !of[2])
#endif

#ifdef MUTANT_NO_CAS
#define MINE   (my != 0)
#define STILL  (record == INTENT)
#else
#define MINE   (my != 0 && leader == me && token == my)
#define STILL  (MINE && record == INTENT && record_token == my)
#endif
#ifdef MUTANT_NO_INTENT
#define MAY_OFF MINE
#else
#define MAY_OFF STILL
#endif
#ifdef MUTANT_NO_HEIR
#define MAY_INHERIT (record_token == my)
#else
#define MAY_INHERIT true
#endif
#ifdef MUTANT_NO_QUARANTINE
#define QUARANTINED true
#else
#define QUARANTINED NONE(session)   /* its own is closed when it asks */
#endif
#ifdef MUTANT_NO_DRAIN
#define DRAINED true
#elif defined(MUTANT_NO_DRAIN_OF_CLEARINGS)
#define DRAINED NONE(setting)
#else
#define DRAINED (NONE(setting) && NONE(clearing))
#endif

proctype Controller(byte me)
{
    byte my = 0;        /* the token of its lease; it finds out that it lost it when it writes */
    bool was_off = false;
end: do
    :: atomic { my == 0 && leader == 0 -> leader = me; token++; my = token }
    :: atomic { my != 0 && !(leader == me && token == my) -> my = 0 }

    /* Fence. */
    :: atomic { MINE && SILENT && (record == WATCH || record == INTENT && MAY_INHERIT) ->
#ifndef MUTANT_NO_INTENT
        record = INTENT; record_token = my
#endif
        };
#ifndef MUTANT_SESSION_LAST
        session[me] = true;
#endif
        if
        :: atomic { MAY_OFF -> skip };
#ifdef MUTANT_SESSION_LAST
            session[me] = true;
#endif
            atomic {
                if
                :: session[me] ->
                    PROMISE(SERVICE, !(record == WATCH && !SILENT));
                    if
                    :: power = false
                    :: lies < LIES -> lies++
                    fi;
#ifdef MUTANT_BELIEVE_OFF
                    was_off = true
#endif
                :: else
                fi
            };
#ifndef MUTANT_BELIEVE_OFF
            was_off = session[me] && !power;
#endif
            atomic {
                if
                :: was_off && MAY_OFF -> record = OFF
                :: else
                fi;
                was_off = false
            }
        :: atomic { !MAY_OFF -> skip }
        fi;
        session[me] = false

    /* Tell Nova. */
    :: atomic { MINE && record == OFF && !forced && !setting[me] -> setting[me] = true }
    :: atomic { MINE && record == OFF && forced -> record = FORCED }

#ifdef MUTANT_CYCLE
    :: atomic { MINE && record == OFF && sane -> power = true }
#endif

    /* It lives after all. */
    :: atomic { MINE && record == INTENT && !SILENT && QUARANTINED && DRAINED -> record = WATCH }

    /* The way back, once it is repaired. */
    :: atomic { MINE && record == FORCED && sane && QUARANTINED && DRAINED ->
        record = RETURN; power = true }
    :: atomic { MINE && record == RETURN && !SILENT && forced && !clearing[me] ->
        clearing[me] = true }
    :: atomic { MINE && record == RETURN && !forced && DRAINED -> record = WATCH }
    od
}

/* What left takes effect at any later time, or never. */
proctype Nova()
{
    byte who;
end: do
    :: atomic { setting[1] || setting[2] || setting[N] ->
        if
        :: setting[1] -> who = 1
        :: setting[2] -> who = 2
        :: setting[N] -> who = N
        fi;
        setting[who] = false;
        if
        :: PROMISE(TWICE, !power); forced = true; was_forced = true
        :: !settled                     /* lost */
        fi;
        who = 0 }
    :: atomic { clearing[1] || clearing[2] || clearing[N] ->
        if
        :: clearing[1] -> who = 1
        :: clearing[2] -> who = 2
        :: clearing[N] -> who = N
        fi;
        clearing[who] = false;
        if
        :: PROMISE(BACK, power); forced = false
        :: !settled
        fi;
        who = 0 }
    od
}

/* A BMC drops a session on which nothing is said. */
proctype Bmc()
{
end: do
    :: atomic { session[1] && (leader != 1 || !settled) -> session[1] = false }
    :: atomic { session[2] && (leader != 2 || !settled) -> session[2] = false }
#if N == 3
    :: atomic { session[3] && (leader != 3 || !settled) -> session[3] = false }
#endif
    od
}

proctype World()
{
end: do
    :: atomic { !settled && leases < LEASES && leader != 0 -> leases++; leader = 0 }
    :: atomic { !settled && flips < FLIPS -> flips++; sane = !sane }
#ifdef LIVE
    :: atomic { !settled -> settled = true }
#endif
    od
}

#ifdef IS_FORCED
#define REACH record == FORCED
#elif defined(IS_BACK)
#define REACH record == WATCH && flips == 2 && power && record_token > 0 && was_forced
#elif defined(IS_INHERITED)
#define REACH record == OFF && record_token == 2 && session[1]
#endif
#ifdef REACH
active proctype Reached() { atomic { REACH -> PROMISE(REACHED, false) } }
#endif

#ifdef LIVE
ltl live { []((settled && !sane) -> <>forced) && []((settled && sane) -> <>(record == WATCH && power && !forced)) }
#endif

init
{
    atomic {
        run Nova(); run Bmc(); run World();
        run Controller(1); run Controller(2);
#if N == 3
        run Controller(3);
#endif
        true
    }
}
