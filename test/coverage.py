#!/usr/bin/python3
"""Which lines of proto, crypto and transport their unit tests run: ./dev coverage.

    test/coverage.py build/coverage [least]    run the tests of a build of the coverage preset; fail below `least` (95) %
    test/coverage.py --self-test

Prints each file with its lines that can run, those that did, and those that did not, then each folder and all. ./dev test
runs the same tests and more besides (both programs' cores in one process, transcripts, real peers), so what it covers
is at least this.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
FOLDERS = ["proto", "crypto", "transport"]
LEAST = 95.0


def parse(lcov):
    """{path: {line: how often it ran}} of what llvm-cov exports."""
    files, lines = {}, {}
    for record in lcov.splitlines():
        if record.startswith("SF:"):
            lines = files.setdefault(record[3:], {})
        elif found := re.match(r"DA:(\d+),(\d+)", record):
            # A template or an inline function is there once for each of its users.
            lines[int(found[1])] = max(lines.get(int(found[1]), 0), int(found[2]))
    return files


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    spans = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def percent(ran, lines):
    return 100.0 * ran / lines if lines else 100.0


def print_table(files):
    """Prints it; {folder or "all": percent}."""
    totals = {}
    print(f"{'':<36}{'lines':>7}{'ran':>7}{'%':>8}   lines that did not run")
    for path in sorted(files):
        lines = files[path]
        ran = sum(1 for count in lines.values() if count)
        print(f"{path:<36}{len(lines):>7}{ran:>7}{percent(ran, len(lines)):>8.1f}   "
              + ranges(line for line, count in lines.items() if not count))
        for name in (path.split("/")[0], "all"):
            total = totals.setdefault(name, [0, 0])
            total[0] += ran
            total[1] += len(lines)
    totals["all"] = totals.pop("all", [0, 0])
    print()
    for name, (ran, lines) in totals.items():
        print(f"{name:<36}{lines:>7}{ran:>7}{percent(ran, lines):>8.1f}")
    return {name: percent(*total) for name, total in totals.items()}


def verdicts(shares, least):
    """[(name, problem or None), …]"""
    return [(name, None if share >= least else f"{share:.1f} % of {name} ran, less than {least:g} %")
            for name, share in shares.items()]


def run_tests(build):
    """Runs them; the paths of their profiles and programs. Exits if one fails."""
    profiles, programs = [], []
    for folder in FOLDERS:
        program = os.path.join(build, "test", f"test_{folder}")
        profile = os.path.join(build, f"{folder}.profraw")
        environment = dict(os.environ, LLVM_PROFILE_FILE=profile, GTEST_COLOR="no")
        ran = subprocess.run([program, "--gtest_brief=1"], env=environment, check=False)
        if ran.returncode != 0:
            sys.exit(f"coverage: {program} failed")
        profiles.append(profile)
        programs.append(program)
    return profiles, programs


def measure(build):
    profiles, programs = run_tests(build)
    data = os.path.join(build, "all.profdata")
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *profiles, "-o", data], check=True)
    objects = [argument for program in programs[1:] for argument in ("-object", program)]
    exported = subprocess.run([tool("llvm-cov"), "export", "-format=lcov", f"-instr-profile={data}", programs[0], *objects],
                              check=True, capture_output=True, text=True)
    files = {os.path.relpath(path, ROOT): lines for path, lines in parse(exported.stdout).items()}
    return {path: lines for path, lines in files.items() if path.split("/")[0] in FOLDERS}


def tool(name):
    """Of clang's own version: another one may not read its profiles."""
    version = re.search(r"version (\d+)", subprocess.run(["clang", "--version"], check=True, capture_output=True,
                                                         text=True).stdout)
    return shutil.which(f"{name}-{version[1]}" if version else name) or name


def self_test():
    lcov = "SF:proto/a.h\nDA:1,4\nDA:2,0\nDA:3,0\nDA:5,0\nend_of_record\nSF:proto/a.h\nDA:2,1\nend_of_record\n"
    files = parse(lcov)
    table = [
        ("a line counts if one of its copies ran", files, {"proto/a.h": {1: 4, 2: 1, 3: 0, 5: 0}}),
        ("lines are told in spans", ranges([9, 3, 4, 5, 1]), "1 3-5 9"),
        ("what is enough passes", verdicts({"proto": 95.0}, 95.0), [("proto", None)]),
        ("what is too little fails", verdicts({"proto": 94.96}, 95.0),
         [("proto", "95.0 % of proto ran, less than 95 %")]),
        ("shares are of files and folders", print_table(files), {"proto": 50.0, "all": 50.0}),
    ]
    bad = [name for name, got, wanted in table if got != wanted]
    for name, _, _ in table:
        print(f"{'not ok' if name in bad else 'ok'} - {name}")
    return 1 if bad else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    least = float(sys.argv[2]) if len(sys.argv) == 3 else LEAST
    shares = print_table(measure(os.path.abspath(sys.argv[1])))
    failed = False
    for name, problem in verdicts(shares, least):
        print(f"not ok - {problem}" if problem else f"ok - {least:g} % or more of {name} ran")
        failed |= problem is not None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
