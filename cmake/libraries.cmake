# SPDX-License-Identifier: GPL-3.0-or-later
# Everything here is a package of Debian 12; tests/setup/packages lists them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(CURL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FREEIPMI REQUIRED IMPORTED_TARGET libfreeipmi)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)

# Asio is header-only and does not need Boost.System's library.
add_library(knell_asio INTERFACE)
target_link_libraries(knell_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(knell_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
