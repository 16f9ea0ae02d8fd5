// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/log.hpp"

#include "daemon/journal/wall_time.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

namespace knell {

namespace {

int priority_of(Notice::Weight weight)
{
    switch (weight) {
    case Notice::Weight::info:
        return LOG_INFO;
    case Notice::Weight::warning:
        return LOG_WARNING;
    case Notice::Weight::alarm:
        break;
    }
    return LOG_ALERT;
}

/// As sd_journal_stream_fd(3) has it: systemd names the device and inode of the stream it gave us.
bool stderr_is_the_journal()
{
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

std::string words(const Notice& notice)
{
    std::string line{notice.id};
    if (notice.host) {
        line += " host=" + notice.host->get();
    }
    if (notice.episode != EpisodeId{0}) {
        line += " episode=" + std::to_string(notice.episode.get());
    }
    return line + " " + notice.text;
}

} // namespace

std::string_view name_of(Notice::Weight weight) noexcept
{
    switch (weight) {
    case Notice::Weight::info:
        return "INFO";
    case Notice::Weight::warning:
        return "WARNING";
    case Notice::Weight::alarm:
        return "ALARM";
    }
    return {};
}

Log::Log() : journald_{stderr_is_the_journal()}
{
    auto logger = spdlog::stderr_logger_st("knelld");
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
}

void Log::write(std::chrono::system_clock::time_point at, const Notice& notice)
{
    if (!journald_) {
        spdlog::info("{} {} {}", journal::rfc3339(at), name_of(notice.weight), words(notice));
        return;
    }
    const std::string id{notice.id};
    ::sd_journal_send("MESSAGE=%s", words(notice).c_str(), "PRIORITY=%d",
                      priority_of(notice.weight), "KNELL_ID=%s", id.c_str(), "KNELL_HOST=%s",
                      notice.host ? notice.host->get().c_str() : "", "KNELL_EPISODE=%llu",
                      static_cast<unsigned long long>(notice.episode.get()), nullptr);
}

void Log::info(std::string_view id, std::string_view text)
{
    write(std::chrono::system_clock::now(),
          {Notice::Weight::info, id, std::nullopt, EpisodeId{0}, std::string{text}});
}

void Log::alarm(std::string_view id, std::string_view text)
{
    write(std::chrono::system_clock::now(),
          {Notice::Weight::alarm, id, std::nullopt, EpisodeId{0}, std::string{text}});
}

} // namespace knell
