// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/journal/journal.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace knell::journal {

/// A private directory that goes away with the test.
class Directory {
public:
    Directory()
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-journal-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path file() const { return path_ / "journal.sqlite"; }

private:
    std::filesystem::path path_;
};

inline std::unique_ptr<Journal> must_open(boost::asio::io_context& loop,
                                          const std::filesystem::path& directory)
{
    auto opened = Journal::open(loop, directory);
    if (auto* fault = std::get_if<std::string>(&opened)) {
        ADD_FAILURE() << *fault;
        std::abort();
    }
    return std::get<std::unique_ptr<Journal>>(std::move(opened));
}

/// Empty when it opens.
inline std::string refusal(const std::filesystem::path& directory)
{
    boost::asio::io_context loop;
    auto opened = Journal::open(loop, directory);
    auto* fault = std::get_if<std::string>(&opened);
    return fault == nullptr ? std::string{} : *fault;
}

inline JournalEntry fencing(const std::string& host, std::uint64_t episode)
{
    return {.what = JournalEntry::What::fencing,
            .host = HostId{host},
            .episode = EpisodeId{episode},
            .boot = BootId{"b-" + std::to_string(episode)},
            .identity =
                SystemUuid{"4c4c4544-0000-0000-0000-00000000000" + std::to_string(episode % 10)},
            .by = "knelld",
            .detail = "silent on mgmt"};
}

inline std::vector<JournalEntry> all_of(const Journal& journal)
{
    auto read = journal.read_all();
    if (auto* fault = std::get_if<std::string>(&read)) {
        ADD_FAILURE() << *fault;
        return {};
    }
    auto entries = std::get<std::vector<JournalEntry>>(std::move(read));
    for (auto& entry : entries) {
        entry.age = {}; // never the same twice
    }
    return entries;
}

/// Appends and runs the loop until it is answered.
inline bool write(boost::asio::io_context& loop, Journal& journal,
                  std::vector<JournalEntry> entries)
{
    bool answer = false;
    journal.append(std::move(entries), [&](bool durable) { answer = durable; });
    loop.restart();
    loop.run();
    return answer;
}

/// As an operator with sqlite3(1) would. Returns SQLite's words, empty for none.
inline std::string run_sql(const std::filesystem::path& file, const std::string& sql)
{
    sqlite3* handle = nullptr;
    sqlite3_open(file.c_str(), &handle);
    char* raw = nullptr;
    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &raw);
    std::string error = raw == nullptr ? "" : raw;
    sqlite3_free(raw);
    sqlite3_close(handle);
    return error;
}

} // namespace knell::journal
