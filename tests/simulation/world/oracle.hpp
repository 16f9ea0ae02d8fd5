// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/facts.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace knell::sim {

class Truth;

/// A promise that was not kept.
struct Breach {
    std::string sentence;
    HostId host;
    Instant at;
    std::string detail;
};

using Excuses = std::map<std::string, std::uint64_t>;

/// Holds one promise of knell against everything that happens. It may look at the truth; it never
/// looks at knelld's own state. Its sentence is its file's name.
class Oracle {
public:
    /// `truth` is borrowed.
    Oracle(std::string_view sentence, const Truth& truth) : truth_{truth}, sentence_{sentence} {}
    virtual ~Oracle() = default;
    Oracle(const Oracle&) = delete;
    Oracle& operator=(const Oracle&) = delete;

    /// What knelld wants done, before it is.
    virtual void on_effect(const Effect&) {}
    /// What knelld is told, before it is.
    virtual void on_event(const Event&) {}
    virtual void on_fact(const Fact&) {}

    [[nodiscard]] std::string_view sentence() const noexcept { return sentence_; }
    /// How often there was something to judge: an oracle that saw nothing shows nothing.
    [[nodiscard]] std::uint64_t judged() const noexcept { return judged_; }
    /// How often a breach was nobody's, by reason; the oracle's file has more of each.
    [[nodiscard]] const Excuses& excused() const noexcept { return excused_; }
    [[nodiscard]] const std::vector<Breach>& breaches() const noexcept { return breaches_; }

protected:
    void judge(bool kept, const HostId& host, const std::string& detail);
    void excuse(const std::string& why) { ++excused_[why]; }
    [[nodiscard]] Instant now() const;

    const Truth& truth_;

private:
    std::string_view sentence_;
    std::uint64_t judged_ = 0;
    Excuses excused_;
    std::vector<Breach> breaches_;
};

using Oracles = std::vector<std::unique_ptr<Oracle>>;

/// All of them, for one world.
[[nodiscard]] Oracles all_oracles(const Truth& truth);

} // namespace knell::sim
