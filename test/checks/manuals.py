#!/usr/bin/python3
"""The manual pages of the configurations against the tables of keywords: what is done, refused, or without effect.

    test/checks/manuals.py              check this source tree
    test/checks/manuals.py --self-test  plant one mistake of each kind and see that it is found
"""

import fnmatch
import os
import re
import sys
import tempfile

import source

PAGES = {"client": "docs/man/glassh_config.5", "server": "docs/man/glasshd_config.5"}
DONE, REFUSED, WITHOUT = "KEYWORDS THAT ARE DONE", "KEYWORDS THAT ARE REFUSED", "KEYWORDS WITHOUT EFFECT"


def read_tables(root, folder):
    """{keyword: the section that it belongs into}, from the rows of the program's table (config/keyword.h)"""
    belongs = {}
    for name in sorted(os.listdir(os.path.join(root, folder, "config"))):
        if not name.startswith("keywords") or not name.endswith(".cpp"):
            continue
        # A row goes on until the next one begins.
        for row in re.split(r'\{\s*\.name = (?=")', source.read(root, f"{folder}/config/{name}"))[1:]:
            keyword = re.match(r'"(\w+)"', row).group(1)
            unsupported = re.search(r"\.unsupported = (refused\b)?", row)
            belongs[keyword] = DONE if not unsupported else REFUSED if unsupported.group(1) else WITHOUT
    return belongs


def read_page(root, path):
    """{section: the words in it}. What is done has an entry of its own, that it is mentioned is not enough."""
    sections, current = {}, None
    for line in source.read(root, path).splitlines():
        if line.startswith(".Sh "):
            current = line[4:]
        elif current != DONE or line.startswith(".It "):
            sections.setdefault(current, set()).update(re.findall(r"\w+\*?", line))
    return sections


def stands_in(keyword, words):
    return any(fnmatch.fnmatchcase(keyword, word) for word in words)


def problems_of(root, folder):
    page = PAGES[folder]
    sections = read_page(root, page)
    problems = []
    for keyword, section in sorted(read_tables(root, folder).items()):
        for other in (DONE, REFUSED, WITHOUT):
            stands = stands_in(keyword, sections.get(other, set()))
            if stands and other != section:
                problems.append(f"{page}: {keyword} stands under {other}, and the tables say {section}")
            if not stands and other == section:
                problems.append(f"{page}: {keyword} is missing under {section}")
    return problems


def name_of(folder):
    return f"{PAGES[folder]} has each keyword where the tables have it"


def check(root):
    return [(name_of(folder), problems_of(root, folder)) for folder in PAGES]


def self_test():
    tables = {
        "client/config/keywords.cpp": '{.name = "Port", .order = 1},\n{\n.name = "Tunnel", .unsupported = refused("no", "why")},\n};',
        "server/config/keywords.cpp": '{.name = "Port", .order = 1},\n};',
        "server/config/keywords_unsupported.cpp": '{.name = "GSSAPIKeyExchange",\n .unsupported = ignored("no", "why")},\n};',
    }
    client = f".Sh {DONE}\n.It Cm Port Ar number\nUnlike Tunnel.\n.Sh {REFUSED}\n.Cm Tunnel ,\n.Sh {WITHOUT}\n"
    server = f".Sh {DONE}\n.It Cm Port\n.Sh {REFUSED}\n.Sh {WITHOUT}\n.Cm GSSAPI*\n"
    good = {**tables, PAGES["client"]: client, PAGES["server"]: server}
    planted = [
        ("a keyword that is only mentioned", {PAGES["client"]: client.replace(".It Cm Port", "See Port")}, "client"),
        ("a keyword under the wrong heading", {PAGES["client"]: client.replace(REFUSED, WITHOUT)}, "client"),
        ("a keyword under two headings", {PAGES["server"]: server + "\n.Cm Port\n"}, "server"),
        ("a keyword that the page has not", {PAGES["server"]: server.replace("GSSAPI*", "")}, "server"),
    ]
    cases = []
    for what, change, folder in [("a good tree", {}, None), *planted]:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {**good, **change})
            found = {name for name, problems in check(root) if problems}
        wanted = {name_of(folder)} if folder else set()
        cases.append((f"{what} is seen" if folder else what, [] if found == wanted else [f"found {sorted(found)}"]))
    return cases


if __name__ == "__main__":
    sys.exit(source.report(self_test() if sys.argv[1:] == ["--self-test"] else check(source.ROOT)))
