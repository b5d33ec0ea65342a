#!/usr/bin/python3
"""The rules of the RFCs by their ids: conformance/requirements.tsv against what code, tests and documents cite.

    test/checks/rule_ids.py              check this source tree
    test/checks/rule_ids.py --self-test  plant one mistake of each kind and see that it is found

In the product a comment that cites a rule says it, in a sentence of three words at least, and no sentence has more than
three ids, no comment more than six: each rule belongs to the line that keeps it. A section of its RFC stands before each
id, in the same comment or in the one before. Tests may cite ids alone.

What it fails on of the table, conformance/rfc_index --missing prints with the rules' words; both ask rules.py.
"""

import os
import subprocess
import sys
import tempfile

import rules
import source

FORMED = "the table of rules is well-formed"
DECLARED = "each cited rule is declared"
SAID = "each cited rule has a sentence"
SPREAD = f"no sentence cites more than {rules.IDS} rules, and no comment more than {rules.IDS_OF_COMMENT}"
BESIDE = "each id stands beside its own section"
HEADED = "a section of its RFC stands before each id, in its comment or in the one before"
COMPLETE = "each MUST is in code and in a test, or its row says why not"


def check(root):
    table, problems = rules.read_table(root)
    cited, undeclared = rules.find_citations(root, table)
    forgotten = [f"{rule.id} is in no {kind}: {rule.requirement}" for rule in table.values()
                 for kind in rules.lacks(rule, cited[rule.id])]
    silent, crowded, misplaced, bare = rules.judge_citations(root)
    return [(FORMED, problems), (DECLARED, undeclared), (COMPLETE, forgotten),
            (SAID, silent), (SPREAD, crowded), (BESIDE, misplaced), (HEADED, bare)]


def index_runs():
    """conformance/rfc_index finds the rules that it is asked for, and says no to one that there is not."""
    problems = []
    for option, status, text in (("4253-6-2", 0, "transport/packet_reader.cpp"), ("4253-99-1", 1, "has no such rule")):
        command = [sys.executable, os.path.join(source.ROOT, "conformance", "rfc_index"), "--rule", option]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode != status or text not in ran.stdout + ran.stderr:
            problems.append(f"--rule {option}: status {ran.returncode}: {ran.stderr or ran.stdout}")
    return [("conformance/rfc_index answers", problems)]


def self_test():
    row = "4253-6-2\t4253\t6\tMUST\tboth\tPadding has at least four octets.\tunit\n"
    table = "\t".join(rules.COLUMNS) + "\n" + row
    bracket = "[{}]".format  # so that this file cites nothing
    good = {rules.TABLE: table, "transport/a.cpp": f"// RFC 4253 section 6 {bracket('4253-6-2')}: at least four\nint a[4253 - 6];\n",
            "test/transport/a_test.cpp": f"// {bracket('4253-6-2')} keeps\n"}
    must = table + "4252-4-1\t4252\t4\tMUST NOT\tserver\tNone is never listed.\tunit\n"
    in_code_only = {rules.TABLE: must, "auth/a.cpp": f"// RFC 4252 section 4 {bracket('4252-4-1')}: it is never listed\n"}
    in_test_only = {rules.TABLE: must, "test/auth/a_test.cpp": f"// {bracket('4252-4-1')}\n"}
    openssh = table + "openssh-ping-1.8-9\topenssh-ping\t1.8\tMUST\tboth\tA pong.\tunit\n"
    unseen = must.replace("listed.", "listed. [not testable: nobody sees it]")
    cite = "RFC 4253 section 6 " + bracket("4253-6-2")
    planted = [
        ("a citation alone", {"auth/a.cpp": f"// {cite}\n"}, SAID),
        ("a citation alone behind code", {"auth/a.cpp": f"int a;  // {cite}.\n// It says more.\n"}, SAID),
        ("a citation of two words", {"auth/a.h": f"// {cite}: four bytes.\n"}, SAID),
        ("a sentence in front of a citation alone", {"auth/a.h": f"// Four bytes of padding.\n// {cite}.\n"}, SAID),
        ("four ids in a sentence", {"auth/a.h": f"// {cite}: four bytes{(' ' + bracket('4253-6-2')) * 3}\n"}, SPREAD),
        ("seven ids in a comment", {"auth/a.h": f"// {cite}: at least four.\n" * 7}, SPREAD),
        ("a citation with words that only point at it",
         {"auth/a.cpp": f"// As the RFC says, {cite}: see there.\n"}, SAID),
        ("ids with no section", {"auth/a.cpp": f"// Padding {bracket('4253-6-2')} is a matter of taste.\n"}, HEADED),
        ("an id before its section", {"auth/a.cpp": f"// At least four bytes {bracket('4253-6-2')}: RFC 4253 section 6.\n"}, HEADED),
        ("an id behind a section of another RFC",
         {"auth/a.cpp": f"// RFC 4252 section 6 says this. {bracket('4253-6-2')}: at least four bytes.\n"}, HEADED),
        ("an id two comments behind its section",
         {"auth/a.cpp": f"// {cite}: at least four\nint a;  // a\nint b;  // {bracket('4253-6-2')}: at least four\n"}, HEADED),
        ("an id beside another section", {"auth/a.h": f"// {cite.replace('section 6', 'section 7')}: at least four\n"}, BESIDE),
        ("an id beside another RFC", {"auth/a.h": f"// {cite.replace('RFC 4253', 'RFC 4252')}: at least four\n"}, BESIDE),
        ("an id beside the section of a second one",
         {"auth/a.h": f"// {cite} and\n// section 6.1 {bracket('4253-6-2')}: at least four\n"}, BESIDE),
        ("an id twice", {rules.TABLE: table + row}, FORMED),
        ("an id of another section", {rules.TABLE: table.replace("4253-6-2", "4253-7-2")}, FORMED),
        ("six cells", {rules.TABLE: table.replace("\tunit", "")}, FORMED),
        ("an unknown level", {rules.TABLE: table.replace("MUST", "OUGHT")}, FORMED),
        ("an unknown kind of test", {rules.TABLE: table.replace("unit", "hope")}, FORMED),
        ("an undeclared id in code", {"proto/a.h": f"// {bracket('4253-6-3')}"}, DECLARED),
        ("an undeclared id in a test", {"test/proto/a_test.cpp": f"// {bracket('4253-6.1-1')}"}, DECLARED),
        ("an undeclared id in a document", {"docs/a.md": bracket("openssh-ping-1-1")}, DECLARED),
        ("a MUST that nothing cites", {rules.TABLE: must}, COMPLETE),
        ("a MUST in code only", in_code_only, COMPLETE),
        ("a MUST in a test only", in_test_only, COMPLETE),
        ("a MUST that only a document cites", {rules.TABLE: must, "conformance/README.md": bracket("4252-4-1")}, COMPLETE),
        ("a MUST of OpenSSH's that nothing cites", {rules.TABLE: openssh}, COMPLETE),
        ("a MUST that no test can see and no code keeps", {rules.TABLE: unseen}, COMPLETE),
        ("a MUST left out by an unknown marker",
         {rules.TABLE: must.replace("listed.", "listed. [too hard: really]")}, COMPLETE),
        ("a reason that is none", {rules.TABLE: must.replace("listed.", "listed. [not built: ]")}, COMPLETE),
        ("an id cut short", {"README.md": bracket("4253-6.1")}, DECLARED),
    ]
    cases = []
    several = f"sections 5 to 7 {bracket('4253-6-2')}: at least four. Section 6 {bracket('4253-6-2')}: as said before"
    passing = [("a good tree passes", {}, None),
               ("an id one comment behind its section",
                {"auth/a.h": f"// {cite}: at least four\nint a;\n// {bracket('4253-6-2')}: at least four\n"}, None),
               ("a citation of several sections", {"auth/a.h": f"// RFC 4253 {several}\n"}, None),
               ("an id far from another section", {"auth/a.h": f"// RFC 4253 section 6, as RFC 1 section 2 has it, {cite[19:]} is kept.\n"}, None),
               ("a MUST in code and in a test", {**in_code_only, **in_test_only}, None),
               ("a reason", {rules.TABLE: must.replace("listed.", "listed. [not built: no login]")}, None),
               ("a MUST in code that no test can see", {**in_code_only, rules.TABLE: unseen}, None),
               ("a SHOULD that nothing cites", {rules.TABLE: must.replace("MUST NOT", "SHOULD")}, None)]
    for name, change, rule in passing + planted:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {**good, **change})
            broken = [name for name, found in check(root) if found]
            # A broken table declares nothing, so citations may fail with it.
            right = rule in broken if rule else not broken
            cases.append((name, [] if right else [f"found: {broken}"]))
    cases.append(("tests are named", [] if names() == NAMES else [f"named: {names()}"]))
    return source.report(cases)


CPP = "TEST(A,\n     First) {\n  // here\n}\n\n// here\nTEST_F(B, Second) {\n}\n// here\n"
PYTHON = "# here\ndef first():\n    # here\n    pass\n\n\ndef second():\n    pass  # here\n"
NAMES = ["A.First", "B.Second", "", "first", "first", "second"]


def names():
    """What the lines that say "here" are called."""
    named = []
    for path, text in (("a_test.cpp", CPP), ("a_test.py", PYTHON)):
        name = rules.test_names(path, text)
        named += [name(number) for number, line in enumerate(text.splitlines(), 1) if "here" in line]
    return named


def main():
    if "--self-test" in sys.argv:
        return self_test()
    return source.report(check(source.ROOT) + index_runs())


if __name__ == "__main__":
    sys.exit(main())
