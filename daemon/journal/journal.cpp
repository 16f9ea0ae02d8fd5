// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/journal.hpp"

#include "daemon/journal/schema.hpp"
#include "daemon/journal/wall_time.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace knell::journal {

namespace {

/// By the clock that nobody sets where it can tell, else by the wall clock.
Duration age_of(const Row& row, std::chrono::microseconds clock,
                std::chrono::system_clock::time_point wall, const std::string& machine_boot)
{
    if (!machine_boot.empty() && row.machine_boot == machine_boot) {
        return std::max(Duration::zero(), clock - row.boot_clock);
    }
    const auto written = read_rfc3339(row.at);
    return written ? std::max(Duration::zero(), std::chrono::floor<Duration>(wall) - *written)
                   : Duration::zero();
}

} // namespace

Journal::Opened Journal::open(boost::asio::io_context& loop, const std::filesystem::path& directory)
{
    auto state = StateDirectory::open(directory);
    if (auto* fault = std::get_if<std::string>(&state)) {
        return std::move(*fault);
    }
    const auto file = directory / "journal.sqlite";
    if (auto fault = create_if_absent(std::get<StateDirectory>(state), file); !fault.empty()) {
        return fault;
    }
    auto writer = Database::open(file, Database::Access::write);
    if (auto* fault = std::get_if<std::string>(&writer)) {
        return std::move(*fault);
    }
    auto reader = Database::open(file, Database::Access::read);
    if (auto* fault = std::get_if<std::string>(&reader)) {
        return std::move(*fault);
    }
    return std::unique_ptr<Journal>{
        new Journal{loop, std::get<StateDirectory>(std::move(state)),
                    std::get<std::unique_ptr<Database>>(std::move(writer)),
                    std::get<std::unique_ptr<Database>>(std::move(reader))}};
}

Journal::Journal(boost::asio::io_context& loop, StateDirectory state,
                 std::unique_ptr<Database> writer, std::unique_ptr<Database> reader)
    : loop_{loop}, state_{std::move(state)}, writer_{std::move(writer)}, reader_{std::move(reader)},
      machine_boot_{machine_boot()}
{
}

Journal::~Journal()
{
    alive_.reset();
    thread_.join();
    // The writer closes last: the last connection tidies the log away.
    reader_.reset();
    writer_.reset();
}

void Journal::append(std::vector<JournalEntry> entries, OnDurable on_durable)
{
    Waiting waiting;
    waiting.on_durable = std::move(on_durable);
    if (closed_ || refused_ > 0) {
        refuse(waiting);
    } else if (entries_waiting_ + entries.size() > most_waiting) {
        trouble_ = "more than " + std::to_string(most_waiting) + " entries wait for the disk";
        refuse(waiting);
    } else {
        const auto at = rfc3339(std::chrono::system_clock::now());
        const auto clock = boot_clock();
        waiting.rows.reserve(entries.size());
        for (auto& entry : entries) {
            waiting.rows.push_back({0, at, clock, std::move(entry), machine_boot_});
        }
        entries_waiting_ += waiting.rows.size();
    }
    waiting_.push_back(std::move(waiting));
    write_what_waits();
}

void Journal::refuse(Waiting& waiting)
{
    waiting.rows.clear();
    refused_ += std::exchange(waiting.refused, true) ? 0 : 1;
}

void Journal::write_what_waits()
{
    if (writing_ || waiting_.empty()) {
        return;
    }
    writing_ = true;
    auto batch = std::exchange(waiting_, {});
    entries_waiting_ = 0;
    // The guard keeps the loop running while an answer is owed to it.
    boost::asio::post(thread_, [this, &writer = *writer_, &loop = loop_,
                                alive = std::weak_ptr{alive_}, closed = closed_,
                                batch = std::move(batch),
                                guard = boost::asio::make_work_guard(loop_)]() mutable {
        std::vector<Row> rows;
        for (auto& waiting : batch) {
            std::move(waiting.rows.begin(), waiting.rows.end(), std::back_inserter(rows));
        }
        Written written{.durable = true, .broken = false, .text = {}};
        if (closed) {
            written.durable = false;
        } else if (!rows.empty()) {
            written = writer.append(rows);
        }
        const bool usable = !closed && !written.broken;
        boost::asio::post(loop, [this, alive, batch = std::move(batch), written]() mutable {
            if (!alive.expired()) {
                on_written(batch, written);
            }
        });
        if (!usable) {
            return;
        }
        // After the answer: nobody waits for this one.
        if (auto tidied = writer.tidy(); tidied.broken) {
            boost::asio::post(loop, [this, alive, tidied] {
                if (!alive.expired()) {
                    on_tidied(tidied);
                }
            });
        }
    });
}

void Journal::on_written(Batch& batch, const Written& written)
{
    writing_ = false;
    ++transactions_;
    // The reason stands until all are told who were refused for it.
    if (!closed_ && (!written.durable || refused_ == 0)) {
        closed_ = written.broken;
        trouble_ = written.text;
    }
    if (!written.durable) {
        for (auto* all : {&batch, &waiting_}) { // what waits must not overtake what failed
            for (auto& waiting : *all) {
                refuse(waiting);
            }
        }
    }
    write_what_waits();
    // A callback may end the journal.
    const std::weak_ptr alive = alive_;
    for (const auto& waiting : batch) {
        if (alive.expired()) {
            return;
        }
        refused_ -= waiting.refused ? 1 : 0;
        if (waiting.on_durable) {
            waiting.on_durable(!waiting.refused);
        }
    }
}

void Journal::on_tidied(const Written& tidied)
{
    closed_ = true;
    trouble_ = tidied.text;
}

OrText<std::vector<JournalEntry>> Journal::read_all() const
{
    auto rows = reader_->rows(std::nullopt, std::nullopt);
    if (auto* fault = std::get_if<std::string>(&rows)) {
        return std::move(*fault);
    }
    std::vector<JournalEntry> entries;
    const auto clock = boot_clock();
    const auto wall = std::chrono::system_clock::now();
    for (auto& row : std::get<std::vector<Row>>(rows)) {
        row.entry.age = age_of(row, clock, wall, machine_boot_);
        entries.push_back(std::move(row.entry));
    }
    return entries;
}

OrText<std::vector<Row>> Journal::history(const HostId& host, unsigned limit) const
{
    return reader_->rows(host, limit);
}

} // namespace knell::journal
