// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/setting.hpp"

#include "daemon/config/duration_text.hpp"

#include <algorithm>

namespace knell::config {
namespace {

Setting of_parts(Setting::Shape shape, std::string name, std::vector<Setting> parts)
{
    Setting out;
    out.shape = shape;
    out.name = std::move(name);
    out.parts = std::move(parts);
    return out;
}

} // namespace

const Setting* Setting::find(const std::string& key) const noexcept
{
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [&key](const Setting& part) { return part.name == key; });
    return found == parts.end() ? nullptr : &*found;
}

Setting text_setting(std::string name, std::string text)
{
    Setting out;
    out.name = std::move(name);
    out.text = std::move(text);
    return out;
}

Setting text_setting(std::string name, Duration duration)
{
    return text_setting(std::move(name), to_text(duration));
}

Setting secret_setting(std::string name, const Secret* secret)
{
    Setting out = text_setting(std::move(name), secret == nullptr ? "none" : "(set)");
    out.secret = secret;
    return out;
}

Setting list_setting(std::string name, const std::vector<std::string>& items)
{
    std::vector<Setting> parts;
    parts.reserve(items.size());
    for (const std::string& item : items) {
        parts.push_back(text_setting({}, item));
    }
    return of_parts(Setting::Shape::list, std::move(name), std::move(parts));
}

Setting map_setting(std::string name, std::vector<Setting> parts)
{
    return of_parts(Setting::Shape::map, std::move(name), std::move(parts));
}

Setting line_setting(std::string name, std::vector<Setting> parts)
{
    Setting out = map_setting(std::move(name), std::move(parts));
    out.on_one_line = true;
    return out;
}

Setting members_setting(std::string name, std::vector<Setting> members)
{
    return of_parts(Setting::Shape::members, std::move(name), std::move(members));
}

std::string value_text(const Setting& setting)
{
    if (setting.shape == Setting::Shape::text) {
        return setting.text;
    }
    const bool named = setting.shape != Setting::Shape::list;
    std::string out = named ? "{" : "[";
    for (const Setting& part : setting.parts) {
        out += &part == &setting.parts.front() ? "" : ", ";
        out += (named ? part.name + ": " : "") + value_text(part);
    }
    return out + (named ? "}" : "]");
}

} // namespace knell::config
