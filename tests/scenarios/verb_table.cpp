// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/verb_table.hpp"

#include <array>

namespace knell::scenarios {

namespace {

using sim::Bmc;
using sim::Cables;
using sim::Disk;
using sim::Fate;
using sim::Hand;

sim::Truth& truth(Theatre& theatre)
{
    return theatre.world().truth;
}

sim::Machine& machine(Theatre& theatre, const Given& given)
{
    return theatre.world().truth.machine(given.host);
}

void say(Theatre& theatre, const Given& given, const std::string& text)
{
    truth(theatre).say(given.host, "* " + text);
}

// ------------------------------------------------------------------ hosts

void press_off(Theatre& t, const Given& g)
{
    truth(t).switch_off(g.host);
}
void press_on(Theatre& t, const Given& g)
{
    truth(t).switch_on(g.host);
}
void reboot(Theatre& t, const Given& g)
{
    truth(t).switch_off(g.host);
    truth(t).switch_on(g.host);
}
void panic(Theatre& t, const Given& g)
{
    truth(t).panic(g.host);
}
void shut_down(Theatre& t, const Given& g)
{
    say(t, g, "shuts down in order");
    t.world().agents.say_goodbye(g.host);
    truth(t).agenda.after(5s, [&t, g] { truth(t).switch_off(g.host); });
}
void hang(Theatre& t, const Given& g)
{
    truth(t).hang_agent(g.host, true);
}
void unhang(Theatre& t, const Given& g)
{
    truth(t).hang_agent(g.host, false);
}
void stop_compute(Theatre& t, const Given& g)
{
    say(t, g, "its nova-compute stops");
    machine(t, g).nova_compute = false;
}
void start_compute(Theatre& t, const Given& g)
{
    say(t, g, "its nova-compute starts");
    machine(t, g).nova_compute = true;
    t.world().cloud.on_compute_start(g.host);
}
void cut(Theatre& t, const Given& g)
{
    t.world().cables.cut(g.host, g.network, true);
}
void uncut(Theatre& t, const Given& g)
{
    t.world().cables.cut(g.host, g.network, false);
}
template <bool Cut>
void cut_all(Theatre& t, const Given& g)
{
    for (std::size_t n = 0; n < t.world().cables.networks().size(); ++n) {
        t.world().cables.cut(g.host, n, Cut);
    }
}
template <bool Echoed>
void echo(Theatre& t, const Given& g)
{
    say(t, g,
        Echoed ? "another machine answers at its address" : "nobody else answers at its address");
    machine(t, g).echoed = Echoed;
}
void replay(Theatre& t, const Given& g)
{
    say(t, g, "somebody plays its recorded heartbeats again");
    for (Duration at{}; at < g.time; at += 100ms) {
        truth(t).agenda.after(at, [&t, g] {
            auto& tape = t.recorded(g.host);
            if (!tape.empty() && t.world().running()) {
                tape.push_back(tape.front());
                tape.pop_front();
                t.world().knelld().hear(g.host, tape.back().first, tape.back().second);
            }
        });
    }
}

// ------------------------------------------------------------------ racks, and our side

template <bool Power>
void feed(Theatre& t, const Given& g)
{
    truth(t).say("* rack" + std::to_string(g.rack) +
                 (Power ? " has power again" : " has no power"));
    truth(t).feed(g.rack, Power);
}
template <bool Broken>
void rack_switch(Theatre& t, const Given& g)
{
    t.world().cables.break_switch(g.rack, g.network, Broken);
}
template <Cables::Ours How>
void our_side(Theatre& t, const Given& g)
{
    t.world().cables.our_side(g.network, How);
}

template <bool Mute>
void sentinel(Theatre& t, const Given& g)
{
    truth(t).say("* " + std::string{g.sentinel == 1 ? "gateway" : "switch"} +
                 std::to_string(g.network) + (Mute ? " falls silent" : " answers again"));
    t.world().cables.mute_sentinel(g.network, g.sentinel, Mute);
}

// ------------------------------------------------------------------ BMCs

void spoil(Theatre& t, const Given& g, const char* said, bool Bmc::*fault)
{
    say(t, g, said);
    t.world().bmcs.of(g.host).*fault = true;
}
void slow_bmc(Theatre& t, const Given& g)
{
    say(t, g, "its BMC answers slowly");
    t.world().bmcs.of(g.host).slowness = g.time;
}
void miswire(Theatre& t, const Given& g)
{
    auto& bmcs = t.world().bmcs;
    std::swap(bmcs.of(g.host).wired, bmcs.of(g.other).wired);
    say(t, g, "its BMC's address leads to that of " + g.other.get() + ", and the other way round");
}
void always_on(Theatre& t, const Given& g)
{
    t.world().bmcs.of(g.host).facts.on_restore = "always-on";
}
void cipher_zero(Theatre& t, const Given& g)
{
    t.world().bmcs.of(g.host).facts.cipher_zero = true;
}
void weak_user(Theatre& t, const Given& g)
{
    t.world().bmcs.of(g.host).facts.may_power_off = false;
}
void mend_bmc(Theatre& t, const Given& g)
{
    auto& bmc = t.world().bmcs.of(g.host);
    say(t, g, "its BMC is well again");
    const auto other = bmc.wired;
    bmc = {bmc.id, bmc.meant, bmc.meant};
    t.world().bmcs.of(other).wired = other;
}

// ------------------------------------------------------------------ Nova

void mood(Theatre& t, const std::string& said, NovaMood::Who who, Fate fate)
{
    truth(t).say("* " + said);
    t.nova() = {std::move(fate), who, true};
}
Fate instead(unsigned status)
{
    Fate fate;
    fate.instead = http::Response{status, {{"x-openstack-request-id", "req-proxy"}}, "{}"};
    if (status == 429) {
        fate.instead->headers.emplace_back("Retry-After", "20");
    }
    if (status >= 300 && status < 400) {
        fate.instead->headers.emplace_back("Location", "http://elsewhere/");
    }
    return fate;
}
void refuses(Theatre& t, const Given&)
{
    t.world().cloud.works = false;
    mood(t, "nobody listens at Nova's address", NovaMood::Who::everything,
         {.sending = Fate::Sending::refused, .instead = {}, .way = {}});
}
void silent(Theatre& t, const Given&)
{
    t.world().cloud.works = false;
    mood(t, "Nova does not answer", NovaMood::Who::everything,
         {.sending = Fate::Sending::swallowed, .instead = {}, .way = {}});
}
void no_keystone(Theatre& t, const Given&)
{
    mood(t, "Keystone does not answer", NovaMood::Who::keystone,
         {.sending = Fate::Sending::swallowed, .instead = {}, .way = {}});
}
void status_to_all(Theatre& t, const Given& g)
{
    mood(t, "Nova answers " + std::to_string(g.status) + " to everything",
         NovaMood::Who::everything, instead(g.status));
}
void status_to_writes(Theatre& t, const Given& g)
{
    mood(t, "Nova answers " + std::to_string(g.status) + " to writes", NovaMood::Who::writes,
         instead(g.status));
}
void nonsense(Theatre& t, const Given&)
{
    auto fate = instead(200);
    fate.instead->body = R"({"services": [{"binary": "nova-compute", "host": )";
    mood(t, "Nova's answers are cut off in the middle", NovaMood::Who::everything, fate);
}
void lost_answers(Theatre& t, const Given&)
{
    mood(t, "Nova does what it is told, and the answers to writes are lost", NovaMood::Who::writes,
         {.instead = {}, .answer_lost = true, .way = {}});
}
void late_writes(Theatre& t, const Given& g)
{
    mood(t, "what is written to Nova waits in a proxy", NovaMood::Who::writes,
         {.pause = g.time, .instead = {}, .way = {}});
}
void old_reads(Theatre& t, const Given&)
{
    mood(t, "Nova's reads lag behind", NovaMood::Who::everything,
         {.instead = {}, .way = {.stale = true}});
}
void hidden_cell(Theatre& t, const Given&)
{
    mood(t, "the database of the cell is out of reach", NovaMood::Who::everything,
         {.instead = {}, .way = {.cell_hidden = true}});
}
void well(Theatre& t, const Given&)
{
    t.world().cloud.works = true;
    t.world().cloud.leaves_records = false;
    t.nova() = {};
    truth(t).say("* Nova is well again");
}
void revoke(Theatre& t, const Given&)
{
    truth(t).say("* every token is revoked");
    t.world().api.revoke_tokens();
}
void forget(Theatre& t, const Given& g)
{
    auto& service = t.world().cloud.service(g.host);
    say(t, g, "Nova's database loses the last change of its flag");
    service.forgotten = true;
    t.world().cloud.revert(g.host, !service.forced_down, {});
}
template <bool Set>
void flag(Theatre& t, const Given& g)
{
    t.world().cloud.set_flag(g.host, Set, Hand::somebody);
}
template <bool Disabled>
void disable(Theatre& t, const Given& g)
{
    auto& service = t.world().cloud.service(g.host);
    say(t, g,
        Disabled ? "somebody disables its nova-compute: " + g.text
                 : "somebody enables its nova-compute");
    service.disabled = Disabled;
    service.disabled_reason = g.text;
}
template <bool Deleted>
void erase(Theatre& t, const Given& g)
{
    say(t, g,
        Deleted ? "somebody deletes its compute service" : "its compute service is there again");
    t.world().cloud.service(g.host).deleted = Deleted;
}
void records_stay(Theatre& t, const Given&)
{
    truth(t).say("* evacuations stay unfinished whatever nova-compute does");
    t.world().cloud.leaves_records = true;
}

// ------------------------------------------------------------------ knelld and its machine

void kill(Theatre& t, const Given&)
{
    t.world().kill_knelld();
}
void kill_for(Theatre& t, const Given& g)
{
    t.world().kill_knelld(g.time);
}
void stop(Theatre& t, const Given& g)
{
    t.world().stop_knelld(g.time);
}
void suspend(Theatre& t, const Given& g)
{
    t.world().suspend_machine(g.time);
}
void restart_machine(Theatre& t, const Given&)
{
    t.world().reboot_machine({});
}
void machine_ahead(Theatre& t, const Given& g)
{
    t.world().reboot_machine(g.time);
}
void machine_behind(Theatre& t, const Given& g)
{
    t.world().reboot_machine(-g.time);
}
template <Disk::Health How>
void disk(Theatre& t, const Given&)
{
    truth(t).say(How == Disk::Health::well   ? "* the journal's disk is well again"
                 : How == Disk::Health::full ? "* the journal's disk is full"
                                             : "* the journal's disk fails");
    t.world().disk.health = How;
    t.world().disk.latency = How == Disk::Health::well ? 1ms : t.world().disk.latency;
}
void slow_disk(Theatre& t, const Given& g)
{
    truth(t).say("* the journal's disk is slow");
    t.world().disk.latency = g.time;
}
void old_answer(Theatre& t, const Given&)
{
    if (t.world().running()) {
        truth(t).say("* an answer that was given long ago comes again");
        t.world().knelld().repeat_an_answer();
    }
}
void operate(Theatre& t, const Given& g)
{
    t.operate(g.text, g.line);
}
void reload(Theatre& t, const Given& g)
{
    t.reload(g.text, g.line);
}

constexpr std::array verbs{
    Verb{"HOST loses its power", "The host goes dark; its BMC lives and reads off.", press_off},
    Verb{"HOST is switched on", "Somebody presses the button; it boots.", press_on},
    Verb{"HOST reboots", "Off and on again at once, by itself or by somebody.", reboot},
    Verb{"HOST panics", "Its kernel stops; the power stays on.", panic},
    Verb{"HOST shuts down in order", "Its agent says goodbye; it is off 5 s later.", shut_down},
    Verb{"the user space of HOST hangs", "No heartbeats; the kernel answers, guests run.", hang},
    Verb{"the user space of HOST goes on", "Heartbeats again, of the same boot.", unhang},
    Verb{"nova-compute of HOST stops", "The agent tells of it.", stop_compute},
    Verb{"nova-compute of HOST starts", "And evacuations from it are completed.", start_compute},
    Verb{"HOST is cut off on NET", "No packet of it passes there.", cut},
    Verb{"HOST is joined again on NET", "They pass again.", uncut},
    Verb{"HOST is cut off everywhere", "On every network; it runs on, guests too.", cut_all<true>},
    Verb{"HOST is joined again everywhere", "They pass again.", cut_all<false>},
    Verb{"another machine answers pings of HOST", "A duplicate address, or a NIC.", echo<true>},
    Verb{"no other machine answers pings of HOST", "That is over.", echo<false>},
    Verb{"somebody replays heartbeats of HOST for TIME", "Recorded ones, genuine.", replay},
    Verb{"RACK loses power", "Its hosts and their BMCs go dark.", feed<false>},
    Verb{"RACK has power again", "What was on boots by itself.", feed<true>},
    Verb{"the switch of RACK on NET dies", "The rack is cut off there.", rack_switch<true>},
    Verb{"the switch of RACK on NET works again", "That is over.", rack_switch<false>},
    Verb{"our side of NET loses its carrier", "The controller's own interface.",
         our_side<Cables::Ours::no_carrier>},
    Verb{"our side of NET leads nowhere", "Carrier, and nobody answers.",
         our_side<Cables::Ours::dead_behind>},
    Verb{"our side of NET is whole again", "That is over.", our_side<Cables::Ours::whole>},
    Verb{"the sentinel SENTINEL falls silent", "It alone.", sentinel<true>},
    Verb{"the sentinel SENTINEL answers again", "That is over.", sentinel<false>},
    Verb{"the BMC of HOST lies", "Reads off whatever is true.",
         [](auto& t, auto& g) { spoil(t, g, "its BMC says off whatever is true", &Bmc::lies); }},
    Verb{"the BMC of HOST is deaf", "Says that it switched off, and did not.",
         [](auto& t, auto& g) {
             spoil(t, g, "its BMC says that it did, and does not", &Bmc::deaf);
         }},
    Verb{"the BMC of HOST does not answer", "Dead, or its network is.",
         [](auto& t, auto& g) { spoil(t, g, "its BMC does not answer", &Bmc::stuck); }},
    Verb{"the BMC of HOST does and its answers are lost", "What is sent is carried out.",
         [](auto& t, auto& g) { spoil(t, g, "the answers of its BMC are lost", &Bmc::mute); }},
    Verb{"the BMC of HOST has no session free", "All slots are taken.",
         [](auto& t, auto& g) { spoil(t, g, "its BMC has no session free", &Bmc::busy); }},
    Verb{"the BMC of HOST refuses our password", "It was changed there.",
         [](auto& t, auto& g) { spoil(t, g, "its BMC refuses our password", &Bmc::locked); }},
    Verb{"the BMC of HOST takes up to TIME", "For each answer.", slow_bmc},
    Verb{"the BMC of HOST is mixed up with that of OTHER", "Cables or addresses.", miswire},
    Verb{"the BMC of HOST switches on when power returns", "Restore policy.", always_on},
    Verb{"the BMC of HOST accepts cipher suite 0", "A login without password.", cipher_zero},
    Verb{"the BMC of HOST gives us too little privilege", "May not power off.", weak_user},
    Verb{"the BMC of HOST is well again", "All of that is over.", mend_bmc},
    Verb{"Nova refuses connections", "Nobody listens.", refuses},
    Verb{"Nova does not answer", "Requests are swallowed.", silent},
    Verb{"Keystone does not answer", "No new token.", no_keystone},
    Verb{"Nova answers STATUS to everything", "And does nothing.", status_to_all},
    Verb{"Nova answers STATUS to writes", "And does nothing; reads are well.", status_to_writes},
    Verb{"Nova answers nonsense", "JSON that ends in the middle.", nonsense},
    Verb{"Nova loses its answers to writes", "It did them.", lost_answers},
    Verb{"Nova acts on writes TIME later", "A proxy holds them.", late_writes},
    Verb{"Nova shows old flags", "As old as `reads lag` says.", old_reads},
    Verb{"the database of the cell is out of reach", "Services are hidden or UNKNOWN.",
         hidden_cell},
    Verb{"Nova is well again", "All of that is over.", well},
    Verb{"every token is revoked", "The next request meets a 401.", revoke},
    Verb{"Nova forgets the flag of HOST", "Galera loses the commit.", forget},
    Verb{"somebody sets forced_down of HOST", "Not knell.", flag<true>},
    Verb{"somebody clears forced_down of HOST", "Not knell.", flag<false>},
    Verb{"somebody disables nova-compute of HOST because TEXT", "With this reason.", disable<true>},
    Verb{"somebody enables nova-compute of HOST", "Again.", disable<false>},
    Verb{"somebody deletes the service of HOST", "Nova does not list it.", erase<true>},
    Verb{"somebody brings back the service of HOST", "Nova lists it.", erase<false>},
    Verb{"evacuations stay unfinished", "Nova refuses to clear the flag.", records_stay},
    Verb{"knelld is killed", "kill -9; it starts again 1 s later.", kill},
    Verb{"knelld is killed for TIME", "kill -9; it starts again then.", kill_for},
    Verb{"knelld is stopped for TIME", "SIGSTOP, SIGCONT.", stop},
    Verb{"our machine sleeps for TIME", "Suspended; knelld starts anew.", suspend},
    Verb{"our machine restarts", "knelld is back 40 s later.", restart_machine},
    Verb{"our machine restarts, its clock TIME ahead", "The wall clock is wrong.", machine_ahead},
    Verb{"our machine restarts, its clock TIME behind", "The wall clock is wrong.", machine_behind},
    Verb{"the journal's disk is full", "No record can be written.", disk<Disk::Health::full>},
    Verb{"the journal's disk fails", "An fsync fails.", disk<Disk::Health::fails>},
    Verb{"the journal's disk takes TIME", "For each record.", slow_disk},
    Verb{"the journal's disk is well again", "All of that is over.", disk<Disk::Health::well>},
    Verb{"an old answer comes again", "Of a BMC, of Nova or of the disk.", old_answer},
    Verb{"operator: TEXT", "An order in the words of knellctl(8).", operate},
    Verb{"knell.yaml: TEXT", "An operator writes this and reloads.", reload},
};

} // namespace

std::span<const Verb> verb_table()
{
    return verbs;
}

} // namespace knell::scenarios
