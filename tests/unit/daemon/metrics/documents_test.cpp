// SPDX-License-Identifier: GPL-3.0-or-later
// The manual and the alerts name exactly what a scrape shows.
#include "tests/unit/daemon/metrics/some_facts.hpp"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <gmock/gmock.h>
#include <regex>
#include <set>
#include <sstream>

namespace knell::metrics {
namespace {

std::string text_of(const std::string& path)
{
    std::ifstream file{KNELL_SOURCE_DIR "/" + path};
    EXPECT_TRUE(file) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool says(const std::string& text, const std::string& words)
{
    return text.find(words) != std::string::npos;
}

std::vector<std::smatch> all_of(const std::string& text, const std::regex& pattern)
{
    return {std::sregex_iterator{text.begin(), text.end(), pattern}, std::sregex_iterator{}};
}

class Documents : public CollectorTest {
protected:
    /// Without the tails that a histogram's series have.
    static std::string family_of(const std::string& series, const Exposition& shown)
    {
        static const std::regex tail{"_(bucket|sum|count)$"};
        return shown.families().count(series) > 0 ? series : std::regex_replace(series, tail, "");
    }
};

TEST_F(Documents, the_manual_lists_every_metric_with_its_type_and_labels_and_no_other)
{
    std::set<std::string> listed;
    const auto manual = text_of("doc/man/knell-metrics.7.md");
    static const std::regex entry{
        R"(\n\*\*(knell_[a-z_]+)\*\*(?:\{(.*)\})? (gauge|counter|histogram)\n:)"};
    static const std::regex star{"[*]"};
    for (const auto& found : all_of(manual, entry)) {
        std::set<std::string> labels;
        std::istringstream names{std::regex_replace(found[2].str(), star, "")};
        for (std::string name; std::getline(names, name, ',');) {
            labels.insert(name);
        }
        listed.insert(found[1].str() + " " + found[3].str() + " " + testing::PrintToString(labels));
    }
    std::set<std::string> shown;
    const auto scraped = scrape();
    for (const auto& [name, family] : scraped.families()) {
        shown.insert(name + " " + family.type + " " + testing::PrintToString(family.labels));
    }
    EXPECT_EQ(listed, shown);
    EXPECT_GT(shown.size(), 30U);
}

TEST_F(Documents, the_manual_names_every_value_of_a_label_that_has_few)
{
    const auto manual = text_of("doc/man/knell-metrics.7.md");
    static const std::regex label{
        "(state|mode|kind|outcome|reason|guard|result|verb|direction)=\"([^\"]*)\""};
    const auto text = *collector.exposition(now);
    const auto found = all_of(text, label);
    EXPECT_FALSE(found.empty());
    for (const auto& value : found) {
        EXPECT_TRUE(says(manual, "*" + value[2].str() + "*")) << value[0];
    }
}

TEST_F(Documents, counters_end_in_total_and_times_in_seconds)
{
    const auto scraped = scrape();
    for (const auto& [name, family] : scraped.families()) {
        EXPECT_EQ(name.ends_with("_total"), family.type == "counter") << name;
        EXPECT_TRUE(family.type != "histogram" || name.ends_with("_seconds")) << name;
    }
}

TEST_F(Documents, every_alert_rests_on_metrics_labels_and_values_that_there_are)
{
    const auto shown = scrape();
    const auto rules = YAML::Load(text_of("etc/knell-alerts.yaml"))["groups"][0]["rules"];
    ASSERT_GT(rules.size(), 10U);
    static const std::regex metric{R"((knell_[a-z_]+)(?:\{([^}]*)\})?)"};
    static const std::regex matcher{R"re((\w+)=~?"([^"]*)")re"};
    for (const auto& rule : rules) {
        const auto expression = rule["expr"].as<std::string>();
        const auto metrics = all_of(expression, metric);
        EXPECT_FALSE(metrics.empty()) << expression;
        for (const auto& found : metrics) {
            const auto family = shown.families().find(family_of(found[1], shown));
            ASSERT_NE(family, shown.families().end()) << found[1];
            const std::string selector = found[2];
            for (const auto& match : all_of(selector, matcher)) {
                EXPECT_EQ(family->second.labels.count(match[1]), 1U) << found[0];
                std::istringstream values{match[2]};
                for (std::string value; std::getline(values, value, '|');) {
                    const auto place =
                        found[1] == "knell_host_state" ? "knell_hosts" : found[1].str();
                    EXPECT_TRUE(shown.value(place + "{" + match[1].str() + "=\"" + value + "\"}"))
                        << value << " in " << expression;
                }
            }
        }
    }
}

TEST_F(Documents, every_alert_says_what_is_so_and_leads_to_the_message_that_explains_it)
{
    const auto messages = text_of("doc/messages.md");
    const auto rules = YAML::Load(text_of("etc/knell-alerts.yaml"))["groups"][0]["rules"];
    std::set<std::string> names;
    for (const auto& rule : rules) {
        const auto name = rule["alert"].as<std::string>();
        EXPECT_TRUE(names.insert(name).second) << name << " twice";
        EXPECT_THAT(rule["labels"]["severity"].as<std::string>(),
                    testing::AnyOf("critical", "warning", "info"));
        EXPECT_FALSE(rule["annotations"]["summary"].as<std::string>().empty());
        const auto url = rule["annotations"]["runbook_url"].as<std::string>();
        static const std::regex form{"file:///usr/share/doc/knell/messages[.]md#([a-z_]+)"};
        std::smatch anchor;
        ASSERT_TRUE(std::regex_match(url, anchor, form)) << url;
        auto heading = anchor[1].str();
        for (auto& letter : heading) {
            letter = static_cast<char>(std::toupper(letter));
        }
        EXPECT_TRUE(says(messages, "\n### " + heading + "\n")) << name << ": " << heading;
    }
}

} // namespace
} // namespace knell::metrics
