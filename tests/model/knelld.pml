/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * knelld's decisions about one host, as core/host_machine*.cpp and
 * core/fence_procedure.cpp take them. Included by world.pml; proves nothing by itself.
 *
 * Every source of events is a process with one place to be in, and one event is
 * one atomic step, as knelld has one thread. Time is left out: what waits may go
 * on at any later moment, and what may run out of time may do so at any moment
 * (as often as the bounds say). What core looks at after every event (look())
 * happens some time later here; that allows all that core does, and more.
 *
 * Attempt numbers became two kinds of message: those that are awaited (req, rep,
 * nova, said), and those that are not any more (old_req, old_rep, late_...).
 *
 *   g_...     ghosts: known to the observer, never looked at by knelld
 *   DOES()    one effect or message; in a replay it must be the next of the trace
 *   MAY()     something goes wrong, as often as the bounds say
 *   MUTANT_   a rule taken away
 */

/* ---- effects, and the messages that tell what was learned */
#define R_FENCING     1 /* journal */
#define R_FENCED      2
#define R_FORCING     3
#define R_FORCED      4
#define R_CLEARING    5
#define R_READMITTED  6
#define R_CANCELLED   7
#define R_DISPUTED    8
#define P_OFF        10 /* device */
#define P_READ       11
#define P_ON         12
#define N_READ       20 /* Nova */
#define N_SET        21
#define N_CLEAR      22
#define STAND_DOWN   30
#define M_SUSPECTED  40 /* messages */
#define M_RECOVERED  41
#define M_CANCELLED  42
#define M_READ_OFF   43
#define M_READ_ON    44
#define M_FLAG_SET   45
#define M_FLAG_UNSET 46
#define M_FAILED     47
#define M_CONTRADICT 48
#define M_FENCED     49
#define M_FORCED     50
#define M_FOREIGN    51
#define M_RETURNING  52
#define M_READMITTED 53
#define M_CLEARED    54 /* by others */
#define M_DISPUTED   55
#define M_RESUMED    56
#define M_CLOSED     57
#define M_ORDERED    58
#define M_PLANNED    59
#define STARTS       60 /* knelld itself */

/* ---- answers */
#define DID       1       /* carried out, or refused because it is off already */
#define IS_ON     2
#define IS_OFF    3
#define A_SET     1
#define A_UNSET   2
#define A_REFUSED 3       /* 400: evacuations unfinished */
#define A_UNKNOWN 4

/* ---- the journal: what is durable, and what is being written */
byte j_stage = 0;         /* R_... of the last entry of an open episode; 0: none is open */
bool j_telling = false;
byte j_boot = 0;
bool j_by_hand = false;   /* R_CLEARING: on an operator's order */
chan writing = [3] of { byte, byte };
#define ROOM (len(writing) < 3) /* the model's own bound; core has none */

/* ---- knelld's memory */
mtype = { unseen, healthy, suspected, fencing, fence_failed, fenced, down, returning, readmitting,
          disputed };
mtype state = healthy;
#define FINE  0
#define DOUBT 1
#define DEAD  2
byte view = FINE;         /* what its monitors show */
#define NEVER   0
#define ASSUMED 1
#define HEARD   2
byte seen = HEARD;
byte reported = 1;        /* the boot that its agent last told of */
byte failed_boot = 0;     /* 0: none, or never told */
bool durable = false;     /* the journal knows of this episode */
byte waits = 0;           /* R_...: what goes on once that is durable */
byte waits_at = 0;        /* its place in `writing` */
bool procedure = false, begun = false, settled = false, recanted = false;
byte pending = 0;         /* P_OFF or P_READ: an answer is awaited */
byte next = 0;
byte readings = 0;
bool confirmed = false;
byte asked_boot = 0;      /* the boot there was when the power was asked for */
byte proven_boot = 0;     /* ... for the last certificate; 0: never proven off */
bool intent = false;      /* forcing_down is durable */
byte flag_before = 0;     /* A_SET, A_UNSET; 0: not read yet */
byte lands = 0;           /* a PUT of unknown fate ... */
#define LANDS   1         /* ... may still set the flag */
#define LAPSED  2         /* ... has set it, or never will */
#define LOOKING 3         /* ... and Nova is being asked which */
bool mark = false;        /* the flag is ours, and was read back */
bool clearance = false;
bool by_hand = false;     /* an operator wants the flag cleared: until it is */
byte recalled = 0;        /* R_...: the journal's word, not yet compared with Nova */
byte asked = 0;           /* N_... */
bool aged = false;        /* the certificate is not fresh any more */
bool word = false;        /* it rests on an operator's word */
bool ordered = false;     /* the fence is an operator's */
bool which_boot = false;  /* proven off, it answers: its agent may say which boot it is */

/* ---- ghosts */
bool g_off = false;       /* it was off at some moment since the power was last asked for */
bool g_proof = false;     /* certified by this process in this episode, and nothing spoke against it */
bool g_spent = false;     /* that reading was used for a PUT */
bool g_life = false;      /* heard since the intent was written */
bool g_looked = false;    /* Nova was read without the flag, for this fence */
byte g_dead = 0;          /* the boot that was over when Nova was told */
bool g_by_hand = false;   /* the clearing under way is an operator's order */

/* ================================================================ writing, asking, forgetting */

inline write(what)
{
    DOES(what);
    PROMISE(WHOLE, ROOM);               /* no step of this model stops half way */
    if
    :: LIVES_ON -> writing ! what, failed_boot
    :: !LIVES_ON
    fi;
    durable = true
}

inline write_and_wait(what)
{
    write(what);
    waits = what;
    waits_at = len(writing)
}

/* What journal_entry.cpp makes of an entry when it reads the journal. */
inline fold(what, of_boot)
{
    if
    :: what == R_READMITTED || what == R_CANCELLED ->
        j_stage = 0; j_telling = false; j_boot = 0; j_by_hand = false;
        PROMISE(KNOWN, flag != OURS)    /* no flag of ours without an open episode */
    :: else ->
        j_stage = what;
        j_telling = j_telling || what == R_FORCING;
        j_by_hand = what == R_CLEARING && by_hand;
        j_boot = (of_boot != 0 -> of_boot : j_boot)
    fi
}

inline contradicted() { settled = false; readings = 0; GHOST(g_proof = false) }

/* What was asked is not awaited any more; it may still arrive, and so may its answer. */
inline ask_device(what)
{
    DOES(what);
    if
    :: req != 0 -> MAY_COME(old_req, req)
    :: req == 0 && rep != 0 -> MAY_COME(old_rep, rep)
    :: else
    fi;
    rep = 0;
    if
    :: what == P_OFF -> PROMISE(INTENT, j_stage != 0);  /* durable before power off */
        PROMISE(LIFE, ordered || !recanted)             /* nor repeated once it was heard */
    :: else -> GHOST(g_off = !power); asked_boot = boot
    fi;
    pending = what; req = what
}

/* With its session ends what was asked in it and not carried out yet. */
inline stand_down()
{
    DOES(STAND_DOWN);
    req = 0; old_req = 0; rep = 0; beat_due = false
}

inline end_procedure()
{
    contradicted();
    procedure = false; begun = false; recanted = false; confirmed = false; aged = false;
    word = false; ordered = false; which_boot = false; pending = 0; next = 0; rep = 0
}

/* A PUT that left cannot be called back: it takes effect later, or never. */
inline no_answer_awaited()
{
    if
    :: nova == N_SET && MAY_LAND(late_set) -> SPEND(lates); late_set++
    :: nova == N_CLEAR && MAY_LAND(late_clear) -> SPEND(lates); late_clear++
    :: true
    fi;
    asked = 0; nova = 0; said = 0; vague = false;
    lands = (lands == LOOKING -> LAPSED : lands)
}

inline ask_nova(what)
{
    DOES(what);
    asked = what; nova = what; said = 0; vague = false;
    lands = (lands == LAPSED && what != N_SET -> LOOKING : lands)
}

inline forget_episode()
{
    end_procedure();
    no_answer_awaited();
    durable = false; failed_boot = 0; waits = 0; waits_at = 0; proven_boot = 0; intent = false;
    flag_before = 0; lands = 0; mark = false; clearance = false; by_hand = false; recalled = 0;
    asked_boot = 0;
    GHOST(g_off = false); GHOST(g_spent = false); GHOST(g_life = false); GHOST(g_looked = false)
}

inline close(how)
{
    if
    :: durable -> write(how)
    :: else
    fi;
    stand_down();
    forget_episode();
    state = (seen == NEVER -> unseen : healthy)
}

/* What turns an episode or ends it is done in one place, within the step of the event that asks
 * for it: an atomic step goes on where its message is received. Always the last of a step. */
mtype = { recovered, cleared, cleared_by_others, call_off, come_back_early, begin, fail, contradict,
          dispute, released, let_go };
chan now = [0] of { mtype };

/* No episode ends before Nova was asked, and answered, when nothing of it could land any more. */
#ifdef MUTANT_LAPSED_IS_NEVER_TOLD
#define UNSURE (lands == LANDS)
#else
#define UNSURE (lands != 0)
#endif
#ifdef MUTANT_UNSET_IS_OVER
#define IN_THE_AIR false
#else
#define IN_THE_AIR UNSURE
#endif
#ifdef MUTANT_LANDED_LATE_IS_FOREIGN
#define MAYBE_OURS (lands == LANDS)
#else
#define MAYBE_OURS (lands != 0)
#endif
#ifdef MUTANT_NO_DRAIN
#define MAY_SET skip
#define MAY_CLEAR skip
#else
#define MAY_SET lands = LANDS
#ifdef MUTANT_A_CLEARING_NEVER_LANDS
#define MAY_CLEAR skip
#else
#define MAY_CLEAR lands = LANDS
#endif
#endif

/* ================================================================ from verdict to Fenced */

inline take_permit(by_order)
{
    end_procedure();
    procedure = true;
    ordered = by_order;
    failed_boot = (reported != 0 -> reported : failed_boot);    /* whoever spoke last is fenced */
    flag_before = (intent -> flag_before : 0);
    GHOST(g_looked = intent); GHOST(g_life = false);
    state = fencing;
#ifdef MUTANT_NO_INTENT
    write(R_FENCING);
    now ! begin
#else
    write_and_wait(R_FENCING)
#endif
}

inline use_device() { contradicted(); ask_device(P_OFF) }

inline certificate()
{
    PROMISE(TRUTH, FOOLS || g_off);     /* it was off when that was read */
    settled = true; aged = false;
    GHOST(g_proof = true); GHOST(g_spent = false);
    proven_boot = asked_boot;
    if
    :: state == fenced -> confirmed = true
    :: else ->
#ifdef MUTANT_NO_LAST_READING
        confirmed = true;
#else
        confirmed = false;
#endif
        state = fenced;
        DOES(M_FENCED);
        write_and_wait(R_FENCED)
    fi
}

inline on_off_reading()
{
    pending = 0;
    readings = (readings < READINGS -> readings + 1 : readings);
    if
    :: settled || readings >= READINGS -> certificate()
    :: !settled && (readings < READINGS || SETTLES_LATER) -> next = P_READ
    fi
}

inline on_off_answer()
{
    pending = 0;
#ifdef MUTANT_BELIEVE_OFF
    certificate()
#elif defined(MUTANT_REFUSED_IS_FAILURE)
    if
    :: g_refused -> now ! fail          /* the chassis was off already */
    :: else -> ask_device(P_READ)
    fi
#else
    if
    :: ask_device(P_READ)
    :: SETTLES_LATER -> next = P_READ   /* the device is out of time */
    fi
#endif
}

inline on_reading(what)
{
    if
    :: what == IS_OFF -> DOES(M_READ_OFF); on_off_reading()
    :: else ->
        DOES(M_READ_ON);
        pending = 0;
        contradicted();
        next = P_OFF;
        confirmed = false;
        state = fencing                 /* keep_proof(): it must be proven anew */
    fi
}

proctype PowerAnswered() RUNS
{
    byte what;
end: do
    :: atomic { rep != 0 && pending == P_OFF && ROOM -> rep = 0; on_off_answer() }
    :: atomic { rep != 0 && pending == P_READ && ROOM ->
        what = rep; rep = 0;
        on_reading(what);
        what = 0 }
    /* A reply to a question that is not asked any more. */
    :: atomic { old_rep != 0 && ROOM -> what = old_rep; old_rep = 0;
        if
#ifdef MUTANT_ANY_ATTEMPT
        :: pending == P_READ && what != DID -> on_reading(what)
#else
        :: begun && what == IS_ON -> DOES(M_READ_ON)
        :: begun && what == IS_OFF -> DOES(M_READ_OFF)
#endif
        :: else
        fi;
        what = 0 }
    od
}

/* A host that was heard before it was proven off is not powered off again, unless an operator insists. */
#ifdef MUTANT_GO_ON
#define MAY_GO_ON(what) true
#else
#define MAY_GO_ON(what) (what == P_READ || !recanted || ordered)
#endif

proctype TimeOfProcedure() RUNS
{

end: do
    :: atomic { begun && pending == 0 && !settled && MAY_GO_ON(next) -> which_boot = false; ask_device(next) }
    /* Silence breaks a run of OFF readings. */
    :: atomic { begun && pending != 0 && (req == 0 && rep == 0 || MAY(hastes, HASTES)) && ROOM ->
        if
        :: req == 0 && rep == 0
        :: else -> SPEND(hastes)
        fi;
#ifdef MUTANT_SILENCE_IS_PROOF
        req = 0; rep = 0;
        on_off_reading()
#else
        next = pending;
        contradicted();
        confirmed = false;
        state = fencing;
        if
        :: MAY_GO_ON(next) -> ask_device(next)
        :: else -> pending = 0
        fi
#endif
        }
    /* Out of time for this device: the next one, or none is left. */
    :: atomic { begun && (pending != 0 || !settled) && MAY(failures, FAILURES) && ROOM ->
        SPEND(failures);
        if
        :: MAY_GO_ON(P_OFF) -> use_device(); confirmed = false; state = fencing
        :: recanted -> now ! let_go         /* heard, and to be powered off again: let go */
        :: now ! fail
        fi }
    /* Heard before it was proven off: let go, before the next power off or when it is well. */
    :: atomic { state == fencing && begun && recanted && (pending == 0 && next == P_OFF || BEATS && LOOKS_FINE) &&
        ROOM -> now ! let_go }
    /* Proven off, it answers, and its agent had its time; but all that was ever heard of it is well. */
    :: atomic { state == fencing && begun && which_boot && BEATS && LOOKS_FINE && ROOM -> now ! let_go }
    od
}

/* ================================================================ from Fenced to Down */

inline on_forced_down()
{
    mark = true;
    state = down;
    DOES(M_FORCED);
    write(R_FORCED)
}

inline send_force_down()
{
    PROMISE(PROOF, word || g_proof);    /* certified in this episode, by this process */
    PROMISE(ONCE, word || !g_spent);    /* a reading for every PUT */
    PROMISE(FRESH, word || !aged);
    PROMISE(INTENT, j_telling);         /* durable before Nova is told */
    GHOST(g_spent = true); GHOST(g_dead = (FOOLS -> failed_boot : proven_boot));
#ifndef MUTANT_REUSE
    confirmed = word;
#endif
    ask_nova(N_SET)
}

#ifndef LOOK_IS_OLD
#define LOOK_IS_OLD false   /* a second look changes nothing that the first does not */
#endif

inline toward_down()
{
    if
    :: flag_before == 0 || flag_before == A_UNSET && !intent && LOOK_IS_OLD -> ask_nova(N_READ)
    :: flag_before == A_SET -> DOES(M_FOREIGN); state = down
    :: flag_before == A_UNSET ->
#ifndef MUTANT_NOT_FRESH
        confirmed = confirmed && (word || !IS_STALE);
#endif
        if
        :: !confirmed && pending == 0 -> ask_device(P_READ)
        :: !confirmed && pending != 0
#ifdef MUTANT_NO_TELLING
        :: confirmed -> intent = true; write(R_FORCING); send_force_down()
#else
        :: confirmed && !intent -> write_and_wait(R_FORCING)
        :: confirmed && intent -> send_force_down()
#endif
        fi
    fi
}

/* ================================================================ coming back */

/* What an operator has ordered is tried again; else the host must be found well once more. */
#define NOT_CLEARED (by_hand -> readmitting : returning)

inline send_clear()
{
    if
    :: MAY(stops, STOPS) -> SPEND(stops);       /* everything was put on hold meanwhile */
        clearance = false; state = NOT_CLEARED
    :: PROMISE(INTENT, j_stage == R_CLEARING);  /* durable before the flag is cleared */
        ask_nova(N_CLEAR)
    fi
}

inline start_clearing()
{
    clearance = true;
    no_answer_awaited();
    state = readmitting;
#ifdef MUTANT_NO_CLEARING
    write(R_CLEARING);
    send_clear()
#else
    write_and_wait(R_CLEARING)
#endif
}

#define NEW_BOOT (reported != 0 && IS_NEW(reported))
#ifdef MUTANT_NO_DRAIN_BEFORE_CLEAR
#define DRAINED true
#else
#define DRAINED (lands != LANDS)
#endif
#if defined(MUTANT_NO_NEW_BOOT)
#define MAY_RETURN (state == down)
#elif defined(MUTANT_NOT_WELL)
#define MAY_RETURN (state == returning && NEW_BOOT && DRAINED)
#else
#define MAY_RETURN (state == returning && NEW_BOOT && DRAINED && LOOKS_FINE && COMPUTE)
#endif

/* ================================================================ what Nova says */

inline on_flag_set()
{
    if
    /* Journal and Nova side by side, after a restart or after a request of unknown fate. */
    :: recalled == R_DISPUTED && !intent -> recalled = 0
    :: recalled != 0 && !(recalled == R_DISPUTED && !intent) ->
        proven_boot = (proven_boot == 0 -> boot : proven_boot);
        if
        :: recalled == R_FORCING -> recalled = 0; on_forced_down()
        :: recalled == R_CLEARING && by_hand -> recalled = 0; mark = true; clearance = true;
            state = readmitting;
            send_clear()
        :: recalled != R_FORCING && !(recalled == R_CLEARING && by_hand) ->
            recalled = 0; mark = true; state = (state == disputed -> disputed : down)
        fi
    :: recalled == 0 && (state == fencing || state == fenced) ->
        DOES(M_FLAG_SET);
#ifdef MUTANT_NO_OWNERSHIP
        flag_before = A_UNSET
#else
        flag_before = (intent -> flag_before : (MAYBE_OURS -> A_UNSET : A_SET))
#endif
    :: recalled == 0 && state == readmitting && by_hand -> clearance = true; send_clear()
    :: recalled == 0 && state == readmitting && !by_hand -> state = returning
    :: recalled == 0 && state == disputed && intent -> mark = true
    :: else
    fi
}

inline on_flag_unset()
{
    if
    :: recalled == R_DISPUTED -> recalled = 0
    :: recalled == R_FORCING && lands != 0 && BEATS      /* it lives, and may still be told of */
    :: recalled == R_FORCING && (lands == 0 || BEATS_NOT) ->
        recalled = 0; intent = false; state = unseen
    :: recalled == R_CLEARING -> now ! cleared
    :: recalled == R_FORCED -> now ! cleared_by_others
    :: recalled == 0 && (state == fencing || state == fenced) ->
        DOES(M_FLAG_UNSET);
        flag_before = (intent -> flag_before : A_UNSET)
    :: recalled == 0 && state == readmitting -> now ! cleared
    :: recalled == 0 && (state == down || state == returning) ->
        if
        :: clearance -> now ! cleared   /* our own clearing, whose answer was lost */
        :: else -> now ! cleared_by_others
        fi
    :: else
    fi
}

/* Read back as wanted, but the PUT itself was not answered: it may take effect yet. */
#ifdef MUTANT_READ_BACK_IS_ENOUGH
#define VAGUE false
#else
#define VAGUE vague
#endif

#ifdef MUTANT_GIVE_UP
#define LOOKS_AGAIN false
#else
#define LOOKS_AGAIN (state == readmitting && waits == 0)
#endif

inline read_answer()
{
    asked = 0; said = 0;
    lands = (lands == LOOKING -> LAPSED : lands)
}

proctype NovaAnswered() RUNS
{
end: do
    :: atomic { asked == N_SET && said == A_SET && ROOM -> read_answer();
        if
        :: VAGUE -> MAY_SET
        :: else
        fi;
        on_forced_down() }
    :: atomic { asked == N_SET && said != A_SET && said != 0 -> read_answer(); MAY_SET }
    :: atomic { asked == N_CLEAR && said == A_UNSET && ROOM ->
#ifdef MUTANT_AN_ORDER_DRAINS
        lands = 0;
#endif
        lands = (lands == LOOKING -> 0 : lands);
        read_answer();
        if
        :: VAGUE -> MAY_CLEAR
        :: else
        fi;
        now ! cleared }
#ifdef MUTANT_REFUSED_IS_CLEARED
    :: atomic { asked == N_CLEAR && said == A_REFUSED && ROOM -> read_answer(); now ! cleared }
#else
    :: atomic { asked == N_CLEAR && said == A_REFUSED && ROOM -> read_answer();
        clearance = clearance && lands == LANDS;
#ifndef MUTANT_GIVE_UP
        state = NOT_CLEARED
#endif
        }
#endif
    :: atomic { asked == N_CLEAR && (said == A_SET || said == A_UNKNOWN) -> read_answer();
        MAY_CLEAR;
        state = NOT_CLEARED }
    :: atomic { asked == N_READ && said == A_SET && ROOM -> read_answer(); on_flag_set() }
    :: atomic { asked == N_READ && said == A_UNSET && ROOM ->
#ifdef MUTANT_EARLY_READING
        lands = (lands == LAPSED -> 0 : lands);
#endif
        lands = (lands == LOOKING -> 0 : lands);
        read_answer();
        on_flag_unset() }
    :: atomic { asked == N_READ && said == A_UNKNOWN -> read_answer() }
    od
}

proctype TimeForNova() RUNS
{
    byte what;
end: do
    :: atomic { state == fenced && waits == 0 && asked == 0 && ROOM -> toward_down() }
    :: atomic { MAY_RETURN && mark && waits == 0 && asked == 0 && ROOM ->
#ifndef MUTANT_NO_NEW_BOOT
        PROMISE(WELL, view == FINE && COMPUTE);
#endif
        GHOST(g_by_hand = false);
        start_clearing() }
#ifndef MUTANT_ASK_ONCE
    :: atomic { (state == down || state == disputed || LOOKS_AGAIN) && asked == 0 -> ask_nova(N_READ) }
#endif
    /* No answer in time. */
    :: atomic { asked != 0 && said == 0 && (nova == 0 || MAY(hastes, HASTES)) ->
        if
        :: nova == 0
        :: else -> SPEND(hastes)
        fi;
        what = asked;
        no_answer_awaited();
        if
        :: what == N_SET -> MAY_SET
        :: what == N_CLEAR -> MAY_CLEAR; state = NOT_CLEARED
        :: else
        fi;
        what = 0 }
    :: atomic { confirmed && !aged && AGES > 0 && MAY(ages, AGES) -> SPEND(ages); aged = true }
    od
}

/* `request_lifetime`: by then every PUT has taken effect, or never will. */
proctype Drain() RUNS
{
end: do
    :: atomic { lands == LANDS && NOTHING_LANDS && nova != N_SET && nova != N_CLEAR ->
        lands = LAPSED }
    od
}

/* ================================================================ what is heard, and what is not */

inline tell_of_its_end()
{
    if
    :: !UNSURE -> DOES(M_CLOSED)
    :: UNSURE                           /* Nova is asked first whether it was told */
    fi
}

inline beat(best)
{
    beat_due = false;
    seen = HEARD;
    SEE(view == DEAD -> DOUBT : best);
    GHOST(g_life = g_life || state == fencing && !begun);
    recanted = recanted || state == fencing && !which_boot
}

proctype Heard() RUNS
{
end: do
    /* Its agent. */
    :: atomic { SPEAKS && ROOM -> beat(FINE);
        reported = boot;
        if
        :: state == unseen && recalled == 0 && !durable -> state = healthy
        :: state == unseen && recalled == 0 && durable -> tell_of_its_end(); now ! call_off
        :: state == suspected || state == fence_failed || state == fencing && !begun ->
            /* If it fails now, it is this boot that has failed; a flag that may have been set is
             * about the one that failed before. */
            failed_boot = (UNSURE -> failed_boot : boot)
        :: (state == fencing && begun || state == fenced) && IS_NEW(boot) -> now ! come_back_early
#ifndef MUTANT_NO_CONTRADICTION
        :: state == fencing && begun && IS_NOT_NEW(boot) ->
            if
            :: proven_boot == 0 -> now ! contradict
            :: else -> now ! dispute
            fi
        :: state == fenced && IS_NOT_NEW(boot) -> now ! dispute
#endif
        :: state == down && recalled == 0 && IS_NEW(boot) && mark ->
            state = returning;
            DOES(M_RETURNING)
        :: (state == down || state == returning) && recalled == 0 && IS_OLD(boot) -> now ! dispute
        :: else
        fi }
    /* Its kernel alone: a word of life, and none of its boot. */
    :: atomic { PINGS && ROOM -> beat(view);
        if
        :: state == unseen && recalled == 0 && !durable -> state = healthy
        :: state == unseen && recalled == 0 && durable -> tell_of_its_end(); now ! call_off
        :: state == fenced || state == fencing && begun -> now ! contradict
        :: else
        fi }
    /* Silence. */
    :: atomic { seen != NEVER && view == FINE && MAY_MISS(SPEAKS) ->
        if
        :: SPEAKS -> SPEND(blinks)
        :: else
        fi;
        view = DOUBT }
    :: atomic { seen != NEVER && view == DOUBT && MAY_MISS(ANSWERS) ->
        if
        :: ANSWERS -> SPEND(blinks)
        :: else
        fi;
        view = DEAD }
    od
}

#ifdef MUTANT_NO_RETRY
#define RETRY false
#else
#define RETRY true
#endif

proctype TimeToDoubt() RUNS
{
end: do
    :: atomic { state == healthy && LOOKS_ILL ->
        failed_boot = reported;
        state = suspected;
        DOES(M_SUSPECTED) }
    :: atomic { (state == suspected || state == fence_failed) && BEATS && LOOKS_FINE && ROOM ->
        DOES(M_RECOVERED);
        now ! call_off }
    :: atomic { LOOKS_DEAD && state == unseen && durable && recalled == 0 -> state = suspected }
    :: atomic { LOOKS_DEAD && ROOM && (state == suspected || state == fence_failed && RETRY) ->
        take_permit(false) }
    /* Its device is known to refuse our password: not tried yet. */
    :: atomic { LOOKS_DEAD && (state == suspected || state == fence_failed) && MAY(failures, FAILURES) ->
        SPEND(failures);
        DOES(M_FAILED);
        state = fence_failed }
    /* Back, and the flag is not ours to clear. */
    :: atomic { state == down && !mark && recalled == 0 && BEATS && LOOKS_FINE && reported != 0 &&
        ROOM ->
        now ! recovered }
    :: atomic { state == returning && LOOKS_DEAD -> state = down }
    od
}

/* ================================================================ an operator */

proctype Operator() RUNS
{
end: do
    /* knellctl host fence */
    :: atomic { (state == unseen || state == healthy || state == suspected || state == fence_failed) &&
                recalled == 0 && MAY(orders, ORDERS) && ROOM -> SPEND(orders);
        DOES(M_ORDERED);
        failed_boot = (state == healthy || state == unseen && !durable -> reported : failed_boot);
        take_permit(true) }
    /* knellctl host confirm-off, by one who does not err */
    :: atomic { (state == suspected || state == fencing || state == fence_failed ||
                 state == unseen && recalled == 0) && BEATS_NOT && IS_TRULY_OFF &&
                MAY(orders, ORDERS) && ROOM -> SPEND(orders);
        DOES(M_ORDERED);
        end_procedure();
        procedure = true;
        flag_before = (intent -> flag_before : 0);
        GHOST(g_looked = intent);
        confirmed = true; word = true;
        proven_boot = boot;
        state = fenced;
        DOES(M_FENCED);
        write_and_wait(R_FENCED) }
    /* knellctl host release --force */
    :: atomic { (state == down || state == returning || state == disputed || state == fence_failed ||
                 state == suspected) && recalled == 0 && MAY(orders, ORDERS) && ROOM -> SPEND(orders);
        DOES(M_ORDERED);
        if
        :: mark -> GHOST(g_by_hand = true); by_hand = true; start_clearing()
        :: else -> now ! released
        fi }
    /* SIGUSR1: all who are eligible are readmitted at once */
    :: atomic { state == returning && mark && NEW_BOOT && MAY(orders, ORDERS) && ROOM -> SPEND(orders);
        GHOST(g_by_hand = true); by_hand = true;
        start_clearing() }
    od
}

/* ================================================================ turns */

proctype Turns() RUNS_EVEN_LAST
{
    mtype turn; byte how;
end: do
    :: atomic { now ? turn ->
        if
        :: turn == begin ->             /* the last moment before power off leaves */
#ifndef MUTANT_NO_CANCEL
            if
            :: MAY(stops, STOPS) -> SPEND(stops); turn = call_off
            :: !ordered && (recanted || LOOKS_ALIVE) -> turn = call_off
            :: ordered || !recanted && LOOKS_DEAD
            fi;
#endif
            if
            :: turn == begin ->
                PROMISE(LIFE, ordered || !g_life);  /* nothing spoke since the verdict */
                begun = true;
                use_device()
            :: turn != begin ->
                DOES(M_CANCELLED);
                if
                :: BEATS
                :: BEATS_NOT ->         /* it was we who were blind or stopped: look again */
                    end_procedure();
                    state = (seen == NEVER -> unseen : suspected);
                    turn = 0
                fi
            fi
        :: turn == let_go ->            /* what was sent may still be carried out: a new failure then */
            DOES(M_CANCELLED);
            if
            :: BEATS -> turn = call_off
            :: BEATS_NOT ->
                end_procedure();
                waits = 0;
                no_answer_awaited();
                state = (seen == NEVER -> unseen : suspected);
                turn = 0
            fi
        :: turn == contradict ->        /* it was heard, without word of its boot */
            contradicted();
            if
            :: state == fencing -> turn = 0
            :: state == fenced -> DOES(M_CONTRADICT);
                waits = 0;
                confirmed = false;
                turn = (begun -> contradict : call_off)
            fi
        :: else
        fi;
        if
        :: asked == N_SET && turn != 0 -> MAY_SET
        :: asked == N_CLEAR && turn != 0 -> MAY_CLEAR
        :: else
        fi;
        if
        :: turn != 0 -> no_answer_awaited()
        :: else
        fi;
        if
        :: turn == begin -> ask_nova(N_READ)
        :: turn == contradict ->        /* its agent has some time to say which boot it is */
            state = fencing; recanted = false; which_boot = true;
            pending = 0; next = P_OFF
        /* The host lives; but may Nova take it for down by our hand, now or later? */
        :: (turn == call_off || turn == come_back_early || turn == released) && UNSURE ->
            end_procedure();
            waits = 0;
            recalled = R_FORCING;
            state = down
        :: turn == call_off && !UNSURE -> how = R_CANCELLED
        :: turn == come_back_early && !UNSURE -> DOES(M_CLOSED); how = R_CANCELLED
        :: turn == released && !UNSURE -> DOES(M_CLOSED); seen = NEVER; view = FINE; how = R_CANCELLED
        :: turn == recovered -> DOES(M_RECOVERED); how = R_CANCELLED
        :: turn == cleared && !IN_THE_AIR -> DOES(M_READMITTED); how = R_READMITTED
        :: turn == cleared_by_others && !IN_THE_AIR ->
            DOES(M_CLEARED);
            seen = NEVER; view = FINE;
            how = R_READMITTED
        :: (turn == cleared || turn == cleared_by_others) && IN_THE_AIR ->
            turn = 0
        :: turn == fail || turn == dispute -> end_procedure(); waits = 0
        :: turn == 0
        fi;
        if
        :: how != 0 -> close(how)
        :: turn == fail -> stand_down(); DOES(M_FAILED); state = fence_failed
        :: turn == dispute -> state = disputed; DOES(M_DISPUTED); write(R_DISPUTED)
        :: else
        fi;
        turn = 0; how = 0 }
    od
}

/* ================================================================ the journal; crash and restart */

/* In the order written. What waits for it is decided on what is known now. */
proctype Recorded() RUNS
{
    byte what, of_boot;
end: do
    :: atomic {
        writing ? what, of_boot -> fold(what, of_boot);
        what = 0; of_boot = 0;
        waits_at = (waits != 0 -> waits_at - 1 : 0);
        if
        :: waits != 0 && waits_at == 0 ->
            if
            :: waits == R_FENCING -> waits = 0; now ! begin
            :: waits == R_FENCED -> waits = 0
            :: waits == R_FORCING -> waits = 0; intent = true
            :: waits == R_CLEARING -> waits = 0; send_clear()
            fi
        :: else
        fi }
    od
}

inline recall()
{
    durable = true; failed_boot = j_boot; seen = ASSUMED;
    DOES(M_RESUMED);
    if
    :: DOES(P_READ)                     /* for the operator's eyes; decides nothing */
    :: SETTLES_LATER
    fi;
    if
#ifdef MUTANT_FROM_JOURNAL
    :: j_stage == R_FENCED && !j_telling ->
        procedure = true; begun = true; settled = true; confirmed = true; state = fenced
#endif
    :: (j_stage == R_FENCING || j_stage == R_FENCED) && !j_telling
    :: !((j_stage == R_FENCING || j_stage == R_FENCED) && !j_telling) ->
        recalled = (j_stage == R_FENCING || j_stage == R_FENCED -> R_FORCING : j_stage);
        intent = j_telling;
#ifdef MUTANT_ONLY_FORCING_LANDS
        lands = (recalled == R_FORCING -> LANDS : 0);
#else
        if
        :: j_telling -> MAY_SET
        :: else
        fi;
#endif
        by_hand = j_stage == R_CLEARING && j_by_hand;
        state = (j_stage == R_DISPUTED -> disputed : down);
        ask_nova(N_READ)
    fi
}

proctype Crash() RUNS_EVEN_LAST
{
    byte what, of_boot;
end: do
    :: atomic { CRASHES_NOW -> SPEND(crashes);
        STARTS_ANEW;
        do                              /* so much of it was durable already */
        :: writing ? what, of_boot -> fold(what, of_boot)
        :: break
        od;
        do
        :: writing ? what, of_boot
        :: empty(writing) -> break
        od;
        what = 0; of_boot = 0;
        forget_episode();
        req = 0; old_req = 0; rep = 0; old_rep = 0; beat_due = false;
        reported = 0; seen = NEVER; view = FINE; state = unseen;
        if
#ifdef MUTANT_FORGET_EPISODES
        :: j_stage != 0 && j_stage != R_FENCING && j_stage != R_FENCED -> recall()
#else
        :: j_stage != 0 -> recall()
#endif
        :: else
        fi }
    od
}
