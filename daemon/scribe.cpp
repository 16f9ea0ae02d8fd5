// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/scribe.hpp"

#include "core/assert.hpp"
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
    const bool all_are_sent = sent_ == records_.size();
    records_.push_back(record);
    if (all_are_sent) {
        send(record);
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
    ++sent_;
    journal_.append({record.entry}, [this](bool durable) { on_written(durable); });
}

void Scribe::on_written(bool durable)
{
    if (durable) {
        KNELL_ASSERT(sent_ == records_.size()); // it has overtaken none that was refused
        --sent_;
        const auto record = std::move(records_.front());
        records_.pop_front();
        if (!std::exchange(trouble_, {}).empty()) {
            words_.stalled({});
        }
        on_durable_(record);
        return;
    }
    --sent_;
    if (journal_.closed()) {
        if (auto broken = std::exchange(words_.broken, nullptr)) {
            broken(journal_.trouble());
        }
        return;
    }
    if (std::exchange(trouble_, journal_.trouble()).empty()) {
        words_.stalled(trouble_);
    }
    if (sent_ == 0) {
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
    for (const auto& record : records_) {
        send(record);
    }
}

} // namespace knell
