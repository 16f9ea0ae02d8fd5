// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/effective.hpp"

#include "daemon/config/setting.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

namespace knell::config {
namespace {

void put(YAML::Emitter& out, const Setting& setting)
{
    using Shape = Setting::Shape;
    switch (setting.shape) {
    case Shape::text:
        out << setting.text;
        return;
    case Shape::list: {
        const bool plain = setting.parts.empty() || setting.parts.front().shape == Shape::text;
        out << (plain ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
        for (const Setting& part : setting.parts) {
            put(out, part);
        }
        out << YAML::EndSeq;
        return;
    }
    case Shape::map:
        out << (setting.on_one_line || setting.parts.empty() ? YAML::Flow : YAML::Block)
            << YAML::BeginMap;
        for (const Setting& part : setting.parts) {
            out << YAML::Key << part.name << YAML::Value;
            put(out, part);
        }
        out << YAML::EndMap;
        return;
    case Shape::members:
        out << (setting.parts.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
        for (const Setting& part : setting.parts) {
            Setting member = part;
            member.parts.insert(member.parts.begin(), text_setting("name", part.name));
            put(out, member);
        }
        out << YAML::EndSeq;
        return;
    }
}

} // namespace

std::string to_text(const Config& config)
{
    YAML::Emitter out;
    put(out, settings_of(config));
    return std::string{out.c_str()} + "\n";
}

} // namespace knell::config
