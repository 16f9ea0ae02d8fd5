// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace knell::cli {

/// Without control characters: texts that came from a BMC or from Nova must not
/// speak to the terminal.
[[nodiscard]] std::string plain(std::string_view text);

/// "0.4s", "12s", "3m 20s", "5h 2m", "12d 3h"
[[nodiscard]] std::string length_of_time(double seconds);

/// Of what takes milliseconds: "20 ms"; else as length_of_time().
[[nodiscard]] std::string short_time(double seconds);

/// Lines of at most `width` columns, broken between words. A longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Columns aligned by their widest cell; the last one runs free, and nothing is
/// written behind the last word of a line.
class Table {
public:
    explicit Table(std::vector<std::string> head, std::string indent = {});
    void add(std::vector<std::string> row);
    void print(std::ostream& out) const;

private:
    std::vector<std::vector<std::string>> rows_;
    std::string indent_;
};

} // namespace knell::cli
