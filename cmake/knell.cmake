# SPDX-License-Identifier: GPL-3.0-or-later
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without the sloppiness ccache refuses precompiled headers.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

set(KNELL_SANITIZE "" CACHE STRING "e.g. address,undefined or thread")
option(KNELL_WERROR "Treat warnings as errors" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Wformat=2 -fstack-protector-strong)
if(KNELL_WERROR)
    add_compile_options(-Werror)
endif()
if(KNELL_SANITIZE)
    add_compile_options(-fsanitize=${KNELL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${KNELL_SANITIZE})
    # Between a sanitizer's checks GCC 12 no longer sees what libstdc++ has initialised.
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    # Clang 14 cannot place that check's data before the parts of a coroutine.
    add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
    if(KNELL_SANITIZE STREQUAL "thread")
        add_compile_options(-Wno-tsan) # of the fences in Asio, which it does not understand
    endif()
else()
    add_compile_options($<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
endif()
if(CMAKE_UNITY_BUILD) # where an unnamed namespace is no longer that of the main file
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# The standard library's headers that most files include, precompiled once for all rooms that ask for no others.
file(CONFIGURE OUTPUT standard_headers.cpp CONTENT "")
add_library(knell_standard_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/standard_headers.cpp)
target_precompile_headers(knell_standard_headers PRIVATE
    <algorithm> <array> <chrono> <functional> <iomanip> <map> <memory> <optional> <set> <sstream> <string> <variant> <vector>)

# knell_room(NAME SOURCES a.cpp ... [LIBRARIES knell_core Boost::json ...] [PCH <boost/asio.hpp> ...])
# A room: static library knell_NAME, alias knell::NAME, headers included as "NAME/header.hpp".
function(knell_room name)
    cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES;PCH" ${ARGN})
    add_library(knell_${name} STATIC ${ROOM_SOURCES})
    add_library(knell::${name} ALIAS knell_${name})
    target_include_directories(knell_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(knell_${name} PUBLIC ${ROOM_LIBRARIES})
    if(ROOM_PCH)
        target_precompile_headers(knell_${name} PRIVATE ${ROOM_PCH})
    else()
        target_precompile_headers(knell_${name} REUSE_FROM knell_standard_headers)
    endif()
endfunction()

# knell_alone(a.cpp ...): files with names of their own for what others call so too. Where the rest of a target is
# compiled in a few large pieces (CMAKE_UNITY_BUILD, as the sanitizers' presets have it) they are not in them.
function(knell_alone)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# knell_program(NAME SOURCES a.cpp ... LIBRARIES ... [DESTINATION dir])
function(knell_program name)
    cmake_parse_arguments(PROGRAM "" "DESTINATION" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name} ${PROGRAM_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${PROGRAM_LIBRARIES})
    if(NOT PROGRAM_DESTINATION)
        set(PROGRAM_DESTINATION ${CMAKE_INSTALL_SBINDIR})
    endif()
    install(TARGETS ${name} DESTINATION ${PROGRAM_DESTINATION})
endfunction()

# GoogleTest's headers, precompiled once for all tests that ask for no others.
set(knell_test_headers <gtest/gtest.h> <gmock/gmock.h>)
function(knell_precompile_test_headers)
    file(CONFIGURE OUTPUT test_headers.cpp CONTENT "")
    foreach(optimisation "" -O0)
        string(REPLACE - _ suffix "${optimisation}")
        add_library(knell_test_headers${suffix} OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cpp)
        target_compile_options(knell_test_headers${suffix} PRIVATE ${optimisation})
        target_link_libraries(knell_test_headers${suffix} PRIVATE GTest::gmock GTest::gtest)
        target_precompile_headers(knell_test_headers${suffix} PRIVATE ${knell_test_headers})
    endforeach()
endfunction()

# knell_test(NAME SOURCES a.cpp ... LIBRARIES ... [LABELS unit] [TIMEOUT 60])
function(knell_test name)
    cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;PCH" ${ARGN})
    add_executable(${name} ${TEST_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${TEST_LIBRARIES} GTest::gmock GTest::gtest GTest::gtest_main)
    target_compile_definitions(${name} PRIVATE KNELL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    set(headers knell_test_headers)
    if(KNELL_SANITIZE AND TEST_LABELS MATCHES "unit|integration") # what they test is optimised, they need not be
        target_compile_options(${name} PRIVATE -O0)
        set(headers knell_test_headers_O0)
    endif()
    if(TEST_PCH)
        target_precompile_headers(${name} PRIVATE ${knell_test_headers} ${TEST_PCH})
    else()
        target_precompile_headers(${name} REUSE_FROM ${headers})
    endif()
    if(NOT TEST_TIMEOUT)
        set(TEST_TIMEOUT 900)
    endif()
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}")
endfunction()
