// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/log.hpp"

#include "daemon/journal/wall_time.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <memory>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

namespace knell {

namespace {

/// Drawn once, for knell alone; doc/catalog.cmake has it as well.
constexpr boost::uuids::uuid knell_namespace{{0x4a, 0x24, 0x14, 0x45, 0xcf, 0x01, 0x44, 0x52, 0x8d,
                                              0x79, 0xf8, 0xc5, 0x17, 0x7b, 0xc6, 0x11}};

int priority_of(Notice::Weight weight)
{
    switch (weight) {
    case Notice::Weight::detail:
        return LOG_DEBUG;
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

/// Nothing that comes from outside can look like a record of its own, or move a terminal.
std::string one_record(const std::string& text)
{
    std::string safe;
    for (const char letter : text) {
        if (letter == '\n') {
            safe += "\n    ";
        } else {
            const auto code = static_cast<unsigned char>(letter);
            safe += code < 0x20 || code == 0x7f ? '?' : letter;
        }
    }
    return safe;
}

bool details_wanted()
{
    const char* wanted = std::getenv("KNELL_LOG");
    return wanted != nullptr && std::string_view{wanted} == "detail";
}

} // namespace

std::string_view name_of(Notice::Weight weight) noexcept
{
    switch (weight) {
    case Notice::Weight::detail:
        return "DETAIL";
    case Notice::Weight::info:
        return "INFO";
    case Notice::Weight::warning:
        return "WARNING";
    case Notice::Weight::alarm:
        return "ALARM";
    }
    return {};
}

std::string message_id_of(std::string_view id)
{
    const auto uuid = boost::uuids::name_generator_sha1{knell_namespace}(id.data(), id.size());
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : uuid) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xfU];
    }
    return text;
}

std::vector<std::string> journal_fields(const Notice& notice)
{
    std::vector<std::string> fields{
        "MESSAGE=" + words(notice), "PRIORITY=" + std::to_string(priority_of(notice.weight)),
        "MESSAGE_ID=" + message_id_of(notice.id), "KNELL_ID=" + std::string{notice.id}};
    if (notice.host) {
        fields.push_back("KNELL_HOST=" + notice.host->get());
    }
    if (notice.episode != EpisodeId{0}) {
        fields.push_back("KNELL_EPISODE=" + std::to_string(notice.episode.get()));
    }
    return fields;
}

Log::Log() : journald_{stderr_is_the_journal()}, details_{details_wanted()}
{
    auto logger = std::make_shared<spdlog::logger>(
        "knelld", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
}

void Log::write(std::chrono::system_clock::time_point at, const Notice& notice)
{
    if (!journald_) {
        if (details_ || notice.weight != Notice::Weight::detail) {
            spdlog::info("{} {} {}", journal::rfc3339(at), name_of(notice.weight),
                         one_record(words(notice)));
        }
        return;
    }
    auto fields = journal_fields(notice);
    std::vector<iovec> pieces;
    pieces.reserve(fields.size());
    for (auto& field : fields) {
        pieces.push_back({field.data(), field.size()});
    }
    ::sd_journal_sendv(pieces.data(), static_cast<int>(pieces.size()));
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
