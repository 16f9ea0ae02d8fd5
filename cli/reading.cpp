// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/reading.hpp"

#include "cli/text.hpp"

#include <boost/json.hpp>

namespace knell::cli {

namespace json = boost::json;

const json::value* at(const json::value& value, Path path)
{
    const auto* found = &value;
    for (const auto name : path) {
        const auto* object = found->if_object();
        found = object == nullptr ? nullptr : object->if_contains(name);
        if (found == nullptr) {
            return nullptr;
        }
    }
    return found;
}

std::string text(const json::value& value, Path path, const char* otherwise)
{
    const auto* found = at(value, path);
    if (found == nullptr || found->is_null()) {
        return otherwise;
    }
    return plain(found->is_string() ? std::string{found->get_string()} : json::serialize(*found));
}

bool yes(const json::value& value, Path path)
{
    const auto* found = at(value, path);
    return found != nullptr && found->is_bool() && found->get_bool();
}

std::optional<double> number(const json::value& value, Path path)
{
    const auto* found = at(value, path);
    return found != nullptr && found->is_number() ? std::optional{found->to_number<double>()}
                                                  : std::nullopt;
}

std::vector<json::value> elements(const json::value& value, Path path)
{
    const auto* found = at(value, path);
    const auto* array = found == nullptr ? nullptr : found->if_array();
    return array == nullptr ? std::vector<json::value>{}
                            : std::vector<json::value>{array->begin(), array->end()};
}

std::vector<std::string> texts(const json::value& value, Path path)
{
    std::vector<std::string> all;
    for (const auto& element : elements(value, path)) {
        all.push_back(text(element, {}));
    }
    return all;
}

json::value cell(const json::value& value, Path path)
{
    const auto* found = at(value, path);
    return found == nullptr ? json::value{} : *found;
}

std::string ago(const json::value& value, std::string_view name)
{
    const auto seconds = number(value, {name, "seconds_ago"});
    return seconds ? length_of_time(*seconds) : "never";
}

std::string joined(const std::vector<std::string>& texts, std::size_t most)
{
    std::string line;
    for (std::size_t n = 0; n < texts.size() && n < most; ++n) {
        line += (n == 0 ? "" : ", ") + texts[n];
    }
    return texts.size() <= most ? line
                                : line + " and " + std::to_string(texts.size() - most) + " more";
}

} // namespace knell::cli
