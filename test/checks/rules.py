"""The RFCs' rules as the checks and conformance/rfc_index see them: the table, and where code and tests cite each rule.

    table, problems = read_table(root)            # what conformance/requirements.tsv says
    cited, undeclared = find_citations(root, table)
    cited["4253-6-2"].code                        # [Place("transport/packet_reader.cpp", 119, ""), …]
    cited["4253-6-2"].tests                       # [Place("test/transport/packet_test.cpp", 60, "Packet.Padding…"), …]
    silent, crowded, misplaced, bare = judge_citations(root)  # in the product's comments
"""

import bisect
import dataclasses
import os
import re

import source

TABLE = "conformance/requirements.tsv"
COLUMNS = ["id", "rfc", "section", "level", "role", "requirement", "how_tested"]
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
ROLES = {"both", "client", "server"}
TESTED = {"wire-server", "wire-client", "unit", "not-testable"}
# Each MUST and MUST NOT is in code and in a test. What a row may end in, `[not built: why]`, and what it then need not have.
REASONS = {
    "not built": ("code", "test"),  # what the rule is about is left out
    "by the user": ("code", "test"),  # whoever administers or configures keeps it
    "by others": ("code", "test"),  # it binds neither a client nor a server
    "not testable": ("test",),  # the code keeps it, but nothing that a test can see depends on it
}
REASON = re.compile(r"\[(" + "|".join(REASONS) + r"): [^\]]*\w[^\]]*\]$")
ENDINGS = (".h", ".cpp", ".py", ".sh", ".gdb", ".md", ".txt")
TEXTS = (".md", ".txt")

# In a comment of the product a sentence, which ends in a stop or a semicolon, says what its rules are about.
ID = re.compile(r"\[((\d{4}|openssh-[a-z-]+)-([\d.]+)-\d+)\]")
CITATION = re.compile(r"(?:RFCs?|FIPS) \d+|OpenSSH PROTOCOL(?:\.\w+)?|draft-[\w-]+"
                      r"|[Ss]ections? (\d[\d.]*\b(?:(?:, | and |, and | to )\d[\d.]*\b)*)")
SENTENCE_END = re.compile(r"(?<=[.;?!])\s+|\n\s*\n")
NO_WORDS = {"and", "or", "to", "see", "there", "rfc", "rfcs", "says"}  # they only point at the citation
WORDS = 3  # of a sentence, at least, beside the citation
IDS = 3  # of a sentence, at most: one rule, or parts of one
IDS_OF_COMMENT = 6  # at most: what is more belongs to another line of the code

TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Rule:
    id: str
    rfc: str
    section: str
    level: str
    role: str
    requirement: str
    how_tested: str

    @property
    def must(self):
        return self.level.startswith("MUST")

    @property
    def reason(self):
        """The marker at the end of its row, or None."""
        found = REASON.search(self.requirement)
        return found[1] if found else None

    def needs(self):
        """Where it has to be cited: some of "code" and "test"."""
        if not self.must:
            return []
        return [kind for kind in ("code", "test") if kind not in REASONS.get(self.reason, ())]


@dataclasses.dataclass(frozen=True)
class Place:
    path: str
    line: int
    test: str  # the name of the test around it, if it is in one

    def __str__(self):
        return f"{self.path}:{self.line}" + (f" {self.test}" if self.test else "")


@dataclasses.dataclass
class Citations:
    code: list
    tests: list
    texts: list


def read_table(root):
    """({id: Rule}, [problem, …])"""
    rules, problems = {}, []
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
        rule = Rule(*cells)
        if not re.fullmatch(re.escape(f"{rule.rfc}-{rule.section}-") + r"[1-9]\d*", rule.id):
            problems.append(where + f"id {rule.id} is not made of RFC {rule.rfc} and section {rule.section}")
        if not re.fullmatch(r"\d{4}|openssh-[a-z-]+", rule.rfc):
            problems.append(where + f"no such RFC: {rule.rfc}")
        if rule.id in rules:
            problems.append(where + f"{rule.id} stands there twice")
        if rule.level not in LEVELS or rule.role not in ROLES or not TESTED.issuperset(rule.how_tested.split("+")):
            problems.append(where + f"unknown level, role or kind of test: {rule.level}, {rule.role}, {rule.how_tested}")
        rules[rule.id] = rule
    return rules, problems


def find_citations(root, rules):
    """({id: Citations}, ["path:line: …" for an id that nobody declared])"""
    # Anything in brackets that begins like an id is meant as one: one cut short is a mistake too.
    rfcs = "|".join(sorted({rule.rfc for rule in rules.values()}))
    meant = re.compile(r"\[((?:" + rfcs + r"|openssh-[a-z-]+)-\d[^\]\s]*)\]")
    cited, undeclared = {rule: Citations([], [], []) for rule in rules}, []
    top = [name for name in os.listdir(root) if name.endswith(".md")]
    for path in top + source.files(root, ENDINGS, source.FOLDERS + ["docs"]):
        text = source.read(root, path)
        name_test = None
        for number, line in enumerate(text.splitlines(), 1):
            for match in meant.finditer(line):
                if match[1] not in rules:
                    undeclared.append(f"{path}:{number}: [{match[1]}] is not in {TABLE}")
                    continue
                found = cited[match[1]]
                if path.endswith(TEXTS) or path.startswith("docs/") or "/" not in path:
                    found.texts.append(Place(path, number, ""))
                elif path.startswith(("test/", "conformance/")):
                    name_test = name_test or test_names(path, text)
                    found.tests.append(Place(path, number, name_test(number)))
                else:
                    found.code.append(Place(path, number, ""))
    return cited, undeclared


def judge_citations(root):
    """Four lists of "path:line: …": ids without a sentence, too many ids at one place, ids beside another section, and
    ids with no section of their RFC in front."""
    silent, crowded, misplaced, bare = [], [], [], []
    product = [folder for folder in source.FOLDERS if folder not in ("test", "conformance")]
    for path in source.files(root, (".h", ".cpp"), product):
        before = set()  # the RFCs of which the comment before cites a section
        for comment in source.comments_of(source.read(root, path)):
            text, rfc, start = "\n".join(line for _, line in comment), "", 0
            ids = len(ID.findall(text))
            if ids > IDS_OF_COMMENT:
                crowded.append(f"{path}:{comment[0][0]}: {ids} ids in one comment")
            for end in [match.end() for match in SENTENCE_END.finditer(text)] + [len(text)]:
                sentence = text[start:end]
                found = ID.findall(sentence)
                where = f"{path}:{comment[text.count(chr(10), 0, start + len(sentence) - len(sentence.lstrip()))][0]}: "
                start = end
                if found and len(words_of(sentence)) < WORDS:
                    silent.append(where + " ".join(sentence.split()))
                if len(found) > IDS:
                    crowded.append(where + f"{len(found)} ids in one sentence")
                wrong, rfc = wrong_sections(sentence, rfc)
                misplaced += [where + problem for problem in wrong]
            alone, before = ids_alone(text, before)
            bare += [f"{path}:{comment[0][0]}: [{one}]" for one in alone]
    return silent, crowded, misplaced, bare


def ids_alone(text, before):
    """([each id of a comment with no section of its RFC in front, there or in the comment before], the RFCs with one)"""
    alone, cited, rfc = [], set(), ""
    for match in re.finditer(f"{ID.pattern}|{CITATION.pattern}", " ".join(text.split())):
        if match[1]:
            if family_of(match[2]) not in cited | before:
                alone.append(match[1])
        elif match[4]:
            cited.add(rfc)
        else:
            rfc = rfc_of(match[0])
    return alone, cited


def family_of(rfc):
    """The first part of an id; all documents of OpenSSH's are one."""
    return "openssh" if rfc.startswith("openssh-") else rfc


def rfc_of(citation):
    return "openssh" if citation.startswith("OpenSSH") else citation.split()[-1]


def words_of(sentence):
    rest = CITATION.sub(" ", ID.sub(" ", sentence))
    return [word for word in re.findall(r"\w+", rest) if word.lower() not in NO_WORDS]


def wrong_sections(sentence, rfc):
    """([problem, …], the RFC that a next "section" is of). The ids behind a citation, without a word between, are its."""
    sentence = " ".join(sentence.split())
    problems, cited, named, last = [], [], "", 0
    for match in re.finditer(f"{ID.pattern}|{CITATION.pattern}", sentence):
        if re.search(r"\w", sentence[last:match.start()].replace("and", "")):
            cited = []
        before, last = sentence[:last], match.end()
        if match[1]:
            if cited and (family_of(match[2]), match[3]) not in cited:
                problems.append(f"[{match[1]}] stands beside {named}")
            continue
        if before.endswith("]"):
            cited = []
        if match[4]:
            cited += [(rfc, section) for section in sections_of(match[4])]
            named = f"{rfc} section {match[4]}"
        else:
            rfc = rfc_of(match[0])
    return problems, rfc


def sections_of(text):
    """"3.1, 3.3 to 3.5" as its five parts."""
    found = re.findall(r"\d+(?:\.\d+)*", text)
    for first, last in re.findall(r"([\d.]+) to ([\d.]+)", text):
        above, _, number = first.rpartition(".")
        for between in range(int(number) + 1, int(last.rstrip(".").rpartition(".")[2])):
            found.append(f"{above}.{between}".lstrip("."))
    return found


def test_names(path, text):
    """A function from a line's number to the name of the test that it is in or, outside of any, that follows it."""
    if path.endswith(".py"):
        lines = text.splitlines()

        def python_name(number):
            # A comment in front of a function is about that function.
            at = number - 1
            while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
                at += 1
            for line in reversed(lines[:at + 1]):
                if found := re.match(r"\s*def (\w+)", line):
                    return found[1]
            return ""
        return python_name
    tests = []  # (last line, name)
    for found in TEST.finditer(text):
        end = text.find("\n}", found.end())
        tests.append((text.count("\n", 0, end if end >= 0 else len(text)) + 2, f"{found[1]}.{found[2]}"))

    def cpp_name(number):
        at = bisect.bisect_left(tests, (number, ""))
        return tests[at][1] if at < len(tests) else ""
    return cpp_name


def lacks(rule, found):
    """What a rule has to have and has not: some of "code" and "test"."""
    places = {"code": found.code, "test": found.tests}
    return [kind for kind in rule.needs() if not places[kind]]
