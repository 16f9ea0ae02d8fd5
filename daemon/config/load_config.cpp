// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/load_config.hpp"

#include "daemon/config/document.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/sections.hpp"
#include "daemon/config/source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::config {
namespace {

constexpr std::size_t drop_in_limit = 256;

struct Unreadable {
    std::string message;
    std::string remedy;
};

/// Who can write the configuration can have any machine in it powered off.
std::optional<Unreadable> untrustworthy(const struct stat& status, uid_t user)
{
    if (!S_ISREG(status.st_mode)) {
        return Unreadable{"not a regular file", "give the path of knell.yaml itself"};
    }
    if (status.st_uid != 0 && status.st_uid != user) {
        return Unreadable{"belongs to user " + std::to_string(status.st_uid) +
                              ", who could have any host powered off",
                          "chown root it"};
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return Unreadable{"anybody may write it, and have any host powered off", "chmod 0640 it"};
    }
    return std::nullopt;
}

std::variant<std::string, Unreadable> contents(const std::string& path, uid_t user)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return Unreadable{std::string{"cannot be read: "} + std::strerror(errno),
                          errno == ENOENT ? "check the path"
                                          : "let the user that knelld runs as read it"};
    }
    const DocumentLimits limits;
    std::string text;
    std::array<char, 16384> buffer{};
    ssize_t got = 0;
    struct stat status {};
    std::optional<Unreadable> fault;
    if (::fstat(fd, &status) != 0) {
        fault =
            Unreadable{std::string{"cannot be read: "} + std::strerror(errno), "check the disk"};
    } else {
        fault = untrustworthy(status, user);
    }
    // One byte past the limit is enough to know.
    while (!fault && text.size() <= limits.bytes &&
           (got = ::read(fd, buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (!fault && got < 0) {
        fault =
            Unreadable{std::string{"cannot be read: "} + std::strerror(errno), "check the disk"};
    }
    ::close(fd);
    if (fault) {
        return *std::move(fault);
    }
    return text;
}

std::vector<std::string> drop_ins(const std::string& main_path)
{
    const std::filesystem::path path{main_path};
    const std::filesystem::path folder = path.parent_path() / (path.stem().string() + ".d");
    std::vector<std::string> out;
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.ends_with(".yaml") && !name.starts_with('.')) {
            out.push_back(entry->path().string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// A byte order mark says nothing in UTF-8, and would shift the first line's columns.
std::string_view without_mark(std::string_view text) noexcept
{
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

class Loader {
public:
    explicit Loader(const Surroundings& surroundings) : surroundings_{surroundings} {}

    Loaded load(const std::string& path)
    {
        std::vector<std::string> paths = drop_ins(path);
        paths.insert(paths.begin(), path);
        Value root;
        bool whole = true;
        for (std::size_t i = 0; i < paths.size() && i <= drop_in_limit; ++i) {
            const auto value = read_file(paths[i]);
            whole = whole && value.has_value();
            if (value && i == 0) {
                root = *value;
            } else if (value) {
                add_drop_in(root, *value);
            }
        }
        if (paths.size() > drop_in_limit + 1) {
            problems_.error({0, 0, 0, 1},
                            "more than " + std::to_string(drop_in_limit) + " drop-ins",
                            "put them together");
        }
        // What a broken file would have said is unknown; checking the rest against it would only
        // bring up faults that are none.
        if (!whole) {
            return {std::nullopt, problems_.report(sources_)};
        }
        Config config;
        config.files = paths;
        const Context context{sources_, surroundings_, problems_};
        const Site site = read_site(root, config, context);
        read_inventory(site, config, context);
        Loaded out{std::nullopt, problems_.report(sources_)};
        if (problems_.errors() == 0) {
            out.config = std::move(config);
        }
        return out;
    }

private:
    std::optional<Value> read_file(const std::string& path)
    {
        const auto text = contents(path, surroundings_.keepers.user);
        if (const auto* unreadable = std::get_if<Unreadable>(&text)) {
            const std::size_t file = sources_.add(path, {});
            problems_.error({file, 0, 0, 1}, unreadable->message, unreadable->remedy);
            return std::nullopt;
        }
        const std::string_view plain = without_mark(std::get<std::string>(text));
        const std::size_t file = sources_.add(path, plain);
        return parse(plain, file, sources_, problems_);
    }

    void add_drop_in(Value& root, const Value& drop_in)
    {
        if (drop_in.kind != Value::Kind::map && drop_in.kind != Value::Kind::null) {
            problems_.error(drop_in.place, "a drop-in must be a map, not " + described(drop_in),
                            "write `key: value` lines as in knell.yaml");
            return;
        }
        root = with_drop_in(root, drop_in);
    }

    const Surroundings& surroundings_;
    Sources sources_;
    Problems problems_;
};

} // namespace

Loaded load_config(const std::string& path, const Surroundings& surroundings)
{
    return Loader{surroundings}.load(path);
}

} // namespace knell::config
