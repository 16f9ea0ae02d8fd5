# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mutants: blocks of `# sentence`, `file`, `- from`, `+ to`, the last two as many lines as needed."""


def mutants(text):
    """Each as sentence, file, the code before and the code after."""
    sentence, path, before, after = "", "", [], []
    for line in text.splitlines() + ["# "]:
        if line.startswith("# "):
            if path:
                yield sentence, path, "\n".join(before), "\n".join(after)
            sentence, path, before, after = line[2:], "", [], []
        elif line.startswith("- "):
            before.append(line[2:])
        elif line.startswith("+ "):
            after.append(line[2:])
        elif line == "+":
            after.append("")
        elif line.startswith("core/"):
            path = line


def out_of_date(path, before, files):
    """Why this mutant cannot be made of these files, {path: text}; empty if it can."""
    if path not in files:
        return f"no such file: {path}"
    found = files[path].count(before)
    return "" if found == 1 else f"found {found} times in {path}: {before.strip()}"
