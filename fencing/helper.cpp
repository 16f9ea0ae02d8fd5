// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/helper.hpp"

#include "fencing/lines.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace knell::fencing {
namespace {

using boost::system::error_code;

/// For closing its session when it is dismissed; an answering BMC needs milliseconds.
constexpr auto grace = std::chrono::seconds{2};

class File {
public:
    explicit File(int fd) : fd_{fd} {}
    ~File()
    {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

/// What the new process starts with; freed with the scope.
class Preparations {
public:
    explicit Preparations(int socket)
    {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
        posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        posix_spawnattr_setpgroup(&attributes_, 0);
    }
    ~Preparations()
    {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    Preparations(const Preparations&) = delete;
    Preparations& operator=(const Preparations&) = delete;

    /// 0, or an errno.
    int spawn(pid_t& pid, const std::vector<std::string>& command)
    {
        std::vector<std::string> words = command;
        std::vector<char*> arguments;
        arguments.reserve(words.size() + 1);
        for (auto& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        std::string language = "LANG=C";
        std::array<char*, 3> environment{path.data(), language.data(), nullptr};
        return posix_spawn(&pid, command.front().c_str(), &actions_, &attributes_, arguments.data(),
                           environment.data());
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::string end_of(const siginfo_t& status)
{
    if (status.si_code == CLD_EXITED) {
        return "the helper ended with status " + std::to_string(status.si_status);
    }
    return "the helper was ended by signal " + std::to_string(status.si_status);
}

} // namespace

class Helper::Process : public std::enable_shared_from_this<Helper::Process> {
public:
    Process(boost::asio::io_context& loop, pid_t pid, int socket, int pidfd, Events events)
        : pid_{pid}, socket_{loop, boost::asio::local::stream_protocol{}, socket},
          pidfd_{loop, pidfd}, patience_{loop}, events_{std::move(events)}
    {
        socket_.native_non_blocking(true);
    }
    ~Process()
    {
        kill();
        // Only reached with a living child when the whole loop goes away.
        if (!reaped_) {
            pollfd gone{pidfd_.native_handle(), POLLIN, 0};
            ::poll(&gone, 1, 100);
            reap();
        }
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void begin()
    {
        read_on();
        await_death();
    }
    [[nodiscard]] bool send(std::string_view bytes)
    {
        // Questions are few and short, and the next one waits for the answer: if the kernel
        // cannot take one whole, the helper has not been reading.
        return ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                      MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
    }
    /// Until it is reaped the pid cannot be anybody else's.
    void kill() noexcept
    {
        if (!reaped_) {
            ::kill(-pid_, SIGKILL);
            ::kill(pid_, SIGKILL);
        }
    }
    void silence() noexcept { silenced_ = true; }
    void dismiss()
    {
        silence();
        error_code ignored;
        socket_.shutdown(boost::asio::socket_base::shutdown_both, ignored);
        patience_.expires_after(grace);
        patience_.async_wait([self = shared_from_this()](error_code error) {
            if (!error) {
                self->kill();
            }
        });
    }
    [[nodiscard]] int pid() const noexcept { return pid_; }

private:
    void read_on()
    {
        socket_.async_read_some(boost::asio::buffer(lines_.room(), lines_.room_size()),
                                [self = shared_from_this()](error_code error, std::size_t size) {
                                    if (self->silenced_) {
                                        return;
                                    }
                                    if (error) {
                                        self->end_of_output();
                                        return;
                                    }
                                    self->lines_.filled(size);
                                    self->hand_out_lines();
                                });
    }
    void hand_out_lines()
    {
        while (const auto line = lines_.next()) {
            events_.on_line(*line);
            if (silenced_) {
                return;
            }
        }
        if (lines_.room_size() == 0) {
            kill();
            end("the helper's line does not end");
            return;
        }
        read_on();
    }
    /// What it had said before it died has been read by now, so its death may be told.
    void end_of_output()
    {
        output_ended_ = true;
        kill();
        if (reaped_) {
            end(how_it_ended_);
        }
    }
    void await_death()
    {
        pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](error_code error) {
                              if (error) {
                                  return;
                              }
                              // Asio may wake us with the readiness of a descriptor that had this
                              // place before: only the kernel's word makes a helper dead.
                              if (!self->has_died()) {
                                  return self->await_death();
                              }
                              // Whatever it may have started, before the group's name is free.
                              self->kill();
                              self->reap();
                              self->patience_.cancel();
                              if (self->output_ended_) {
                                  self->end(self->how_it_ended_);
                              }
                          });
    }
    [[nodiscard]] bool has_died() noexcept
    {
        siginfo_t status{};
        const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &status,
                                    WEXITED | WNOHANG | WNOWAIT);
        return result != 0 || status.si_pid != 0;
    }
    void reap() noexcept
    {
        siginfo_t status{};
        const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &status,
                                    WEXITED | WNOHANG);
        if (result == 0 && status.si_pid == 0) {
            return;
        }
        reaped_ = true;
        how_it_ended_ = result == 0 ? end_of(status) : "the helper was reaped by somebody else";
    }
    void end(std::string why)
    {
        if (!silenced_) {
            silenced_ = true;
            events_.on_end(std::move(why));
        }
    }

    pid_t pid_;
    boost::asio::local::stream_protocol::socket socket_;
    boost::asio::posix::stream_descriptor pidfd_;
    boost::asio::steady_timer patience_;
    Events events_;
    Lines lines_;
    std::string how_it_ended_;
    bool silenced_ = false;
    bool output_ended_ = false;
    bool reaped_ = false;
};

std::unique_ptr<Helper> Helper::start(boost::asio::io_context& loop,
                                      const std::vector<std::string>& command, Events events,
                                      std::string& why)
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        why = std::string{"no socket pair for the helper: "} + std::strerror(errno);
        return nullptr;
    }
    File ours{ends[0]};
    const File theirs{ends[1]};
    pid_t pid = 0;
    if (const int error = Preparations{theirs.get()}.spawn(pid, command); error != 0) {
        why = "cannot start " + command.front() + ": " + std::strerror(error);
        return nullptr;
    }
    File pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (pidfd.get() < 0) {
        why = std::string{"no pidfd for the helper: "} + std::strerror(errno);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return nullptr;
    }
    auto process =
        std::make_shared<Process>(loop, pid, ours.release(), pidfd.release(), std::move(events));
    process->begin();
    return std::unique_ptr<Helper>{new Helper{std::move(process)}};
}

Helper::Helper(std::shared_ptr<Process> process) : process_{std::move(process)} {}

Helper::~Helper()
{
    if (process_) {
        kill();
    }
}

bool Helper::send(const Secret& line)
{
    return process_->send(line.reveal()) && process_->send("\n");
}

bool Helper::send(std::string_view line)
{
    return process_->send(std::string{line} + '\n');
}

void Helper::kill() noexcept
{
    process_->silence();
    process_->kill();
}

void Helper::dismiss(std::unique_ptr<Helper> helper)
{
    // Its handlers keep the process from here on, until it is reaped.
    helper->process_->dismiss();
    helper->process_.reset();
}

int Helper::pid() const noexcept
{
    return process_->pid();
}

} // namespace knell::fencing
