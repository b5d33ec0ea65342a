#!/usr/bin/python3
"""Runs the CTests of some build directories and counts their cases.

    test/run_tests.py build/release build/asan [-- arguments for ctest]

A case is a GoogleTest case, or a line `ok - text` / `not ok - text` that a script prints. The last line of output is
`N passed, N failed`. What was skipped or disabled, a program that ended badly with no failed case to show for it, and
a test that reported no case at all are failures.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

GTEST = re.compile(r"\[( RUN      |       OK |  FAILED  |  SKIPPED )\] ([^\s,]+)")
SCRIPT = re.compile(r"^(ok|not ok|skip)\b[ -]*(.*)$")
DISABLED = re.compile(r"YOU HAVE (\d+) DISABLED TEST")
RESULTS = "test-results.xml"


def count(output, status):
    """(number of passed cases, names of failed cases) of one CTest, from its output and ctest's verdict on it."""
    passed, failed, running = 0, [], None
    for line in output.splitlines():
        if found := GTEST.search(line):
            verdict, name = found[1].strip(), found[2]
            if verdict == "RUN":
                if running:
                    failed.append(f"{running} (did not end)")
                running = name
            elif name == running:  # the list of failures that GoogleTest repeats at its end is not counted again
                running = None
                if verdict == "OK":
                    passed += 1
                else:
                    failed.append(f"{name} ({verdict.lower()})")
        elif found := SCRIPT.match(line):
            if found[1] == "ok" and not re.search(r"#\s*skip", line, re.IGNORECASE):
                passed += 1
            else:
                failed.append(line)
        elif found := DISABLED.search(line):
            failed += ["a disabled test"] * int(found[1])
    if running:
        failed.append(f"{running} (did not end)")
    if status != "run" and not failed:
        failed.append(f"ended badly (ctest says: {status})")
    if passed == 0 and not failed:
        failed.append("reported no case")
    return passed, failed


def count_results(path):
    """The same for every CTest in a JUnit file that ctest wrote."""
    passed, failed = 0, []
    for test in ElementTree.parse(path).getroot().iter("testcase"):
        output = test.findtext("system-out") or ""
        status = test.get("status")
        if status == "fail" and (failure := test.find("failure")) is not None:
            status = failure.get("message") or status
        ok, bad = count(output, status)
        passed += ok
        failed += [f"{test.get('name')}: {name}" for name in bad]
    return passed, failed


class Progress:
    """Shows what ctest -V says as it says it: starts, ends, cases of scripts; and all of a test's output if it failed."""

    def __init__(self, label):
        self.label = label
        self.names = {}
        self.outputs = {}

    def line(self, line):
        if found := re.match(r"^\s+Start\s+(\d+): (\S+)", line):
            self.names[found[1]] = found[2]
            self.say(f"start {found[2]}")
        elif found := re.match(r"^(\d+): (.*)$", line):
            self.outputs.setdefault(found[1], []).append(found[2])
            if SCRIPT.match(found[2]):
                self.say(f"{self.names.get(found[1])}: {found[2]}")
        elif found := re.match(r"^\s*\d+/\d+ Test\s+#(\d+): (\S+) \.*\s*(.*)$", line):
            self.say(f"end   {found[2]}: {found[3]}")
            if not found[3].startswith("Passed"):
                for text in self.outputs.get(found[1], []):
                    self.say(f"  {found[2]}| {text}")
            self.outputs.pop(found[1], None)

    def say(self, text):
        print(f"[{self.label}] {text}", flush=True)


def run(build, arguments):
    """Runs ctest in one build directory. The tests get the signals as a terminal's programs get them, also if we do
    not: a shell's background job ignores SIGINT and SIGQUIT, and a program of `nohup` ignores SIGHUP."""
    for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(each) == signal.SIG_IGN:
            signal.signal(each, signal.SIG_DFL)
    results = os.path.abspath(os.path.join(build, RESULTS))
    if os.path.exists(results):
        os.remove(results)
    everything = str(1 << 30)
    command = ["ctest", "--test-dir", build, "-j2", "-V", "--no-tests=error", "--output-junit", results,
               "--test-output-size-passed", everything, "--test-output-size-failed", everything, *arguments]
    environment = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1", GTEST_COLOR="no")
    progress = Progress(os.path.basename(build))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True,
                          errors="replace") as ctest:
        for line in ctest.stdout:
            progress.line(line.rstrip("\n"))
    if not os.path.exists(results):
        return 0, [f"ctest in {build} ended with status {ctest.returncode} and without results"]
    return count_results(results)


def self_test():
    """That each way to fail is counted as one."""
    gtest = "[ RUN      ] A.B\n[       OK ] A.B (0 ms)\n"
    table = [
        ("a passing case", gtest, "run", 1, 0),
        ("output in front of a verdict", "[ RUN      ] A.B\nnoise[       OK ] A.B (0 ms)\n", "run", 1, 0),
        ("a failing case, listed again at the end",
         "[ RUN      ] A.B\n[  FAILED  ] A.B (0 ms)\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.B\n", "Failed", 0, 1),
        ("a failing case with a parameter",
         "[ RUN      ] A/B.C/0\n[  FAILED  ] A/B.C/0, where GetParam() = 3 (0 ms)\n", "Failed", 0, 1),
        ("a skipped case", gtest + "[ RUN      ] A.C\n[  SKIPPED ] A.C (0 ms)\n", "run", 1, 1),
        ("a disabled case", gtest + "  YOU HAVE 2 DISABLED TESTS\n", "run", 1, 2),
        ("a crash", gtest + "[ RUN      ] A.C\n", "SEGFAULT", 1, 1),
        ("a crash after the last case", gtest, "SEGFAULT", 1, 1),
        ("a timeout of a script", "ok - one\n", "Timeout", 1, 1),
        ("cases of a script", "text\nok - one\nnot ok - two\nok - three\n", "Failed", 2, 1),
        ("a failing case of a script that forgot its exit status", "not ok - one\n", "run", 0, 1),
        ("a skipped case of a script", "skip - one\nok - two # SKIP no peer\n", "run", 0, 2),
        ("no case at all", "Hello\n", "run", 0, 1),
        ("a program that is not there", "", "notrun", 0, 1),
    ]
    bad = 0
    for name, output, status, passed, failed in table:
        got = count(output, status)
        if (got[0], len(got[1])) == (passed, failed):
            print(f"ok - {name}")
        else:
            bad = 1
            print(f"not ok - {name}: counted {got}")
    with tempfile.TemporaryDirectory() as build:
        with open(f"{build}/CTestTestfile.cmake", "w") as file:
            file.write('add_test(good "/bin/echo" "ok - good")\nadd_test(bad "/bin/false")\nadd_test(gone "/nonexistent")\n')
        got = run(build, [])
        print(f"{'ok' if (got[0], len(got[1])) == (1, 2) else 'not ok'} - ctest's own verdicts arrive: {got[0]}, {len(got[1])}")
        bad |= (got[0], len(got[1])) != (1, 2)
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    passed, failed = 0, []
    for build in arguments[:split]:
        ok, bad = run(build, arguments[split + 1:])
        passed += ok
        failed += [f"[{os.path.basename(build)}] {name}" for name in bad]
    if failed:
        print("\nFailed:")
        for name in failed:
            print(f"  {name}")
    print(f"\n{passed} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
