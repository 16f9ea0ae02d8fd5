// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/by_hand.hpp"

#include "fencing/ipmi/identity.hpp"
#include "fencing/ipmi/session.hpp"
#include "fencing/ipmi/settled_off.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace knell::fencing::ipmi {
namespace {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int status_off = 2;

void say(const std::string& text)
{
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

int fail(const std::string& text)
{
    std::fprintf(stderr, "knell-fence-ipmi: %s\n", text.c_str());
    return failed;
}

/// libfreeipmi measures by the wall clock and adds up its exchanges; a real timer
/// does neither.
void end_after(Duration patience)
{
    std::signal(SIGALRM, [](int) {
        constexpr char text[] = "knell-fence-ipmi: not done within power_timeout\n";
        static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
        ::_exit(failed);
    });
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience);
    itimerval timer{};
    timer.it_value.tv_sec = whole.count();
    timer.it_value.tv_usec = (patience - whole).count();
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

Parsed<Secret> first_line_of(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return Complaint{"password_file " + path + ": " + std::strerror(errno)};
    }
    struct stat about {};
    std::string text(256, '\0');
    const bool known = ::fstat(fd, &about) == 0;
    const auto size = ::read(fd, text.data(), text.size());
    ::close(fd);
    if (!known || !S_ISREG(about.st_mode) || size < 0) {
        return Complaint{"password_file " + path + " is not a readable regular file"};
    }
    if ((about.st_mode & S_IROTH) != 0) {
        return Complaint{"password_file " + path + " can be read by everybody: chmod o-rwx it"};
    }
    text.resize(static_cast<std::size_t>(size));
    text.resize(std::min(text.size(), text.find('\n')));
    return Secret{std::move(text)};
}

bool permanent(PowerFault fault)
{
    return fault == PowerFault::wrong_credentials || fault == PowerFault::wrong_identity;
}

Instant now()
{
    return instant(std::chrono::steady_clock::now());
}

/// Off first and unconditionally: a BMC that says off may lie. Returns by success
/// or a permanent fault; else end_after() ends it.
int switch_off(Session& session, const HandOrder& order)
{
    SettledOff settled{order.readings, order.settle};
    bool commanded = false;
    std::string last_words;
    while (true) {
        if (!commanded) {
            settled.start_again();
            const auto answer = session.power_off(order.identity);
            if (permanent(answer.fault)) {
                return fail(answer.detail);
            }
            commanded = answer.fault == PowerFault::none || answer.already;
            if (answer.detail != last_words) {
                last_words = answer.detail;
                say(last_words);
            }
        }
        if (commanded) {
            const auto asked_at = now();
            const auto answer = session.read_power(order.identity);
            if (permanent(answer.fault)) {
                return fail(answer.detail);
            }
            if (settled.on_reading(asked_at, answer.state)) {
                say("Success: off, and settled");
                return done;
            }
            commanded = answer.state != PowerState::on;
            if (answer.detail != last_words) {
                last_words = answer.detail;
                say(last_words);
            }
        }
        std::this_thread::sleep_for(order.poll);
    }
}

int switch_on(Session& session, const HandOrder& order)
{
    while (true) {
        const auto answer = session.power_on(order.identity);
        if (permanent(answer.fault)) {
            return fail(answer.detail);
        }
        if (session.read_power(order.identity).state == PowerState::on) {
            say("Success: on");
            return done;
        }
        std::this_thread::sleep_for(order.poll);
    }
}

int tell_status(Session& session, const HandOrder& order)
{
    const auto answer = session.read_power(order.identity);
    switch (answer.state) {
    case PowerState::on:
        say("Status: ON");
        return done;
    case PowerState::off:
        say("Status: OFF");
        return status_off;
    case PowerState::unknown:
        break;
    }
    return fail(answer.detail);
}

int look_at_device(Session& session, const HandOrder& order)
{
    const auto answer = session.inspect(order.identity, order.patience, [] { return true; });
    if (answer.fault != PowerFault::none) {
        return fail(answer.detail);
    }
    say(answer.detail);
    if (const auto& told = session.told(); told && !order.identity) {
        say("The host's system UUID is this, or in SMBIOS order " + text_of(smbios_order(*told)));
    }
    if (answer.facts && answer.facts->cipher_zero == true) {
        say("Warning: the BMC opens sessions with cipher suite 0, for which nobody needs a "
            "password: switch it off there");
    }
    if (answer.facts && answer.facts->may_power_off == false) {
        return fail("this user's session may not power off: give it the privilege OPERATOR, and "
                    "say privlvl=operator");
    }
    return done;
}

int perform(const HandOrder& order)
{
    end_after(order.patience);
    Session session{order.device};
    switch (order.action) {
    case HandAction::off:
        return switch_off(session, order);
    case HandAction::on:
        return switch_on(session, order);
    case HandAction::status:
        return tell_status(session, order);
    case HandAction::monitor:
        return look_at_device(session, order);
    case HandAction::list:
    case HandAction::metadata:
    case HandAction::validate_all:
        break;
    }
    return done;
}

} // namespace

int run_by_hand(Settings settings)
{
    const auto action = action_of(settings);
    if (!action) {
        return fail(action.error().text);
    }
    if (*action == HandAction::metadata) {
        std::fputs(metadata().c_str(), stdout);
        return done;
    }
    if (*action == HandAction::list) {
        say("N/A"); // as the API wants it of a device with one host
        return done;
    }
    if (const auto file = settings.find("password_file"); file != settings.end()) {
        auto password = first_line_of(file->second);
        if (!password) {
            return fail(password.error().text);
        }
        settings.insert_or_assign("password", std::string{password->reveal()});
    }
    const auto order = order_from(settings);
    if (!order) {
        return fail(order.error().text);
    }
    return perform(*order);
}

} // namespace knell::fencing::ipmi
