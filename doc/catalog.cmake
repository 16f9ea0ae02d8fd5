# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DMESSAGES=messages.md -DCATALOG=knell.catalog -DDOCDIR=/usr/share/doc/knell -P catalog.cmake
#
# Turns messages.md into a catalog for the system's journal, which `journalctl -x` reads. Each entry there has the
# form that this reads, and says where it does not:
#
#     ### ID
#     WEIGHT. **Subject.** What happened.
#     *Next:* what knell does.
#     *You:* what is left for the operator.
cmake_minimum_required(VERSION 3.25)

# knell's own; daemon/log.cpp has it as well, and a test compares what the two make of it.
set(namespace 4a241445-cf01-4452-8d79-f8c5177bc611)

# What CMake's lists would take for their own.
string(ASCII 1 semicolon)
string(ASCII 2 opening)
string(ASCII 3 closing)

# Breaks `text` before the word that would reach beyond the width of a terminal with journalctl's margin.
function(wrap text result)
    string(REPLACE " " ";" words "${text}")
    set(lines "")
    set(line "")
    foreach(word IN LISTS words)
        string(LENGTH "${line} ${word}" length)
        if(length GREATER 76)
            string(APPEND lines "${line}\n")
            set(line "${word}")
        elseif(line STREQUAL "")
            set(line "${word}")
        else()
            string(APPEND line " ${word}")
        endif()
    endforeach()
    set(${result} "${lines}${line}\n" PARENT_SCOPE)
endfunction()

file(READ ${MESSAGES} text)
string(REPLACE ";" "${semicolon}" text "${text}")
string(REPLACE "[" "${opening}" text "${text}")
string(REPLACE "]" "${closing}" text "${text}")
# Entries begin with their heading; whatever stands before the first, and the headings of parts, is not told.
string(REGEX REPLACE "\n## [^\n]*" "" text "${text}")
string(REPLACE "\n### " ";" entries "${text}")
list(POP_FRONT entries)

set(catalog "# What knelld says; made from messages.md.\n")
foreach(entry IN LISTS entries)
    string(REGEX REPLACE "[ \n]+" " " entry "${entry}")
    string(STRIP "${entry}" entry)
    # The subject is the first that is bold: without a "*", it ends where that does.
    string(REGEX MATCH "^[^*]*[*][*][^*]*" head "${entry}")
    string(LENGTH "${head}" end)
    string(SUBSTRING "${entry}" ${end} -1 rest)
    set(entry "${head}<end>${rest}")
    if(NOT entry MATCHES "^([A-Z_]+) ([A-Z][^*]*)[.] [*][*]([^*]*)[.]<end>[*][*](.*)[*]Next:[*] (.*) [*]You:[*] (.*)$")
        message(FATAL_ERROR "${MESSAGES}: an entry is not \"WEIGHT. **Subject.** ... *Next:* ... *You:* ...\": ${entry}")
    endif()
    set(id ${CMAKE_MATCH_1})
    set(subject "${CMAKE_MATCH_3}")
    string(STRIP "${CMAKE_MATCH_4}" happened)
    string(STRIP "${CMAKE_MATCH_2}. ${happened}" what)
    set(next "${CMAKE_MATCH_5}")
    set(you "${CMAKE_MATCH_6}")
    wrap("${what}" what)
    wrap("Next: ${next}" next)
    wrap("You: ${you}" you)
    string(UUID uuid NAMESPACE ${namespace} NAME ${id} TYPE SHA1)
    string(REPLACE "-" "" uuid ${uuid})
    string(TOLOWER ${id} anchor)
    string(APPEND catalog "\n-- ${uuid}\nSubject: ${id}: ${subject}\nDefined-By: knell\n"
        "Support: file://${DOCDIR}/messages.md#${anchor}\nDocumentation: man:knelld(8)\n\n${what}\n${next}\n${you}")
endforeach()

string(REPLACE "**" "" catalog "${catalog}")
string(REPLACE "${semicolon}" ";" catalog "${catalog}")
string(REPLACE "${opening}" "[" catalog "${catalog}")
string(REPLACE "${closing}" "]" catalog "${catalog}")
file(WRITE ${CATALOG} "${catalog}")
