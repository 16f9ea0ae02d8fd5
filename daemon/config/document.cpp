// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/document.hpp"

#include "daemon/config/problems.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <map>
#include <sstream>

namespace knell::config {
namespace {

/// Ends the parsing of a file from within its events; never leaves parse().
struct Refusal {
    Place at;
    std::string message;
    std::string remedy;
};

unsigned counted_from_one(int number) noexcept
{
    return number < 0 ? 1U : static_cast<unsigned>(number) + 1U;
}

/// Whether the quoted text that `rest` begins with is closed again.
bool ends_on_its_line(std::string_view rest) noexcept
{
    const char quote = rest.empty() ? '\0' : rest.front();
    if (quote != '"' && quote != '\'') {
        return false;
    }
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (quote == '"' && rest[i] == '\\') {
            ++i;
        } else if (rest[i] == quote) {
            if (quote == '\'' && i + 1 < rest.size() && rest[i + 1] == quote) {
                ++i;
                continue;
            }
            return true;
        }
    }
    return false;
}

class Builder final : public YAML::EventHandler {
public:
    Builder(std::size_t file, Sources& sources, Problems& problems, const DocumentLimits& limits)
        : file_{file}, sources_{sources}, problems_{problems}, limits_{limits}
    {
    }

    [[nodiscard]] Value take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        Value value;
        value.place = place(mark);
        complete(std::move(value), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            throw Refusal{place(mark), "this alias stands inside what it stands for",
                          "write the value out"};
        }
        count(found->second.second, place(mark));
        add(Value{found->second.first});
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override
    {
        Value value;
        value.kind = Value::Kind::scalar;
        value.place = place(mark);
        value.plain = tag == "?";
        value.place.length =
            static_cast<unsigned>(std::max<std::size_t>(text.size(), 1)) + (value.plain ? 0 : 2);
        if (tag != "?" && tag != "!") {
            refuse_tag(tag, value.place);
        }
        value.text = text;
        check_one_line(value);
        complete(std::move(value), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        open(Value::Kind::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override
    {
        open(Value::Kind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        Value value;
        YAML::anchor_t anchor = 0;
        std::size_t first_count = 0; // values seen before this one
        std::optional<Value> key;
    };

    [[nodiscard]] Place place(const YAML::Mark& mark) const noexcept
    {
        return {file_, counted_from_one(mark.line), counted_from_one(mark.column), 1};
    }

    /// yaml-cpp takes an unfinished quote for finished where the indentation ends, and then drops
    /// lines without a word. Nothing here is worth a second line, so none is allowed.
    void check_one_line(const Value& value)
    {
        std::string_view rest = sources_.line(value.place);
        rest.remove_prefix(std::min<std::size_t>(value.place.column - 1, rest.size()));
        if (value.plain ? rest.starts_with(value.text) : ends_on_its_line(rest)) {
            return;
        }
        if (!value.plain && rest.starts_with('!')) {
            return; // refused as a tag
        }
        const bool quote = rest.starts_with('"') || rest.starts_with('\'');
        throw Refusal{value.place,
                      quote ? "this quote is not closed on its line"
                            : "this value runs over more than one line",
                      quote ? "close it"
                            : "write it on one line; is a bracket or brace left open before it?"};
    }

    void refuse_tag(const std::string& tag, const Place& at)
    {
        if (tag != "tag:yaml.org,2002:str") {
            problems_.error(at, "tags such as `!something` mean nothing here", "remove the tag");
        }
    }

    void count(std::size_t values, const Place& at)
    {
        count_ += values;
        if (count_ > limits_.values) {
            throw Refusal{at,
                          "more than " + std::to_string(limits_.values) +
                              " values, aliases counted as what they stand for",
                          "split the file into drop-ins, or use patterns such as compute[1-200]"};
        }
    }

    void open(Value::Kind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor)
    {
        Frame frame;
        frame.value.kind = kind;
        frame.value.place = place(mark);
        frame.anchor = anchor;
        frame.first_count = count_;
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse_tag(tag, frame.value.place);
        }
        if (stack_.size() >= limits_.depth) {
            throw Refusal{frame.value.place,
                          "nested deeper than " + std::to_string(limits_.depth) + " levels",
                          "check the indentation"};
        }
        stack_.push_back(std::move(frame));
    }

    void close()
    {
        Frame frame = std::move(stack_.back());
        stack_.pop_back();
        count(1, frame.value.place);
        if (frame.anchor != 0) {
            anchors_[frame.anchor] = {frame.value, count_ - frame.first_count};
        }
        add(std::move(frame.value));
    }

    void complete(Value value, YAML::anchor_t anchor)
    {
        count(1, value.place);
        if (anchor != 0) {
            anchors_[anchor] = {value, 1};
        }
        add(std::move(value));
    }

    void add(Value value)
    {
        if (stack_.empty()) {
            root_ = std::move(value);
            return;
        }
        Frame& top = stack_.back();
        if (top.value.kind == Value::Kind::list) {
            top.value.items.push_back(std::move(value));
        } else if (!top.key) {
            top.key = std::move(value);
        } else {
            const Value key = *std::exchange(top.key, std::nullopt);
            add_entry(top.value, key, std::move(value));
        }
    }

    void add_entry(Value& map, const Value& key, Value value)
    {
        if (key.kind != Value::Kind::scalar) {
            problems_.error(key.place, "a key must be a word, not " + described(key),
                            "check the indentation and the braces");
            return;
        }
        if (value.kind == Value::Kind::null) {
            value.place = key.place;
        }
        if (sounds_secret(key.text)) {
            hide_literals(value);
        }
        if (const Entry* first = map.find(key.text)) {
            problems_.error(key.place, "`" + key.text + "` is given twice",
                            "keep one of the two; YAML would silently drop the other",
                            {{"first given here", first->place}});
            return;
        }
        map.entries.push_back({key.text, key.place, std::move(value)});
    }

    void hide_literals(const Value& value)
    {
        if (value.kind == Value::Kind::scalar) {
            sources_.hide(value.place);
        }
        for (const Value& item : value.items) {
            hide_literals(item);
        }
        for (const Entry& entry : value.entries) {
            if (entry.key != "file" && entry.key != "credential" && entry.key != "env") {
                hide_literals(entry.value);
            }
        }
    }

    std::size_t file_;
    Sources& sources_;
    Problems& problems_;
    DocumentLimits limits_;
    std::size_t count_ = 0;
    Value root_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, std::pair<Value, std::size_t>> anchors_;
};

/// yaml-cpp guesses at encodings and lets control characters through; a configuration needs none.
std::optional<Place> first_bad_byte(std::string_view text, std::size_t file)
{
    Place at{file, 1, 1, 1};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '\n') {
            ++at.line;
            at.column = 1;
            continue;
        }
        const std::size_t length = character_length(text, i);
        const bool lone_return = c == '\r' && (i + 1 >= text.size() || text[i + 1] != '\n');
        if (length == 0 || lone_return || c == 0x7F || (c < 0x20 && c != '\t' && c != '\r')) {
            return at;
        }
        i += length - 1;
        at.column += static_cast<unsigned>(length);
    }
    return std::nullopt;
}

std::optional<Place> first_tab(std::string_view text, std::size_t file)
{
    unsigned line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view content = text.substr(at, end - at);
        const std::size_t first = content.find_first_not_of(" \t\r");
        const std::size_t tab = content.find('\t');
        if (first != std::string_view::npos && content[first] != '#' && tab < first) {
            return Place{file, line, static_cast<unsigned>(tab) + 1, 1};
        }
        at = end + 1;
    }
    return std::nullopt;
}

std::string remedy_of(const std::string& message)
{
    if (message == YAML::ErrorMsg::UNKNOWN_ANCHOR) {
        return "define it above with &, or write the value out";
    }
    return "look at the indentation, the quotes and the braces of this line and the one above";
}

} // namespace

const Entry* Value::find(std::string_view key) const noexcept
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [key](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

std::optional<Value> parse(std::string_view text, std::size_t file, Sources& sources,
                           Problems& problems, const DocumentLimits& limits)
{
    if (text.size() > limits.bytes) {
        problems.error({file, 0, 0, 1}, "larger than " + std::to_string(limits.bytes) + " bytes",
                       "split it into drop-ins, or use patterns such as compute[1-200]");
        return std::nullopt;
    }
    if (const auto bad = first_bad_byte(text, file)) {
        problems.error(*bad, "a control character, or not UTF-8",
                       "save the file as plain UTF-8 text");
        return std::nullopt;
    }
    if (const auto tab = first_tab(text, file)) {
        problems.error(*tab, "a tab in the indentation", "indent with spaces");
        return std::nullopt;
    }
    try {
        std::istringstream in{std::string{text}};
        YAML::Parser parser{in};
        Builder builder{file, sources, problems, limits};
        if (!parser.HandleNextDocument(builder)) {
            Value empty;
            empty.place = {file, 0, 0, 1};
            return empty;
        }
        Value root = builder.take();
        Builder second{file, sources, problems, limits};
        if (parser.HandleNextDocument(second)) {
            problems.error(second.take().place, "a second YAML document in one file",
                           "remove the `---`, or move this part into a drop-in");
            return std::nullopt;
        }
        return root;
    } catch (const Refusal& refusal) {
        problems.error(refusal.at, refusal.message, refusal.remedy);
    } catch (const YAML::Exception& error) {
        // `msg` is one of yaml-cpp's fixed phrases, or names an anchor; never a value.
        problems.error(
            {file, counted_from_one(error.mark.line), counted_from_one(error.mark.column), 1},
            "not valid YAML: " + error.msg, remedy_of(error.msg));
    } catch (const std::exception&) {
        problems.error({file, 0, 0, 1}, "not valid YAML", "check the file's syntax");
    }
    return std::nullopt;
}

std::string described(const Value& value)
{
    switch (value.kind) {
    case Value::Kind::null:
        return "nothing";
    case Value::Kind::list:
        return "a list";
    case Value::Kind::map:
        return "a map";
    case Value::Kind::scalar:
        break;
    }
    constexpr std::size_t longest = 60;
    return "`" + value.text.substr(0, longest) + (value.text.size() > longest ? "..." : "") + "`";
}

} // namespace knell::config
