#!/usr/bin/python3
"""The attacks of one client against a glasshd with a sanitizer in it, and the rim's unit tests with the same sanitizer.

    test/sanitized_attacks.py build/tsan        as ./dev attack tsan runs it; a build directory of the preset asan or tsan

Other programs and tools are those of build/release. Each report of the sanitizer, of any process, is shown and is a failure.
"""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ATTACKS = ["hostile_requests", "stuck_terminals", "stuck_outputs", "descriptors", "kept_bytes", "slow_calls", "one_client"]
RIM = ["test_channels", "test_server", "test_client"]
# ThreadSanitizer does not follow into a fork of a process with threads, and has an operator new of its own, in whose place the
# tests of faults would put one that fails.
FILTER = "--gtest_filter=-HiddenProcess.*:HostKeyFaults.*:SlowCallsTest.AProgramThatForks*"
TOOLS = {"GLASSH_KEY_TOOL": "key_tool", "GLASSH_CHANNEL_TOOL": "channel_tool", "GLASSH_FLOOD_TOOL": "flood_tool",
         "GLASSH_ATTACK_TOOL": "attack_tool", "GLASSH_SLOW_LIBRARY": "libslow_system.so"}


def linked_programs(directory, build):
    """glasshd of that build; all other programs as users get them."""
    os.mkdir(directory)
    for name in os.listdir(os.path.join(ROOT, "build/bin")):
        source = os.path.join(build, "bin", name) if name == "glasshd" else os.path.join(ROOT, "build/bin", name)
        os.symlink(source, os.path.join(directory, name))
    return directory


def main():
    build = os.path.abspath(sys.argv[1])
    failed = []
    with tempfile.TemporaryDirectory(prefix="glassh-sanitized-") as scratch:
        reports = os.path.join(scratch, "reports")
        os.mkdir(reports)
        options = f"log_path={reports}/report:verify_asan_link_order=0:quarantine_size_mb=16"
        environment = {
            **os.environ, "ASAN_OPTIONS": options, "UBSAN_OPTIONS": f"log_path={reports}/report:print_stacktrace=1",
            "TSAN_OPTIONS": f"log_path={reports}/report", "GLASSH_SANITIZED": "1", "GLASSH_UNTRACED": "1",
            "GLASSH_PROGRAMS": linked_programs(os.path.join(scratch, "bin"), build),
            **{name: os.path.join(ROOT, "build/release/test", tool) for name, tool in TOOLS.items()}}
        commands = [[os.path.join(build, "test", name), "--gtest_brief=1", FILTER] for name in RIM]
        commands += [[sys.executable, "-u", os.path.join(ROOT, f"conformance/attacks/{name}_test.py")] for name in ATTACKS]
        for command in commands:
            print("==", os.path.basename(command[-1] if command[-1].endswith(".py") else command[0]), flush=True)
            if subprocess.run(command, env=environment, check=False).returncode != 0:
                failed.append(os.path.basename(command[-1] if command[-1].endswith(".py") else command[0]))
        for name in sorted(os.listdir(reports)):
            with open(os.path.join(reports, name), encoding="utf-8", errors="replace") as report:
                print(report.read())
            failed.append(name)
    print(f"{len(failed)} of them failed, or reported something: {' '.join(failed)}" if failed else "no report, no failure")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
