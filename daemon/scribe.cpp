// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/scribe.hpp"

#include "daemon/journal/journal.hpp"

#include <utility>

namespace knell {

namespace {

constexpr std::chrono::seconds between_tries{1};

} // namespace

Scribe::Scribe(boost::asio::io_context& loop, journal::Journal& journal, OnDurable on_durable)
    : journal_{journal}, on_durable_{std::move(on_durable)}, rest_{loop}
{
}

void Scribe::write(const Record& record)
{
    if (waiting_.empty()) {
        send(record);
    } else {
        waiting_.push_back(record);
    }
}

void Scribe::tell(const Notice& notice)
{
    if (!trouble_.empty() || !notice.host || notice.episode == EpisodeId{0}) {
        return;
    }
    JournalEntry entry{JournalEntry::What::told, notice.host, notice.episode};
    entry.by = "knelld";
    entry.detail = std::string{notice.id} + ": " + notice.text;
    journal_.append({std::move(entry)}, nullptr);
}

void Scribe::send(const Record& record)
{
    journal_.append({record.entry}, [this, record](bool durable) { on_written(record, durable); });
}

void Scribe::on_written(const Record& record, bool durable)
{
    if (durable) {
        if (waiting_.empty() && !trouble_.empty()) {
            trouble_.clear();
            words_.stalled({});
        }
        on_durable_(record);
        return;
    }
    if (journal_.closed()) {
        if (auto broken = std::exchange(words_.broken, nullptr)) {
            broken(journal_.trouble());
        }
        return;
    }
    waiting_.push_back(record);
    if (std::exchange(trouble_, journal_.trouble()).empty()) {
        words_.stalled(trouble_);
    }
    if (!std::exchange(resting_, true)) {
        rest_.expires_after(between_tries);
        rest_.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                try_again();
            }
        });
    }
}

void Scribe::try_again()
{
    resting_ = false;
    for (const auto& record : std::exchange(waiting_, {})) {
        send(record);
    }
}

} // namespace knell
