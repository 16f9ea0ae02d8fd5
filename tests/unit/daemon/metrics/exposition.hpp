// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace knell::metrics {

/// A scrape, read as strictly as the text exposition format 0.0.4 is written down: each family in
/// one piece under its HELP and TYPE, no series twice, histograms cumulative and complete.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
class Exposition {
public:
    explicit Exposition(const std::string& text);

    /// Whatever breaks the grammar, with its line.
    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

    /// Of one series as it is written, e.g. `knell_hosts{state="Held"}`; labels in their order.
    [[nodiscard]] std::optional<double> value(const std::string& series) const;
    [[nodiscard]] std::size_t series() const { return values_.size(); }

    struct Family {
        std::string type;
        std::set<std::string> labels; ///< names in use; without a histogram's `le`
    };
    [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }

private:
    void read(const std::string& line);
    void read_comment(const std::string& line);
    void read_sample(const std::string& line);
    void check_histograms();
    void fault(const std::string& what);

    std::size_t number_ = 0;
    std::string open_; ///< the family whose samples are being read
    std::set<std::string> helped_;
    std::map<std::string, Family> families_;
    std::map<std::string, double> values_;
    /// Of each histogram's series, without `le`: its buckets, as written.
    std::map<std::string, std::vector<std::pair<double, double>>> buckets_;
    std::vector<std::string> faults_;
};

} // namespace knell::metrics
