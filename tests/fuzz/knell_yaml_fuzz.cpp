// SPDX-License-Identifier: GPL-3.0-or-later
// knell.yaml, and behind a line of "%%" a drop-in. Beside it lie secrets, as files, credentials and
// in the environment.
#include "daemon/config/diagnostic.hpp"
#include "daemon/config/difference.hpp"
#include "daemon/config/effective.hpp"
#include "daemon/config/load_config.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <algorithm>
#include <sstream>

namespace knell::config {
namespace {

using fuzz::require;

constexpr std::string_view between = "\n%%\n";
constexpr std::string_view site_key =
    "00c0ffee0000000000000000000000000000000000000000000000000c0ffee0";

class Desk {
public:
    Desk()
    {
        const std::string secret{fuzz::canary};
        for (const char* folder : {"secrets/", "credentials/"}) {
            scratch_.write(std::string{folder} + "bmc", secret + "\n");
            scratch_.write(std::string{folder} + "site.key", std::string{site_key} + "\n");
            scratch_.write(std::string{folder} + "readable", secret + "\n", 0644);
            scratch_.write(std::string{folder} + "long", std::string(5000, 'x') + secret);
        }
        surroundings_.credentials_directory = (scratch_.path() / "credentials").string();
        surroundings_.keepers = {::geteuid(), {::getegid()}};
        surroundings_.environment = [secret](const std::string& name) {
            return name == "BMC_PASSWORD" ? std::optional{secret} : std::nullopt;
        };
        surroundings_.group_exists = [](const std::string& group) { return group != "nobody"; };
        surroundings_.executable = [](const std::string& path) { return path != "/no/helper"; };
    }

    [[nodiscard]] Loaded load(std::string_view text) const
    {
        const auto cut = text.find(between);
        const auto drop_in = scratch_.path() / "knell.d" / "10.yaml";
        if (cut != std::string_view::npos) {
            scratch_.write("knell.d/10.yaml", text.substr(cut + between.size()), 0640);
        } else {
            std::error_code ignored;
            std::filesystem::remove(drop_in, ignored);
        }
        return load_config(scratch_.write("knell.yaml", text.substr(0, cut), 0640), surroundings_);
    }

private:
    fuzz::Scratch scratch_;
    Surroundings surroundings_;
};

bool tells(std::string_view text)
{
    return fuzz::tells_secret(text) || text.find(site_key) != std::string_view::npos;
}

/// The words with which knelld refuses to start.
std::string check(const std::vector<Diagnostic>& diagnostics, std::size_t lines)
{
    for (const auto& diagnostic : diagnostics) {
        require(!diagnostic.message.empty(), "a diagnostic says what is wrong");
        const bool says_what = diagnostic.message.find(" must be ") != std::string::npos;
        require(!diagnostic.remedy.empty() || says_what || diagnostic.severity == Severity::warning,
                "an error says how to mend it", diagnostic.message);
        require(!diagnostic.at.file.empty() && diagnostic.at.line <= lines,
                "a diagnostic says where");
        require(fuzz::fit_to_show(diagnostic.message) && fuzz::fit_to_show(diagnostic.remedy),
                "a diagnostic does not speak to the terminal", diagnostic.message);
        require(fuzz::fit_to_show(diagnostic.at.text), "an excerpt does not speak to the terminal",
                diagnostic.at.text);
    }
    std::ostringstream out;
    print(out, diagnostics);
    return out.str();
}

} // namespace

KNELL_FUZZ_TARGET(knell_yaml)
{
    static const Desk desk;
    const auto text = fuzz::text_of(bytes);
    const bool told = tells(text);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;

    const Loaded loaded = desk.load(text);
    require(loaded.config.has_value() != has_errors(loaded.diagnostics),
            "there is a configuration, or an error to say why not");
    const auto words = check(loaded.diagnostics, lines);
    require(told || !tells(words), "no diagnostic tells a secret");
    if (!loaded.config) {
        return;
    }
    const auto effective = to_text(*loaded.config);
    require(told || !tells(effective), "the effective configuration tells no secret");
    const Loaded again = desk.load(text);
    require(again.config && difference(*loaded.config, *again.config).none(),
            "the same file is the same configuration");
    require(to_text(*again.config) == effective, "the same configuration has the same text");
    require(loaded.config->policy.hosts.size() == loaded.config->hosts.size(),
            "every host has a policy");
}

} // namespace knell::config
