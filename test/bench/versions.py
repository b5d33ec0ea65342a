#!/usr/bin/python3
"""Two builds of our programs side by side, in one run: was a change paid for?

    test/bench/versions.py --before DIR [--after build/bin] [--benches build/release/bench] [--pairs 20] [--mib 512]
                           [--logins 400] [--keys 200] [--only bulk,logins,program,keys,calls]

The builds take turns (A B, B A, A B, …), and each pair of turns gives one ratio, after / before. What is printed is the
geometric mean of these ratios with its 95 % interval: below 1 the later build is quicker; an interval that contains 1
shows no difference. `calls` counts system calls of one transfer with strace(1), which no other work on the machine
changes. Nothing is asserted about time; that a transfer or a login fails is an error.
"""

import argparse
import contextlib
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "conformance"))

from peers import USER, Workspace, client_options, find_program, glassh, start_glasshd  # noqa: E402
from bench import NO_START_UP_FILES  # noqa: E402
from key_presses import LOADS, Pair, percentile  # noqa: E402
from turns import interval, turns  # noqa: E402

CIPHERS = ("aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com")


def arguments():
    parser = argparse.ArgumentParser(description="two builds of glassh and glasshd side by side")
    parser.add_argument("--before", required=True, help="the directory of the earlier programs")
    parser.add_argument("--after", default=str(ROOT / "build/bin"), help="the directory of the later programs")
    parser.add_argument("--benches", default=str(ROOT / "build/release/bench"), help="where login_bench is")
    parser.add_argument("--pairs", type=int, default=20, help="how often each build has its turn")
    parser.add_argument("--mib", type=int, default=512, help="MiB in one transfer")
    parser.add_argument("--logins", type=int, default=400, help="logins in one turn")
    parser.add_argument("--keys", type=int, default=200, help="key presses in one turn")
    parser.add_argument("--only", default="bulk,logins,program,keys,calls", help="which parts, separated by commas")
    return parser.parse_args()


@contextlib.contextmanager
def programs_of(directory):
    """While this lasts, glassh and glasshd are those of the directory."""
    earlier = os.environ.get("GLASSH_PROGRAMS")
    os.environ["GLASSH_PROGRAMS"] = directory
    yield
    os.environ["GLASSH_PROGRAMS"] = earlier or ""


class Build:
    """The programs of one directory, and a server of theirs that runs."""

    def __init__(self, directory, workspace):
        self.directory, self.workspace = directory, workspace
        with programs_of(directory):
            self.server = start_glasshd(workspace, ("MaxStartups 2000:100:2000", NO_START_UP_FILES),
                                        host_kinds=("ed25519",), level="INFO")
        self.flags = client_options(workspace, self.server)

    def __str__(self):
        return self.directory

    def client(self, *words):
        with programs_of(self.directory):
            return glassh(*self.flags, "-q", *words)


def compare(title, builds, pairs, measure):
    """`measure(build)` returns what is better when it is less."""
    values = turns(builds, pairs, measure)
    report(title, *(values[build] for build in builds))


def report(title, before, after):
    mean, lower, upper = interval([late / early for early, late in zip(before, after)])
    verdict = "" if lower <= 1 <= upper else "  quicker" if upper < 1 else "  SLOWER"
    print(f"{title:<44}{statistics.median(before):>12.6g}{statistics.median(after):>12.6g}"
          f"{mean:>8.3f}  [{lower:.3f}, {upper:.3f}]{verdict}", flush=True)


def heading(title, pairs):
    print(f"\n{title}, {pairs} pairs\n{'':<44}{'before':>12}{'after':>12}{'ratio':>8}  95 % interval", flush=True)


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def transfer(build, cipher, direction, mib, zeros):
    """Seconds of a whole run of the client, login included."""
    command = "cat > /dev/null" if direction == "up" else f"head -c {mib << 20} /dev/zero"
    with open(zeros if direction == "up" else os.devnull, "rb") as source:
        start = time.monotonic()
        process = build.workspace.start(build.client("-c", cipher, "127.0.0.1", command), stdin=source,
                                        stdout=subprocess.DEVNULL)
        status = process.wait(timeout=600)
        seconds = time.monotonic() - start
    if status != 0:
        raise SystemExit(f"a transfer {direction} ended with status {status}\n{build.server.log_tail()}")
    return seconds


def zeros_file(workspace, mib):
    path = workspace.file("zeros")
    with open(path, "wb") as file:
        file.truncate(mib << 20)
    return path


def bench_bulk(options, workspace, builds):
    heading(f"Seconds for {options.mib} MiB through one session", options.pairs)
    zeros = zeros_file(workspace, options.mib)
    for cipher in CIPHERS:
        for direction in ("up", "down"):
            compare(f"{cipher.split('@')[0]} {direction}", builds, options.pairs,
                    lambda build: transfer(build, cipher, direction, options.mib, zeros))


def bench_logins(options, workspace, builds):
    heading(f"Seconds for {options.logins} logins, 16 at a time, by the same clients", options.pairs)
    # A command is a shell of the user's, which reads no start-up files, but takes longer than its login.
    for title, command, count in (("login", [], options.logins), ("login and exec true, half", ["true"], options.logins // 2)):
        def seconds(build, command=tuple(command), count=count):
            words = [f"{options.benches}/login_bench", "logins", str(build.server.port), USER,
                     workspace.key("user-ed25519"), str(count), "16", *command]
            start = time.monotonic()
            subprocess.run(words, check=True, timeout=600, stdout=subprocess.DEVNULL)
            return time.monotonic() - start
        compare(title, builds, options.pairs, seconds)

    def server_cpu(build):
        before = cpu_of(build.server.process.pid)
        subprocess.run([f"{options.benches}/login_bench", "logins", str(build.server.port), USER,
                        workspace.key("user-ed25519"), str(options.logins), "16"], check=True, timeout=600,
                       stdout=subprocess.DEVNULL)
        return cpu_of(build.server.process.pid) - before
    compare("the server's CPU for them", builds, options.pairs, server_cpu)


def bench_program(options, workspace, builds):
    del workspace
    heading("Seconds for 20 runs of `glassh host true`, one after the other", options.pairs)

    def seconds(build):
        start = time.monotonic()
        for _ in range(20):
            subprocess.run(build.client("127.0.0.1", "true"), check=True, timeout=60, stdin=subprocess.DEVNULL)
        return time.monotonic() - start
    compare("login, command, end", builds, options.pairs, seconds)


def bench_keys(options, workspace, builds):
    heading(f"Seconds until the echo of a key press, median and p99 of {options.keys}", options.pairs)
    pairs = {}
    for build in builds:
        with programs_of(build.directory):
            pairs[build] = Pair("ours", workspace, build.server)
    for load in LOADS:
        times = turns(builds, options.pairs, lambda build: pairs[build].turn(load, options.keys))
        before, after = (times[build] for build in builds)
        report(f"{load} median", [statistics.median(turn) for turn in before], [statistics.median(turn) for turn in after])
        report(f"{load} p99", [percentile(turn, 0.99) for turn in before], [percentile(turn, 0.99) for turn in after])
    for pair in pairs.values():
        pair.close()


def calls_of(build, words, workspace):
    report = workspace.fresh("strace")
    with open(os.devnull, "rb") as nothing:
        subprocess.run([find_program("strace"), "-f", "-c", "-U", "calls,name", "-o", report, *words], check=True,
                       stdin=nothing, stdout=subprocess.DEVNULL, timeout=600)
    with open(report, encoding="utf-8") as file:
        last = [line.split() for line in file if line.strip().endswith("total")]
    return int(last[0][0])


def bench_calls(options, workspace, builds):
    print(f"\nSystem calls of glassh, in one run under strace\n{'':<44}{'before':>12}{'after':>12}")
    runs = (("login, `true`", ["127.0.0.1", "true"]),
            (f"{options.mib} MiB down, a MiB", ["127.0.0.1", f"head -c {options.mib << 20} /dev/zero"]))
    for title, words in runs:
        counts = [calls_of(build, build.client("-c", CIPHERS[0], *words), workspace) for build in builds]
        if "MiB" in title:
            counts = [round(count / options.mib, 1) for count in counts]
        print(f"{title:<44}{counts[0]:>12}{counts[1]:>12}", flush=True)


def main():
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Workspace() as workspace:
        builds = [Build(directory, workspace) for directory in (options.before, options.after)]
        parts = {"bulk": bench_bulk, "logins": bench_logins, "program": bench_program, "keys": bench_keys,
                 "calls": bench_calls}
        for name, part in parts.items():
            if name in options.only.split(","):
                part(options, workspace, builds)


if __name__ == "__main__":
    main()
