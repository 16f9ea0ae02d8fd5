// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace knell::http {

/// What libcurl said, and if it was about TLS also of whom, and how to mend it.
[[nodiscard]] std::string with_tls_remedy(CURLcode result, std::string said, std::string_view url);

} // namespace knell::http
