#!/usr/bin/python3
"""What comments name exists: identifiers, files, and the calls of the examples in header comments.

    test/checks/comments.py              look at this source tree
    test/checks/comments.py --self-test  plant one stale comment of each kind and see that it is found

A word of a comment is taken for an identifier if it looks like one: snake_case, member_, TwoHumps, word(), Type::member.
It is declared if code has that token: for member_ the files of the same name, else any file, but a comment of the product
cannot name what only tests declare. No declaration is needed by words of the code's strings (keywords, formats), names
with a section of the manual, such as waitpid(2), and SHOUTED names, which are those of the RFCs and of the system.

An example is the lines of a comment that begin with three spaces. A call in it must have as many arguments as a call or
a declaration of that name has somewhere in the code.
"""

import collections
import os
import re
import sys
import tempfile

import source

NAMED = "each identifier in a comment is declared"
FOUND = "each file that a comment names is there"
EXAMPLES = "examples call functions as the code does"

# Names that come from elsewhere and that no line of code mentions.
FOREIGN = {
    "units": "KiB MiB GiB",
    "products": "AddressSanitizer AsyncSSH GitHub GoogleTest OpenSSH OpenSSL PuTTY TinySSH UndefinedBehaviorSanitizer WinSCP",
    "OpenSSH PROTOCOL.agent": "from_username from_hostname to_username to_hostname",
    "RFC 5280": "SubjectPublicKeyInfo",
    "FIPS 203": "BaseCaseMultiply BitRev7 ByteDecode_d ByteEncode_d MultiplyNTTs PRF_eta R_q SampleNTT SamplePolyCBD_eta T_q"
                " eta_1 eta_2",
    "NTRU Prime": "HashConfirm HashSession Hash_4 Round",
}
FOREIGN_NAMES = {name for names in FOREIGN.values() for name in names.split()}
TESTS = ("test/", "conformance/")

WORD = re.compile(r"(?<![\w@%/$*-])[A-Za-z_]\w*(?![\w@*]|-\w)")
TWO_HUMPS = re.compile(r"[A-Z]\w*[a-z0-9][A-Z]\w*")
SHOUTED = re.compile(r"[A-Z0-9_]+")
MANUAL = re.compile(r"\([1-8]\w?\)")
PLURAL = re.compile(r"\((?:s|es)\)")
QUALIFIED = re.compile(r"\b([A-Z]\w*)::(~?\w+)")
PATH = re.compile(r"(?<![\w@./~*$-])(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.(?:h|cpp|py|sh|tsv|md|cmake)\b(?!/)")
EXAMPLE = re.compile(r" {3,}(?!-)\S")
# In an example one capital is enough for a type, and a dot for a member.
IN_EXAMPLE = re.compile(r"\b([A-Z][a-z]\w*)(?=[({<&:]|\s+&?\w+\s*[({=;])|(?<=[\w)])(?:\.|->)([a-z]\w*)")

TEMPLATE = r"(?:<[\w:, *&]*>)?"
CALL = re.compile(rf"(?:\b([A-Z]\w*){TEMPLATE}\s+)?\b(\w+)(?:<([\w:, *&]*)>)?([({{])")
CALLED = re.compile(rf"(\w+){TEMPLATE}\s*[({{]|\b(\w+)\s*=\s*\[")  # or a lambda
TYPE = re.compile(r"\b(?:enum class|enum|class|struct|namespace|using|concept)\s+(\w+)")
BRACKETS = {"(": ")", "[": "]", "{": "}"}


class Code:
    """The names that the code of a part of the tree declares, calls and says."""

    def __init__(self):
        self.tokens, self.called = set(), set()  # all, and those with arguments behind them
        self.strings, self.keywords = set(), set()  # the strings' words, as they are and in lower case
        self.includes = set()  # <the/system's.h>
        self.counts = collections.defaultdict(set)  # {name of a function or type: how many arguments it may have}
        self.members = collections.defaultdict(set)  # {name of a type: tokens of the files that declare it}

    def add(self, path, text):
        if not path.endswith((".h", ".cpp")):
            words = set(re.findall(r"\w+", text))
            self.tokens |= words
            self.called |= words
            return
        code = source.code_of(text)
        tokens = set(re.findall(r"\w+", code))
        self.tokens |= tokens
        self.called |= {name for match in CALLED.finditer(code) for name in match.groups() if name}
        self.includes |= set(re.findall(r"#\s*include\s*<([^>]+)>", code))
        for match in source.QUIET.finditer(text):
            if not match[0].startswith("/"):
                self.strings |= set(re.findall(r"\w+", match[0]))
        self.keywords = {word.lower() for word in self.strings}
        for name in TYPE.findall(code):
            self.members[name] |= tokens
        for name, counts in calls(code):
            self.counts[name] |= counts

    def __or__(self, other):
        both = Code()
        for name, value in vars(both).items():
            for half in (vars(self)[name], vars(other)[name]):
                if isinstance(half, set):
                    value |= half
                else:
                    for key, found in half.items():
                        value[key] |= found
        return both


def calls(code):
    """(name, possible numbers of arguments) for each call and declaration; `Type name(…)` is one of the type as well."""
    for match in CALL.finditer(code):
        counts = arguments(code, match.end() - 1)
        if counts is None:
            continue
        names = [match[2]] if match[4] == "(" else []
        if code[match.end():match.end() + 1] != ".":  # fields by their names: as many as one likes
            made = match[3] if match[2].startswith("make_") else None
            names += [name for name in (match[1], match[2], made) if name and name[0].isupper()]
        for name in names:
            yield name, counts


def arguments(code, at):
    """How many arguments the brackets that open at `at` may hold: with those that have a default and without, with commas
    between < and > and without. None: they do not close, or an ellipsis stands for some."""
    closing, commas, angled, defaults, angle = [], 0, 0, 0, 0
    for position in range(at, min(len(code), at + 3000)):
        char = code[position]
        if char in BRACKETS:
            closing.append(BRACKETS[char])
        elif char in ")]}":
            if char != closing.pop():
                return None
            if not closing:
                inside = code[at + 1:position].strip()
                if "…" in inside or "..." in inside:
                    return None
                most = commas + 1 if inside else 0
                return set(range(max(0, most - max(angled, defaults)), most + 1))
        elif len(closing) > 1:
            continue
        elif char == "<":
            angle += code[position - 1].isalnum()
        elif char == ">" and code[position - 1] != "-":
            angle -= angle > 0
        elif char == ",":
            commas += 1
            angled += angle > 0
        elif char == "=":
            defaults += code[position - 1] == " " == code[position + 1]
    return None


def example_of(comment):
    """The lines of a comment that are an example, in one string, with empty strings and without mail-like names."""
    return "\n".join(unquoted(MANUAL.sub("", line)) for _, line in comment if EXAMPLE.match(line))


def unquoted(line):
    return re.sub(r"@[\w.]+", "", re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'', '""', line))


def locals_of(example):
    """The names that an example declares itself."""
    found = set(re.findall(r"[\w>&*]\s+[&*]?(\w+)\s*(?:\(|\{|=|;|:)", example))
    found |= {name for names in re.findall(r"\[(\w+(?:, \w+)*)\]", example) for name in names.split(", ")}
    return found | set(re.findall(r"\b(?:struct |class |TEST_F\()(\w+)", example))


def unknown_names(line, code, own, local):
    """The identifiers of a line that nothing declares: the code, its own file for a member, or the example around it."""
    example = EXAMPLE.match(line)
    line = PATH.sub("", unquoted(line) if example else line)
    for match in WORD.finditer(line):
        word, rest = match[0], line[match.end():]
        if SHOUTED.fullmatch(word) or word.startswith("__") or word in FOREIGN_NAMES or word in local or MANUAL.match(rest):
            continue
        call, humps = rest.startswith("(") and not PLURAL.match(rest), TWO_HUMPS.fullmatch(word)
        if not (call or humps or "_" in word):
            continue
        known = code.called if call else own if word.endswith("_") and not example else code.tokens
        if word not in known and word not in code.strings and not (humps and word.lower() in code.keywords):
            yield word + "()" * call
    for match in QUALIFIED.finditer(line):
        if match[1] not in code.tokens and match[1] not in local:
            yield match[1]
        elif match[1] in code.members and match[2].lstrip("~") not in code.members[match[1]]:
            yield match[0]
    for match in IN_EXAMPLE.finditer(line if example else ""):
        name = match[1] or match[2]
        if name not in code.tokens and name not in local:
            yield name


def wrong_calls(example, code):
    variables = set(re.findall(rf"\b[A-Z]\w*{TEMPLATE}\s+(\w+)\(", example))
    for name, counts in calls(example):
        known = code.counts.get(name)
        if known and name not in variables and not counts & known:
            yield f"{name}() has {' or '.join(map(str, sorted(known)))} arguments, not {max(counts)}"


def check(root):
    paths = source.files(root, (".h", ".cpp"))
    texts = {path: source.read(root, path)
             for path in paths + source.files(root, (".py", ".sh", ".gdb", ".c", "CMakeLists.txt", "rfc_index"))}
    product, tests, own = Code(), Code(), collections.defaultdict(set)
    for path, text in texts.items():
        (tests if path.startswith(TESTS) else product).add(path, text)
        own[os.path.splitext(path)[0]] |= set(re.findall(r"\w+", source.code_of(text)))
    every = product | tests
    there = set(source.files(root, ("",), source.FOLDERS + ["docs"])) | set(os.listdir(root))
    names = {os.path.basename(path) for path in there}
    stems = {name.split(".")[0].removesuffix("_main") for name in names}  # a program is called as its main file
    for code in (product, every):
        code.tokens |= stems

    unknown, missing, miscalled = [], [], []
    for path in paths:
        code = every if path.startswith(TESTS) else product
        for comment in source.comments_of(texts[path]):
            example = example_of(comment)
            for number, line in comment:
                where = f"{path}:{number}: "
                missing += [where + f"there is no {name}" for name in PATH.findall(line)
                            if name not in there and os.path.join(os.path.dirname(path), name) not in there
                            and ("/" in name or name not in names) and name not in every.includes]
                unknown += [where + f"nothing declares {name}"
                            for name in unknown_names(line, code, own[os.path.splitext(path)[0]], locals_of(example))]
            miscalled += [f"{path}:{comment[0][0]}: {problem}" for problem in wrong_calls(example, code)]
    return [(NAMED, unknown), (FOUND, missing), (EXAMPLES, miscalled)]


GOOD = {
    "crypto/keys.h": "// Keys. See crypto/keys.h, keys.cpp and <pwd.h>; waitpid(2) and read_all() reads 4 KiB.\n//\n"
                     '//   PrivateKey key(path, "a_b()");  if (key.sign(data)) …  key.sign(data, …)\n//\n'
                     "//   - kill(2) is no example\n#include <pwd.h>\n"
                     "class PrivateKey {\n PrivateKey(Path path, std::map<int, int> all);\n bool sign(Bytes data, int flags = 0);\n"
                     " int path_;  // path_ is PrivateKey::path_, MaxAuthTries as well, and so is SSH_MSG_IGNORE\n};\n",
    "crypto/keys.cpp": 'auto read_all = [] {};  // of file(s), and of user_name@host\nauto keyword = "maxauthtries";\n',
    "test/crypto/keys_test.cpp": "// make_vectors.py wrote what the TestedKey reads.\nclass TestedKey {};\n",
    "test/vectors/make_vectors.py": "",
}
# Each is a file that is planted, and the rule that must find it.
BAD = [
    ("crypto/a.cpp", "// calls read_none()\n", NAMED),
    ("crypto/a.cpp", "// calls path_()\nint path_;\n", NAMED),
    ("crypto/a.cpp", "// as read_everything has it\n", NAMED),
    ("crypto/a.cpp", "// for a PublicKey\n", NAMED),
    ("crypto/a.cpp", "// for a TestedKey\n", NAMED),
    ("crypto/a.cpp", "int a;  // as path_ says\n", NAMED),
    ("crypto/a.cpp", "/* first\n   PrivateKey::copy goes */\n", NAMED),
    ("crypto/a.cpp", "// Worker::run() opens the Pump, which Worker owns: see Worker::start.\nvoid run();\nint start;\n", NAMED),
    ("crypto/a.h", "//   Key key;\n", NAMED),
    ("crypto/a.h", "//   if (key.secret) …\n", NAMED),
    ("crypto/a.cpp", "// as in crypto/keys/key.h\n", FOUND),
    ("crypto/a.cpp", "// as in none_test.py\n", FOUND),
    ("crypto/a.h", "//   PrivateKey key(path, data, 3, 4);\n", EXAMPLES),
    ("crypto/a.h", "//   key.sign()\n", EXAMPLES),
    ("crypto/a.h", "//   key.sign(data,\n//            3, 4)\n", EXAMPLES),
]


def self_test():
    cases = []
    for name, change, rule in [("a good tree passes", {}, None)] + [
            (f"{path} with {text.splitlines()[-1].strip()}: {rule}", {path: text}, rule) for path, text, rule in BAD]:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {**GOOD, **change})
            broken = [name for name, found in check(root) if found]
            right = broken == ([rule] if rule else [])
            cases.append((name, [] if right else [f"found: {[case for case in check(root) if case[1]]}"]))
    return source.report(cases)


if __name__ == "__main__":
    sys.exit(self_test() if "--self-test" in sys.argv else source.report(check(source.ROOT)))
