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
    """{keyword: the section that it belongs into}"""
    belongs = {}
    for name in sorted(os.listdir(os.path.join(root, folder, "config"))):
        if not name.endswith(".cpp"):
            continue
        text = source.read(root, f"{folder}/config/{name}")
        for keyword in re.findall(r'\b(?:Client|Server)Keyword\{\s*"(\w+)"', text):
            belongs[keyword] = DONE
        for keyword, rest in re.findall(r'\bForeignKeyword\{\s*"(\w+)"([^}]*)\}', text):
            belongs[keyword] = REFUSED if re.search(r",\s*refuse\b", rest) else WITHOUT
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
        "client/config/a.cpp": 'ClientKeyword{"Port", 1, 1}, ForeignKeyword{"Tunnel", "no", refuse, "why"},',
        "server/config/server_config.cpp": 'ServerKeyword{"Port", 1},\nForeignKeyword{"GSSAPIKeyExchange", "no", note,\n "why"},',
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
