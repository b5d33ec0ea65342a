#!/usr/bin/python3
"""The rules of the RFCs by their ids: conformance/requirements.tsv against what code, tests and documents cite.

    test/checks/rule_ids.py              check this source tree, and count per RFC
    test/checks/rule_ids.py --index      for each rule, where code enforces it and where a test checks it
    test/checks/rule_ids.py --self-test  plant one mistake of each kind and see that it is found
"""

import os
import re
import sys
import tempfile

import source

TABLE = "conformance/requirements.tsv"
COLUMNS = ["id", "rfc", "section", "level", "role", "requirement", "how_tested"]
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
ROLES = {"both", "client", "server"}
TESTED = {"wire-server", "wire-client", "unit", "not-testable"}
# Of these each MUST and MUST NOT is in code and in a test, or its row says why not.
COMPLETE = {"4252", "4254", "4256", "4335", "8332"}
COMPLETE_RULE = f"each MUST of RFC {', '.join(sorted(COMPLETE))} is in code and in a test"
REASON = re.compile(r"\[not built: [^\]]+\]$")
ENDINGS = (".h", ".cpp", ".py", ".sh", ".gdb", ".md", ".txt")


def read_table(root):
    """({id: rfc}, [id of a rule that needs code and a test, …], [problem, …])"""
    rules, needed, problems = {}, [], []
    lines = source.read(root, TABLE).split("\n")
    if lines[-1] != "":
        problems.append("the last line does not end")
    if lines[0].split("\t") != COLUMNS:
        problems.append(f"the first line names {lines[0].split()}")
    for number, line in enumerate(lines[1:-1], 2):
        cells = line.split("\t")
        where = f"{TABLE}:{number}: "
        if len(cells) != len(COLUMNS) or not all(cells) or any(cell != cell.strip() for cell in cells):
            problems.append(where + "not seven cells without space around them")
            continue
        rule, rfc, section, level, role, requirement, tested = cells
        if not re.fullmatch(re.escape(f"{rfc}-{section}-") + r"[1-9]\d*", rule):
            problems.append(where + f"id {rule} is not made of RFC {rfc} and section {section}")
        if not re.fullmatch(r"\d{4}|openssh-[a-z-]+", rfc):
            problems.append(where + f"no such RFC: {rfc}")
        if rule in rules:
            problems.append(where + f"{rule} stands there twice")
        if level not in LEVELS or role not in ROLES or not TESTED.issuperset(tested.split("+")):
            problems.append(where + f"unknown level, role or kind of test: {level}, {role}, {tested}")
        rules[rule] = rfc
        if rfc in COMPLETE and level.startswith("MUST") and not REASON.search(requirement):
            needed.append(rule)
    return rules, needed, problems


def find_citations(root, rules):
    """({id: ["path:line", …]}, ["path:line: …" for an id that nobody declared])"""
    # Anything in brackets that begins like an id is meant as one: one cut short is a mistake too.
    meant = re.compile(r"\[((?:" + "|".join(sorted(set(rules.values()))) + r"|openssh-[a-z-]+)-\d[^\]\s]*)\]")
    cited, undeclared = {}, []
    top = [name for name in os.listdir(root) if name.endswith(".md")]
    for path in top + source.files(root, ENDINGS, source.FOLDERS + ["docs"]):
        for number, line in enumerate(source.read(root, path).splitlines(), 1):
            for match in meant.finditer(line):
                if match[1] in rules:
                    cited.setdefault(match[1], []).append(f"{path}:{number}")
                else:
                    undeclared.append(f"{path}:{number}: [{match[1]}] is not in {TABLE}")
    return cited, undeclared


def in_test(place):
    return place.startswith(("test/", "conformance/"))


def in_code(place):
    return place.startswith(tuple(folder + "/" for folder in source.FOLDERS)) and not in_test(place)


def print_counts(rules, cited):
    """How many rules there are per RFC, and how many carry their id in code and in a test."""
    print(f"{'RFC':<26}{'rules':>6}{'in code':>9}{'in tests':>10}")
    rows = {}
    for rule, rfc in rules.items():
        places = cited.get(rule, [])
        for name in (rfc, "all"):
            row = rows.setdefault(name, [0, 0, 0])
            row[0] += 1
            row[1] += any(map(in_code, places))
            row[2] += any(map(in_test, places))
    rows["all"] = rows.pop("all", [0, 0, 0])
    for name, row in rows.items():
        print(f"{name:<26}{row[0]:>6}{row[1]:>9}{row[2]:>10}")


def print_index(rules, cited):
    print("rule\tcode\ttests")
    for rule in rules:
        places = cited.get(rule, [])
        print(rule, " ".join(filter(in_code, places)), " ".join(filter(in_test, places)), sep="\t")


def check(root):
    rules, needed, problems = read_table(root)
    cited, undeclared = find_citations(root, rules)
    forgotten = []
    for rule in needed:
        places = cited.get(rule, [])
        forgotten += [f"{rule} is in no {what}" for what, within in (("code", in_code), ("test", in_test))
                      if not any(map(within, places))]
    return [("the table of rules is well-formed", problems), ("each cited rule is declared", undeclared),
            (COMPLETE_RULE, forgotten)]


def self_test():
    row = "4253-6-2\t4253\t6\tMUST\tboth\tPadding has at least four octets.\tunit\n"
    table = "\t".join(COLUMNS) + "\n" + row
    bracket = "[{}]".format  # so that this file cites nothing
    formed, declared, complete = "the table of rules is well-formed", "each cited rule is declared", COMPLETE_RULE
    good = {TABLE: table, "transport/a.cpp": f"// RFC 4253 section 6 {bracket('4253-6-2')}: four\nint a[4253 - 6];\n"}
    must = table + "4252-4-1\t4252\t4\tMUST NOT\tserver\tNone is never listed.\tunit\n"
    in_code_only = {TABLE: must, "auth/a.cpp": f"// {bracket('4252-4-1')}\n"}
    in_test_only = {TABLE: must, "test/auth/a_test.cpp": f"// {bracket('4252-4-1')}\n"}
    planted = [
        ("an id twice", {TABLE: table + row}, formed),
        ("an id of another section", {TABLE: table.replace("4253-6-2", "4253-7-2")}, formed),
        ("six cells", {TABLE: table.replace("\tunit", "")}, formed),
        ("an unknown level", {TABLE: table.replace("MUST", "OUGHT")}, formed),
        ("an unknown kind of test", {TABLE: table.replace("unit", "hope")}, formed),
        ("an undeclared id in code", {"proto/a.h": f"// {bracket('4253-6-3')}"}, declared),
        ("an undeclared id in a test", {"test/proto/a_test.cpp": f"// {bracket('4253-6.1-1')}"}, declared),
        ("an undeclared id in a document", {"docs/a.md": bracket("openssh-ping-1-1")}, declared),
        ("a MUST that nothing cites", {TABLE: must}, complete),
        ("a MUST in code only", in_code_only, complete),
        ("a MUST in a test only", in_test_only, complete),
        ("a reason that is none", {TABLE: must.replace("listed.", "listed. [not built: ]")}, complete),
        ("an id cut short", {"README.md": bracket("4253-6.1")}, declared),
    ]
    cases = []
    passing = [("a good tree passes", {}, None), ("a MUST in code and in a test", {**in_code_only, **in_test_only}, None),
               ("a reason", {TABLE: must.replace("listed.", "listed. [not built: no login]")}, None),
               ("a SHOULD that nothing cites", {TABLE: must.replace("MUST NOT", "SHOULD")}, None)]
    for name, change, rule in passing + planted:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {**good, **change})
            broken = [name for name, found in check(root) if found]
            # A broken table declares nothing, so citations may fail with it.
            right = rule in broken if rule else not broken
            cases.append((name, [] if right else [f"found: {broken}"]))
    return source.report(cases)


def main():
    if "--self-test" in sys.argv:
        return self_test()
    rules, _, _ = read_table(source.ROOT)
    cited, _ = find_citations(source.ROOT, rules)
    if "--index" in sys.argv:
        print_index(rules, cited)
        return 0
    print_counts(rules, cited)
    return source.report(check(source.ROOT))


if __name__ == "__main__":
    sys.exit(main())
