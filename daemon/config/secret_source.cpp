// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/secret_source.hpp"

#include "daemon/config/problems.hpp"
#include "daemon/config/source.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

namespace knell::config {
namespace {

constexpr std::size_t file_limit = 4096;
const char* const three_sources = "write {file: PATH}, {credential: NAME} or {env: NAME}";

struct Fault {
    std::string message;
    std::string remedy;
};

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

enum class Keeper { us, systemd };

std::variant<Secret, Fault> read_file(const std::string& path, Keeper keeper,
                                      const nova::Keepers& keepers)
{
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file.get() < 0) {
        return Fault{path + " cannot be read: " + std::strerror(errno),
                     errno == ENOENT ? "create it with mode 0640, owned by root and knelld's group"
                                     : "let the user that knelld runs as read it"};
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return Fault{path + " is not a regular file", "name a file that holds the secret alone"};
    }
    if (keeper == Keeper::us) {
        if (auto distrust = nova::distrust(status, path, nova::Holds::a_secret, keepers)) {
            return Fault{std::move(distrust->why), std::move(distrust->remedy)};
        }
    }
    std::array<char, file_limit + 3> buffer{};
    std::size_t filled = 0;
    ssize_t got = 0;
    while (filled < buffer.size() &&
           (got = ::read(file.get(), buffer.data() + filled, buffer.size() - filled)) > 0) {
        filled += static_cast<std::size_t>(got);
    }
    Secret secret{std::string{buffer.data(), filled}};
    OPENSSL_cleanse(buffer.data(), buffer.size());
    if (got < 0) {
        return Fault{path + " cannot be read: " + std::strerror(errno), "check the file"};
    }
    return secret;
}

Secret without_newline(const Secret& secret)
{
    std::string_view text = secret.reveal();
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
    }
    return Secret{std::string{text}};
}

std::variant<Secret, Fault> from_file(const std::string& name, const Place& place,
                                      const Context& context)
{
    std::filesystem::path path{name};
    if (path.is_relative()) {
        path = std::filesystem::path{context.sources.folder(place.file)} / path;
    }
    return read_file(path.string(), Keeper::us, context.surroundings.keepers);
}

/// systemd has given us none: where it would have taken this one from.
std::variant<Secret, Fault> from_the_store_of_credentials(const std::string& name,
                                                          const Context& context)
{
    constexpr std::string_view prefix = "secret_";
    const auto& store = context.surroundings.secrets_directory;
    if (!name.starts_with(prefix)) {
        return Fault{"this process was not started by systemd, which alone has a credential `" +
                         name + "`",
                     "write secret_NAME for " + store +
                         "/NAME, or check with systemd-run -p LoadCredential=" + name + ":PATH"};
    }
    return read_file(store + "/" + name.substr(prefix.size()), Keeper::us,
                     context.surroundings.keepers);
}

std::variant<Secret, Fault> from_credential(const std::string& name, const Context& context)
{
    if (name.find('/') != std::string::npos || name == "." || name == "..") {
        return Fault{"`" + name + "` is not the name of a credential",
                     "write the name as in LoadCredential=NAME:PATH"};
    }
    const auto& directory = context.surroundings.credentials_directory;
    if (!directory) {
        return from_the_store_of_credentials(name, context);
    }
    auto out = read_file(*directory + "/" + name, Keeper::systemd, context.surroundings.keepers);
    if (Fault* fault = std::get_if<Fault>(&out)) {
        fault->remedy = "add LoadCredential=" + name + ":PATH to knelld.service";
    }
    return out;
}

std::variant<Secret, Fault> from_environment(const std::string& name, const Context& context)
{
    if (auto value = context.surroundings.environment(name)) {
        return Secret{*std::move(value)};
    }
    return Fault{"the environment has no " + name, "set it, or better use {file: PATH}"};
}

std::variant<Secret, Fault> fetch(const Entry& source, const Context& context)
{
    const std::string& name = source.value.text;
    if (source.key == "file") {
        return from_file(name, source.value.place, context);
    }
    return source.key == "credential" ? from_credential(name, context)
                                      : from_environment(name, context);
}

} // namespace

std::optional<Secret> read_secret(const Entry& entry, const SecretLimits& limits,
                                  const Context& context)
{
    Problems& problems = context.problems;
    const Value& value = entry.value;
    const std::string name = "`" + entry.key + "`";
    if (value.kind != Value::Kind::map) {
        problems.error(value.place,
                       value.kind == Value::Kind::null
                           ? name + " names no source"
                           : name + " must not be written into the configuration",
                       three_sources);
        return std::nullopt;
    }
    const MapReader map{value, entry.key, {"file", "credential", "env"}, problems};
    if (!map.sound()) {
        return std::nullopt;
    }
    if (value.entries.size() != 1) {
        problems.error(
            value.place,
            name + (value.entries.empty() ? " names no source" : " names more than one source"),
            three_sources);
        return std::nullopt;
    }
    const Entry& source = value.entries.front();
    if (source.value.kind != Value::Kind::scalar || source.value.text.empty() ||
        source.value.text.find('\0') != std::string::npos) {
        problems.error(source.value.place,
                       "`" + source.key + "` must name the source of the secret", three_sources);
        return std::nullopt;
    }
    auto fetched = fetch(source, context);
    if (const Fault* fault = std::get_if<Fault>(&fetched)) {
        problems.error(source.value.place, fault->message, fault->remedy);
        return std::nullopt;
    }
    Secret secret = without_newline(std::get<Secret>(fetched));
    const std::size_t size = secret.reveal().size();
    if (size < limits.least || size > limits.most) {
        const std::string rule = limits.least == limits.most
                                     ? "exactly " + std::to_string(limits.least)
                                 : size > limits.most ? "at most " + std::to_string(limits.most)
                                                      : "at least " + std::to_string(limits.least);
        problems.error(
            source.value.place,
            size == 0 ? name + " is empty"
                      : name + " must have " + rule + " bytes" +
                            (size > limits.most ? ", this one is longer" : ", this one is shorter"),
            size == 0 ? "write the secret into its source, alone on one line"
                      : "change the secret, or check that nothing else is in its source");
        return std::nullopt;
    }
    if (secret.reveal().find('\0') != std::string_view::npos) {
        problems.error(source.value.place, name + " contains a zero byte",
                       "write it as text, alone on one line");
        return std::nullopt;
    }
    return secret;
}

} // namespace knell::config
