// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/json.hpp"

namespace knell::nova {

std::optional<json::object> parse_object(std::string_view text)
{
    json::parse_options options;
    options.max_depth = 32;
    json::error_code ec;
    json::value value = json::parse({text.data(), text.size()}, ec, {}, options);
    if (ec || !value.is_object()) {
        return std::nullopt;
    }
    return std::move(value.get_object());
}

const json::object* object_at(const json::object& object, std::string_view key)
{
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value == nullptr ? nullptr : value->if_object();
}

const json::array* if_array_at(const json::object& object, std::string_view key)
{
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value == nullptr ? nullptr : value->if_array();
}

const json::array& array_at(const json::object& object, std::string_view key)
{
    static const json::array none;
    const json::array* found = if_array_at(object, key);
    return found == nullptr ? none : *found;
}

std::string_view text_at(const json::object& object, std::string_view key)
{
    const json::value* value = object.if_contains({key.data(), key.size()});
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

} // namespace knell::nova
