"""The source tree as the checks see it: its files, and a C++ file without its comments and its text."""

import os
import re

FOLDERS = ["proto", "config", "crypto", "transport", "auth", "channels", "server", "client", "test", "conformance"]
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# Comments, then raw strings, strings and characters. A ' between digits separates thousands.
QUIET = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def files(root, endings, folders=FOLDERS):
    """Paths, relative to the root, of every file under the folders whose name ends so; sorted."""
    found = []
    for folder in folders:
        for directory, below, names in os.walk(os.path.join(root, folder)):
            below[:] = [name for name in below if name != "__pycache__"]
            found += [os.path.relpath(os.path.join(directory, name), root) for name in names if name.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def code_of(text):
    """The same number of lines, but without comments, and with empty strings; #include lines keep their names."""
    def blank(match):
        line_start = text.rfind("\n", 0, match.start()) + 1
        if re.match(r"\s*#\s*include\s*$", text[line_start:match.start()]):
            return match[0]
        return '""' if match[0][0] in "R\"'" else "\n" * match[0].count("\n")
    return QUIET.sub(blank, text)


def comments_of(text):
    """The comments of a C++ file, each as [(number of a line, its text without slashes), …]. Lines that follow each
    other in one column are one comment."""
    comments, column_before = [], None
    for match in QUIET.finditer(text):
        if not match[0].startswith("/"):
            continue
        line_start = text.rfind("\n", 0, match.start()) + 1
        number, column = text.count("\n", 0, match.start()) + 1, match.start() - line_start
        alone = not text[line_start:match.start()].strip()
        body = match[0][2:].removesuffix("*/")
        lines = [(number + at, line) for at, line in enumerate(body.split("\n"))]
        if alone and comments and comments[-1][-1][0] == number - 1 and column == column_before:
            comments[-1] += lines
        else:
            comments.append(lines)
        column_before = column
    return comments


def plant(root, tree):
    """Writes a small tree, {path: text}, for a self-test."""
    for path, text in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def report(cases):
    """Prints one verdict per (name, problems); the exit status."""
    status = 0
    for name, problems in cases:
        for problem in problems:
            print(f"  {problem}")
        print(f"{'not ok' if problems else 'ok'} - {name}")
        status |= bool(problems)
    return status
