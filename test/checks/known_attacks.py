#!/usr/bin/python3
"""The list of past vulnerabilities, conformance/known_attacks/README.md, against the tests that it names.

    test/checks/known_attacks.py              check this source tree
    test/checks/known_attacks.py --self-test  plant one mistake of each kind and see that it is found
"""

import re
import sys
import tempfile

import source

LIST = "conformance/known_attacks/README.md"
# These must be there whatever else is.
NEEDED = {*range(25, 59), *range(61, 67), 78, 79}
REASON = "cannot apply: "

ROWS = "each row has a number, what it was, and tests or a reason"
TESTS = "each test that is named exists and bears the number"
NUMBERS = "each number that a test bears, or that is needed, has its row"

# `past vulnerabilities 50 to 55`, `past vulnerability 4 and 5`, across lines of a comment; or in a test's name.
LINE_END = r"(?:[ \t]*\n[ \t]*(?://|#)?[ \t]*|[ \t]+)"
CITATION = re.compile(rf"[Pp]ast{LINE_END}vulnerabilit(?:y|ies){LINE_END}(\d+(?:(?:,|{LINE_END}(?:and|or|to))*{LINE_END}?\d+)*)")
IN_NAME = re.compile(r"PastVulnerabilit(?:y|ies)(\d+)(?:To(\d+))?")


def numbers_in(text):
    """The numbers that a test's file bears."""
    spans = [(int(first), int(last or first)) for first, last in IN_NAME.findall(text)]
    for list_of_numbers in CITATION.findall(text):
        flat = re.sub(rf"{LINE_END}", " ", list_of_numbers)
        spans += [(int(first), int(last or first)) for first, last in re.findall(r"(\d+)(?: to (\d+))?", flat)]
    return {number for first, last in spans for number in range(first, last + 1)}


def tests_of(root):
    """{path: (its text, the numbers it bears)}"""
    tests = {}
    for path in source.files(root, (".cpp", ".h", ".py"), ["test", "conformance"]):
        text = source.read(root, path)
        if path != "test/checks/known_attacks.py":
            tests[path] = (text, numbers_in(text))
    return tests


def rows_of(root):
    """([(number, its last cell), …], [problem, …])"""
    rows, problems = [], []
    for at, line in enumerate(source.read(root, LIST).splitlines(), 1):
        if not line.startswith("|") or re.match(r"\|\s*(-|No\b)", line):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) != 3 or not cells[0].isdigit() or not all(cells):
            problems.append(f"{LIST}:{at}: not three cells, of which the first is a number")
            continue
        if rows and int(cells[0]) <= rows[-1][0]:
            problems.append(f"{LIST}:{at}: {cells[0]} comes after {rows[-1][0]}")
        if not cells[2].startswith(REASON) and not re.search(r"`[\w/.]+`", cells[2]):
            problems.append(f"{LIST}:{at}: {cells[0]} has neither a test nor a reason that begins with '{REASON}'")
        if cells[2].strip() == REASON.strip():
            problems.append(f"{LIST}:{at}: {cells[0]} has a reason that says nothing")
        rows.append((int(cells[0]), cells[2]))
    return rows, problems


def named_in(cell):
    """[(path, [names of tests in it]), …]: a path in ``, and behind it words with a dot in the middle."""
    found = []
    for path, rest in re.findall(r"`([\w/.]+/[\w.]+)`([^`]*)", cell):
        found.append((path, re.findall(r"\b[A-Z]\w*\.[A-Z]\w*\b", rest)))
    return found


def has_test(text, name):
    suite, test = name.split(".")
    return re.search(rf"\bTEST(_[FP])?\(\s*{suite},\s*{test}\s*\)", text) is not None


def check(root):
    rows, malformed = rows_of(root)
    tests = tests_of(root)
    wrong = []
    for number, cell in rows:
        if cell.startswith(REASON):
            continue
        for path, names in named_in(cell):
            if path not in tests:
                wrong.append(f"{LIST}: {number}: there is no {path}")
                continue
            text, borne = tests[path]
            if number not in borne:
                wrong.append(f"{LIST}: {number}: {path} does not say 'past vulnerability {number}'")
            wrong += [f"{LIST}: {number}: {path} has no {name}" for name in names if not has_test(text, name)]
            if path.endswith(".cpp") and not names:
                wrong.append(f"{LIST}: {number}: which test of {path}?")
    listed = {number for number, _ in rows}
    missing = [f"{LIST} has no {number}, which {path} bears"
               for path, (_, borne) in tests.items() for number in sorted(borne - listed)]
    missing += [f"{LIST} has no {number}" for number in sorted(NEEDED - listed)]
    return [(ROWS, malformed), (TESTS, wrong), (NUMBERS, missing)]


def self_test():
    said = "past " + "vulnerability"  # so that this file bears nothing
    rows = "".join(f"| {number} | was bad | {REASON}not here |\n" for number in sorted(NEEDED - {25}))
    good_row = "| 25 | was bad | `test/proto/a_test.cpp`: A.KeepsOut; `conformance/a_test.py` |\n"
    good = {LIST: "# Attacks\n\n| No. | what | tests |\n| --- | --- | --- |\n" + good_row + rows,
            "test/proto/a_test.cpp": f"// {said} 25\nTEST(A, KeepsOut) {{}}\n",
            "conformance/a_test.py": f"# {said}\n# 25\n"}
    with_row = lambda row: {LIST: good[LIST].replace(good_row, row)}
    planted = [
        ("a number twice", with_row(good_row + good_row), ROWS),
        ("two cells", with_row("| 25 | was bad |\n" + good_row), ROWS),
        ("neither test nor reason", with_row("| 25 | was bad | we are careful |\n"), ROWS),
        ("an empty reason", with_row(f"| 25 | was bad | {REASON} |\n"), ROWS),
        ("a file that is not there", with_row(good_row.replace("a_test.cpp", "b_test.cpp")), TESTS),
        ("a test that is not there", with_row(good_row.replace("KeepsOut", "LetsIn")), TESTS),
        ("a file without a test's name", with_row(good_row.replace(": A.KeepsOut", "")), TESTS),
        ("a test that bears another number", {"test/proto/a_test.cpp": f"// {said} 26\nTEST(A, KeepsOut) {{}}\n"}, TESTS),
        ("a number that is not listed", {"test/proto/b_test.cpp": f"// {said} 99\n"}, NUMBERS),
        ("a range that is not listed", {"test/proto/b_test.cpp": "TEST(B, Past" + "Vulnerabilities98To99) {}\n"}, NUMBERS),
        ("a needed number that is missing", {LIST: good[LIST].replace("| 78 ", "| 77 ")}, NUMBERS),
    ]
    cases = []
    for what, change, rule in [("a good tree passes", {}, None), *planted]:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {**good, **change})
            broken = {name for name, problems in check(root) if problems}
        right = rule in broken if rule else not broken
        cases.append((what, [] if right else [f"found: {sorted(broken)}"]))
    return cases


if __name__ == "__main__":
    sys.exit(source.report(self_test() if sys.argv[1:] == ["--self-test"] else check(source.ROOT)))
