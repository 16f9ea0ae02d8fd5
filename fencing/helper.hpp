// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace knell::fencing {

/// The life of one helper process: started in a process group of its own, spoken
/// to in lines over a socket pair that is its standard input, killed when its
/// owner says so or goes, and always reaped. It gets no environment but
/// PATH and LANG, no signal mask and no file but that socket, /dev/null as
/// standard output and our standard error.
///
/// Everything happens on the loop's thread, which must outlive the helper:
/// it dies with the thread that started it.
class Helper {
public:
    /// `on_line` gets each whole line without its line feed. `on_end` is called once, with
    /// words for the operator, when the process has ended or broken the framing;
    /// then nothing more comes. Neither is called from within a call of ours,
    /// nor after kill(), dismiss() or destruction; both may destroy the Helper.
    struct Events {
        std::function<void(std::string_view line)> on_line;
        std::function<void(std::string why)> on_end;
    };

    /// `command` is the program's path and its arguments; they are visible to
    /// everybody. Null, and why in `why`, if it cannot be started.
    [[nodiscard]] static std::unique_ptr<Helper> start(boost::asio::io_context& loop,
                                                       const std::vector<std::string>& command,
                                                       Events events, std::string& why);
    ~Helper(); ///< kills
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;

    /// The line feed is added. False: it could not be taken whole at once; the
    /// helper is of no more use.
    [[nodiscard]] bool send(const Secret& line);
    [[nodiscard]] bool send(std::string_view line);

    /// SIGKILL for its whole group.
    void kill() noexcept;
    /// Closes the socket, so that it may end in order; killed after a short grace.
    static void dismiss(std::unique_ptr<Helper> helper);

    [[nodiscard]] int pid() const noexcept;

private:
    class Process;
    explicit Helper(std::shared_ptr<Process> process);

    /// Shared with the handlers that wait for its output and its death: a killed
    /// process must still be reaped when nobody is interested in it any more.
    std::shared_ptr<Process> process_;
};

} // namespace knell::fencing
