#!/usr/bin/python3
"""Side by side with this machine's OpenSSH, in one run: bulk speed, logins per second, memory per idle connection, bulk
speed over a distance, and how long a key press takes.

    test/bench/bench.py [--programs build/bin] [--benches build/release/bench] [--mib 1024] [--rounds 5]
                        [--logins 600] [--idle 500] [--sshd-idle 100] [--distances 0,20,100,200] [--keys 1000]
                        [--only bulk,logins,memory,distance,keys]

What is compared takes turns (A B, B A, A B, …): other work on the machine then hurts both alike. Printed are medians, and
of a ratio the geometric mean over the pairs of turns with its 95 % interval. Nothing is asserted about time; that a
transfer or a login fails is an error. The probe (probe_main.cpp) is the machine's limit: the same way for the data, from
file to TCP to pipe to `cat`, without SSH, once with the cipher and once plain. Which process runs on which of few
processors makes more than a factor of two, so the probe's two sides have one each; "placed" are ours, placed like it.
A distance is a proxy that holds back what passes (distance_main.cpp); at 200 ms OpenSSH takes two minutes for a GiB.
"""

import argparse
import os
import pathlib
import pwd
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
from turns import ratio_text, turns  # noqa: E402

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
PAIRS = ("ssh→sshd", "ssh→glasshd", "glassh→sshd", "glassh→glasshd")
PLAIN = "probe, plain"
PROBES = (PLAIN, "probe")
PLACED = "…, placed"  # the last of PAIRS, each side on its processor as the probe's
# A command is run by the user's shell. Debian's bash reads ~/.bashrc under an SSH server unless it is the second shell;
# others of these read nothing for a command.
NO_START_UP_FILES = "SetEnv SHLVL=1"
SERVER_SETTINGS = ("MaxStartups 2000:100:2000", NO_START_UP_FILES)
QUIET_SHELLS = ("bash", "dash", "ksh", "mksh", "sh")
GOALS = {"bulk": 2.0, "probe": 0.95, "logins": 10.0, "memory": 50.0, "distance": 10.0}


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


def on_processor(number):
    """The start of a command that stays on one processor, and so do its children."""
    return ("taskset", "-c", str(number % os.cpu_count()))


def start_servers(workspace):
    """The same log level, host key and user key for both; neither turns a login away because there are many."""
    return {"sshd": start_sshd(workspace, SERVER_SETTINGS, host_kinds=("ed25519",), level="INFO"),
            "glasshd": start_glasshd(workspace, SERVER_SETTINGS, host_kinds=("ed25519",), level="INFO")}


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
        client, server = ("glassh", PLACED) if pair == PLACED else pair.split("→")
        placing = on_processor(1) if pair == PLACED else ()
        command = "cat > /dev/null" if direction == "up" else f"head -c {self.mib << 20} /dev/zero"
        words = {"ssh": ssh, "glassh": glassh}[client](*self.flags[server], "-q", "-c", cipher, "127.0.0.1", command)
        with open(self.zeros if direction == "up" else os.devnull, "rb") as source:
            start = time.monotonic()
            process = self.workspace.start([*placing, *words], stdin=source, stdout=subprocess.DEVNULL)
            status = process.wait(timeout=600)
            seconds = time.monotonic() - start
        if status != 0:
            raise SystemExit(f"{pair} {cipher} {direction}: ended with status {status}\n"
                             f"{self.servers[server].log_tail()}")
        return self.mib / seconds

    def probe(self, cipher, direction):
        words = [f"{self.benches}/probe", direction, cipher, str(self.mib), self.zeros if direction == "up" else os.devnull]
        return float(subprocess.run(words, check=True, timeout=600, stdout=subprocess.PIPE).stdout)

    def measure(self, what, cipher, direction):
        if what in PROBES:
            return self.probe("plain" if what == PLAIN else cipher, direction)
        return self.transfer(what, cipher, direction)


def print_speeds(title, speeds):
    """A row for each thing that took turns: its median, and its ratios to ssh→sshd and to the probe."""
    for what, values in speeds.items():
        ratios = [ratio_text(values, speeds[base]) if base in speeds and what not in PROBES and what != base else ""
                  for base in (PAIRS[0], PROBES[1])]
        print(f"{title:<24}{what:<18}{statistics.median(values):>9.1f}   {ratios[0]:<22}{ratios[1]}".rstrip(), flush=True)
        title = ""


def bench_bulk(options, workspace, servers):
    print(f"\nBulk: {options.mib} MiB through one session, login included, MiB/s, {options.rounds} turns (goals for "
          f"glassh→glasshd: {GOALS['bulk']:g} × ssh→sshd, {GOALS['probe']:g} of the probe with the cipher)")
    print(f"{'':<42}{'MiB/s':>9}   {'of ssh→sshd':<22}of the probe")
    placed = start_glasshd(workspace, SERVER_SETTINGS, host_kinds=("ed25519",), level="INFO", under=on_processor(0))
    bulk = Bulk(options, workspace, {**servers, PLACED: placed})
    for cipher in CIPHERS:
        for direction in ("up", "down"):
            print_speeds(f"{cipher.split('@')[0]} {direction}",
                         turns((*PROBES, *PAIRS, PLACED), options.rounds, lambda what: bulk.measure(what, cipher, direction)))


# --- logins ---------------------------------------------------------------------------------------------------------

def bench_logins(options, workspace, servers):
    key = workspace.key("user-ed25519")
    shell = pwd.getpwuid(os.getuid()).pw_shell
    print(f"\nLogins per second by one thread of clients, {options.concurrent} at a time, {options.logins} a turn, "
          f"{options.rounds} turns (goal: {GOALS['logins']:g} ×)")
    print(f"{'':<32}{'sshd':>10}{'glasshd':>10}   ratio")
    of_shell = "no start-up files" if os.path.basename(shell) in QUIET_SHELLS else "WITH ITS START-UP FILES"
    for title, command in (("login", []), (f"and `{os.path.basename(shell)} -c true`", ["true"])):
        def rate(server, command=tuple(command)):
            words = [f"{options.benches}/login_bench", "logins", str(servers[server].port), USER, key,
                     str(options.logins), str(options.concurrent), *command]
            return float(subprocess.run(words, check=True, timeout=600, stdout=subprocess.PIPE).stdout)
        rates = turns(("sshd", "glasshd"), options.rounds, rate)
        print(f"{title:<32}" + "".join(f"{statistics.median(rates[server]):>10.0f}" for server in ("sshd", "glasshd")) +
              f"   {ratio_text(rates['glasshd'], rates['sshd'])}" + (f", {of_shell}" if command else ""), flush=True)


# --- memory ---------------------------------------------------------------------------------------------------------

def family(pid):
    """A process and all that it and its children started."""
    return [pid] + [member for child in children_of(pid) for member in family(child)]


def memory_of(pid):
    """KiB of a process tree: its part of anonymous memory (Pss), and what it alone has written. Pages of programs and libraries
    are left out: how many of them count as its own changes with each other process that starts or ends."""
    pss = private = 0
    for member in family(pid):
        with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
            values = {words[0]: int(words[1]) for words in map(str.split, file) if words[-1] == "kB"}
        pss += values["Pss_Anon:"]
        private += values["Private_Dirty:"]
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


def bench_memory(options, workspace, _):
    """With servers of its own: one that has done something else gives memory back meanwhile."""
    servers = start_servers(workspace)
    counts = {"sshd": options.sshd_idle, "glasshd": options.idle}
    cost = {name: idle_cost(options, workspace, servers[name], counts[name]) for name in counts}
    print(f"\nMemory of the server per idle connection after login, KiB, {options.sshd_idle} connections to sshd and "
          f"{options.idle} to glasshd (goal: 1/{GOALS['memory']:g})")
    print(f"{'':<26}{'sshd':>10}{'glasshd':>10}{'ratio':>9}")
    for number, title in enumerate(("anonymous (Pss_Anon)", "written (Private_Dirty)")):
        theirs, ours = cost["sshd"][number], cost["glasshd"][number]
        print(f"{title:<26}{theirs:>10.1f}{ours:>10.1f}{f'1/{theirs / ours:.0f}' if ours > 0 else '-':>9}")
    for server in servers.values():
        server.stop()


# --- distance -------------------------------------------------------------------------------------------------------

def server_at_a_distance(options, workspace, server, milliseconds):
    """(The server as it looks from afar, the proxy.)"""
    proxy = workspace.start([f"{options.benches}/distance", str(server.port), str(milliseconds)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return Server(workspace, server.process, server.log_path, int(proxy.stdout.readline())), proxy


def bench_distance(options, workspace, servers):
    cipher = CIPHERS[0]
    print(f"\nDistance: {options.mib} MiB through one session with {cipher.split('@')[0]}, login included, MiB/s, "
          f"{options.distance_rounds} turns (goals: ssh→glasshd not below ssh→sshd, glassh→glasshd at 100 ms "
          f"{GOALS['distance']:g} × it)")
    print(f"{'':<42}{'MiB/s':>9}   of ssh→sshd")
    for milliseconds in map(float, options.distances.split(",")):
        far = {name: server_at_a_distance(options, workspace, server, milliseconds)
               for name, server in servers.items()}
        bulk = Bulk(options, workspace, {name: server for name, (server, _) in far.items()})
        for direction in ("up", "down"):
            print_speeds(f"{milliseconds:g} ms {direction}",
                         turns(PAIRS, options.distance_rounds, lambda pair: bulk.transfer(pair, cipher, direction)))
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
