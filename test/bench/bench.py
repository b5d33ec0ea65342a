#!/usr/bin/python3
"""Side by side with this machine's OpenSSH, in one run: bulk speed, logins per second, memory per idle connection, bulk
speed over a distance, and how long a key press takes.

    test/bench/bench.py [--programs build/bin] [--benches build/release/bench] [--mib 1024] [--rounds 5]
                        [--logins 600] [--idle 500] [--sshd-idle 100] [--distances 0,20,100,200] [--keys 1000]
                        [--only bulk,logins,memory,distance,keys]

What is compared takes turns (A B A B), and medians are printed: other work on the machine then hurts both alike. Nothing
is asserted about time; that a transfer or a login fails is an error. The probe (probe_main.cpp) is the machine's limit.
A distance is a proxy that holds back what passes (distance_main.cpp); at 200 ms OpenSSH takes two minutes for a GiB.
"""

import argparse
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

from peers import USER, Workspace, client_options, glassh, ssh, start_glasshd, start_sshd  # noqa: E402
from peers.servers import Server, children_of  # noqa: E402
from peers.workspace import end_process  # noqa: E402
from key_presses import bench_keys  # noqa: E402

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
PAIRS = ("ssh→sshd", "ssh→glasshd", "glassh→sshd", "glassh→glasshd")
GOALS = {"bulk": 2.0, "probe": 0.9, "logins": 10.0, "memory": 50.0, "distance": 10.0}


def arguments():
    parser = argparse.ArgumentParser(description="speed, logins, memory and latency, side by side with OpenSSH")
    parser.add_argument("--programs", default=str(ROOT / "build/bin"), help="where glasshd and glassh are")
    parser.add_argument("--benches", default=str(ROOT / "build/release/bench"), help="where probe and login_bench are")
    parser.add_argument("--mib", type=int, default=1024, help="MiB in one transfer")
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair has its turn")
    parser.add_argument("--logins", type=int, default=600, help="logins in one turn")
    parser.add_argument("--concurrent", type=int, default=16, help="logins at the same time")
    parser.add_argument("--idle", type=int, default=500, help="idle connections to glasshd")
    parser.add_argument("--sshd-idle", type=int, default=100, help="idle connections to sshd")
    parser.add_argument("--distances", default="0,20,100,200", help="round trips in milliseconds")
    parser.add_argument("--distance-rounds", type=int, default=1, help="how often each pair has its turn at a distance")
    parser.add_argument("--keys", type=int, default=1000, help="key presses in one turn")
    parser.add_argument("--only", default="bulk,logins,memory,distance,keys", help="which parts, separated by commas")
    return parser.parse_args()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{os.cpu_count()} × {names[0] if names else 'unknown processor'}"


def start_servers(workspace):
    """The same log level, host key and user key for both; neither turns a login away because there are many."""
    settings = ("MaxStartups 2000:100:2000",)
    return {"sshd": start_sshd(workspace, settings, host_kinds=("ed25519",), level="INFO"),
            "glasshd": start_glasshd(workspace, settings, host_kinds=("ed25519",), level="INFO")}


def medians(things, rounds, measure):
    """{thing: median of what measure(thing) returned}; the things take turns."""
    measured = {thing: [] for thing in things}
    for number in range(rounds):
        for thing in things:
            print(f"\r\033[K{number + 1}/{rounds}  {thing}" if sys.stderr.isatty() else "", end="", file=sys.stderr)
            measured[thing].append(measure(thing))
    print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr)
    return {thing: statistics.median(values) for thing, values in measured.items()}


# --- bulk -----------------------------------------------------------------------------------------------------------

class Bulk:
    def __init__(self, options, workspace, servers):
        self.mib, self.benches, self.workspace, self.servers = options.mib, options.benches, workspace, servers
        self.flags = {name: client_options(workspace, server) for name, server in servers.items()}
        self.zeros = workspace.file("zeros")
        with open(self.zeros, "wb") as file:  # sparse: read by the client itself, so that no other process takes part
            file.truncate(self.mib << 20)

    def transfer(self, pair, cipher, direction):
        """MiB/s of a whole run of the client, login included."""
        client, server = pair.split("→")
        command = "cat > /dev/null" if direction == "up" else f"head -c {self.mib << 20} /dev/zero"
        words = {"ssh": ssh, "glassh": glassh}[client](*self.flags[server], "-q", "-c", cipher, "127.0.0.1", command)
        with open(self.zeros if direction == "up" else os.devnull, "rb") as source:
            start = time.monotonic()
            process = self.workspace.start(words, stdin=source, stdout=subprocess.DEVNULL)
            status = process.wait(timeout=600)
            seconds = time.monotonic() - start
        if status != 0:
            raise SystemExit(f"{pair} {cipher} {direction}: ended with status {status}\n"
                             f"{self.servers[server].log_tail()}")
        return self.mib / seconds

    def probe(self, cipher):
        return float(subprocess.run([f"{self.benches}/probe", cipher, str(self.mib)], check=True, timeout=600,
                                    stdout=subprocess.PIPE).stdout)

    def measure(self, what, cipher, direction):
        return self.probe(cipher) if what == "probe" else self.transfer(what, cipher, direction)


def bench_bulk(options, workspace, servers):
    print(f"\nBulk: {options.mib} MiB through one session, MiB/s, median of {options.rounds} "
          f"(goals: {GOALS['bulk']:g} × ssh→sshd, {GOALS['probe']:g} of the probe)")
    print(f"{'cipher':<20}{'':<6}{'probe':>8}" + "".join(f"{pair:>16}" for pair in PAIRS) + f"{'of probe':>10}")
    bulk = Bulk(options, workspace, servers)
    for cipher in CIPHERS:
        for direction in ("up", "down"):
            speed = medians(("probe", *PAIRS), options.rounds, lambda what: bulk.measure(what, cipher, direction))
            base = speed["ssh→sshd"]
            cells = "".join(f"{speed[pair]:>9.0f} {speed[pair] / base:>5.2f}×" for pair in PAIRS)
            print(f"{cipher.split('@')[0]:<20}{direction:<6}{speed['probe']:>8.0f}{cells}"
                  f"{speed['glassh→glasshd'] / speed['probe']:>10.2f}")


# --- logins ---------------------------------------------------------------------------------------------------------

def bench_logins(options, workspace, servers):
    key = workspace.key("user-ed25519")
    print(f"\nLogins per second by one thread of clients, {options.concurrent} at a time, {options.logins} a turn, "
          f"median of {options.rounds} (goal: {GOALS['logins']:g} ×)")
    print(f"{'':<26}{'sshd':>10}{'glasshd':>10}{'ratio':>9}")
    for title, command in (("login", []), ("login and exec true", ["true"])):
        def rate(server, command=tuple(command)):
            words = [f"{options.benches}/login_bench", "logins", str(servers[server].port), USER, key,
                     str(options.logins), str(options.concurrent), *command]
            return float(subprocess.run(words, check=True, timeout=600, stdout=subprocess.PIPE).stdout)
        rates = medians(("sshd", "glasshd"), options.rounds, rate)
        print(f"{title:<26}{rates['sshd']:>10.0f}{rates['glasshd']:>10.0f}{rates['glasshd'] / rates['sshd']:>8.1f}×")


# --- memory ---------------------------------------------------------------------------------------------------------

def family(pid):
    """A process and all that it and its children started."""
    return [pid] + [member for child in children_of(pid) for member in family(child)]


def memory_of(pid):
    """KiB of a process tree: proportional set size, and what no other process shares."""
    pss = private = 0
    for member in family(pid):
        with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
            values = {words[0]: int(words[1]) for words in map(str.split, file) if words[-1] == "kB"}
        pss += values["Pss:"]
        private += values["Private_Clean:"] + values["Private_Dirty:"]
    return pss, private


def idle_cost(options, workspace, server, count):
    """KiB (pss, private) for each of so many idle connections that have logged in."""
    words = [f"{options.benches}/login_bench", "idle", str(server.port), USER, workspace.key("user-ed25519")]
    # What the server needs once, whoever comes (libraries' tables, its pools), is not a connection's.
    subprocess.run([words[0], "logins", *words[2:], "64", "8"], check=True, timeout=600, stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    before = memory_of(server.process.pid)
    clients = workspace.start([*words, str(count), "8"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if clients.stdout.readline() != b"ready\n":
        raise SystemExit(f"the idle connections did not log in\n{server.log_tail()}")
    time.sleep(0.5)  # for what a login leaves to do
    after = memory_of(server.process.pid)
    clients.stdin.close()
    clients.wait(timeout=60)
    end_process(clients)
    return [(late - early) / count for early, late in zip(before, after)]


def bench_memory(options, workspace, servers):
    counts = {"sshd": options.sshd_idle, "glasshd": options.idle}
    cost = {name: idle_cost(options, workspace, servers[name], counts[name]) for name in counts}
    print(f"\nMemory of the server per idle connection after login, KiB, {options.sshd_idle} connections to sshd and "
          f"{options.idle} to glasshd (goal: 1/{GOALS['memory']:g})")
    print(f"{'':<26}{'sshd':>10}{'glasshd':>10}{'ratio':>9}")
    for number, title in enumerate(("proportional (Pss)", "private")):
        theirs, ours = cost["sshd"][number], cost["glasshd"][number]
        print(f"{title:<26}{theirs:>10.1f}{ours:>10.1f}{f'1/{theirs / ours:.0f}' if ours > 0 else '-':>9}")


# --- distance -------------------------------------------------------------------------------------------------------

def server_at_a_distance(options, workspace, server, milliseconds):
    """(The server as it looks from afar, the proxy.)"""
    proxy = workspace.start([f"{options.benches}/distance", str(server.port), str(milliseconds)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return Server(workspace, server.process, server.log_path, int(proxy.stdout.readline())), proxy


def bench_distance(options, workspace, servers):
    cipher = CIPHERS[0]
    print(f"\nDistance: {options.mib} MiB through one session with {cipher.split('@')[0]}, login included, MiB/s, "
          f"median of {options.distance_rounds} (goal at 100 ms: {GOALS['distance']:g} × ssh→sshd)")
    print(f"{'round trip':<14}{'':<6}" + "".join(f"{pair:>17}" for pair in PAIRS))
    for milliseconds in map(float, options.distances.split(",")):
        far = {name: server_at_a_distance(options, workspace, server, milliseconds)
               for name, server in servers.items()}
        bulk = Bulk(options, workspace, {name: server for name, (server, _) in far.items()})
        for direction in ("up", "down"):
            speed = medians(PAIRS, options.distance_rounds, lambda pair: bulk.transfer(pair, cipher, direction))
            base = speed["ssh→sshd"]
            print(f"{f'{milliseconds:g} ms':<14}{direction:<6}" +
                  "".join(f"{speed[pair]:>9.1f} {speed[pair] / base:>6.2f}×" for pair in PAIRS))
            sys.stdout.flush()
        for _, proxy in far.values():
            proxy.stdin.close()
            proxy.wait(timeout=10)


def main():
    options = arguments()
    os.environ["GLASSH_PROGRAMS"] = options.programs
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Workspace() as workspace:
        version = subprocess.run(ssh("-V"), stderr=subprocess.PIPE, check=True).stderr.decode().strip()
        print(f"{processor()}; {version}")
        servers = start_servers(workspace)
        parts = {"bulk": bench_bulk, "logins": bench_logins, "memory": bench_memory, "distance": bench_distance,
                 "keys": bench_keys}
        for name, part in parts.items():
            if name in options.only.split(","):
                part(options, workspace, servers)
                sys.stdout.flush()


if __name__ == "__main__":
    main()
