// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/merge.hpp"

#include <algorithm>

namespace knell::config {
namespace {

Entry* find(Value& map, const std::string& key)
{
    const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                    [&key](const Entry& entry) { return entry.key == key; });
    return found == map.entries.end() ? nullptr : &*found;
}

bool both(Value::Kind kind, const Value& a, const Value& b) noexcept
{
    return a.kind == kind && b.kind == kind;
}

} // namespace

Value overlaid(const Value& base, const Value& over)
{
    if (!both(Value::Kind::map, base, over)) {
        // A key without a value changes nothing, as in a drop-in whose lines are commented out.
        return over.kind == Value::Kind::null ? base : over;
    }
    Value out = base;
    for (const Entry& entry : over.entries) {
        Entry* existing = find(out, entry.key);
        if (existing != nullptr && sounds_secret(entry.key)) {
            // Two sources of one secret are not added up.
            *existing = entry;
        } else if (existing != nullptr) {
            *existing = {entry.key, entry.place, overlaid(existing->value, entry.value)};
        } else {
            out.entries.push_back(entry);
        }
    }
    return out;
}

Value with_drop_in(const Value& base, const Value& drop_in)
{
    Value out = overlaid(base, drop_in);
    const Entry* before = base.find("hosts");
    const Entry* added = drop_in.find("hosts");
    if (before != nullptr && added != nullptr &&
        both(Value::Kind::list, before->value, added->value)) {
        Value& hosts = find(out, "hosts")->value;
        hosts = before->value;
        hosts.items.insert(hosts.items.end(), added->value.items.begin(), added->value.items.end());
    }
    return out;
}

Value overlaid_by_position(const Value& base, const Value& over)
{
    if (!both(Value::Kind::list, base, over)) {
        return overlaid(base, over);
    }
    Value out = over;
    for (std::size_t i = 0; i < base.items.size(); ++i) {
        if (i < out.items.size()) {
            out.items[i] = overlaid(base.items[i], over.items[i]);
        } else {
            out.items.push_back(base.items[i]);
        }
    }
    return out;
}

} // namespace knell::config
