"""Attacks of one logged-in client, and the others that must not notice: sessions at work and new logins.

    with attacking(workspace, server, "channels", 4090):
        victims.work()
"""

import contextlib
import os
import socket
import subprocess
import time

from peers.cases import PATIENCE, expect, expect_equal, wait_until
from peers.clients import client_options, ssh
from peers.workspace import USER

ATTACK_TOOL = os.environ.get("GLASSH_ATTACK_TOOL", "")


def start_attack(workspace, server, *words, wait=True):
    """attack_tool with the key that may log in. It holds what it has until end_attack()."""
    arguments = [ATTACK_TOOL, str(server.port), USER, workspace.key("user-ed25519"), *map(str, words)]
    tool = workspace.start(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if wait:
        line = tool.stdout.readline()
        expect_equal(line, b"ready\n", f"attack_tool {' '.join(map(str, words))}", server.log_tail)
    return tool


def end_attack(tool):
    tool.stdin.close()
    tool.wait(PATIENCE)
    tool.stdout.close()


@contextlib.contextmanager
def attacking(workspace, server, *words):
    tool = start_attack(workspace, server, *words)
    try:
        yield tool
    finally:
        end_attack(tool)


class SilentListener:
    """Its connections wait in the kernel's queue, unread, until accept_all()."""

    def __init__(self, workspace, family=socket.AF_UNIX):
        self._listener = socket.socket(family)
        self.path = workspace.fresh("silent")
        self._listener.bind(self.path if family == socket.AF_UNIX else ("127.0.0.1", 0))
        self._listener.listen(4096)
        self._listener.setblocking(False)
        workspace.at_end(self._listener.close)

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def accept_all(self):
        accepted = []
        with contextlib.suppress(BlockingIOError):
            while True:
                accepted.append(self._listener.accept()[0])
        return accepted

    def hang_up_all(self):
        for each in self.accept_all():
            each.close()


class Victims:
    """One session that echoes, begun before the attack; and logins that come during it. Each notes how long it waited."""

    def __init__(self, workspace, server):
        self.workspace, self.server = workspace, server
        self.longest_echo = self.longest_login = 0.0
        self._session = workspace.start(ssh(*client_options(workspace, server), "127.0.0.1", "cat"),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.echo()

    def echo(self):
        begun = time.monotonic()
        self._session.stdin.write(b"is anybody there?\n")
        self._session.stdin.flush()
        expect_equal(self._session.stdout.readline(), b"is anybody there?\n", self.server.log_tail)
        self.longest_echo = max(self.longest_echo, time.monotonic() - begun)

    def log_in(self, *flags):
        begun = time.monotonic()
        options = client_options(self.workspace, self.server)
        done = self.workspace.run(ssh(*options, *flags, "127.0.0.1", "echo in"), timeout=PATIENCE)
        expect_equal(done.out, b"in\n", done, self.server.log_tail)
        self.longest_login = max(self.longest_login, time.monotonic() - begun)

    def work(self, rounds=3):
        for _ in range(rounds):
            self.echo()
            self.log_in()

    def end(self):
        self._session.stdin.close()
        expect_equal(self._session.wait(PATIENCE), 0)
        self._session.stdout.close()

    def waited(self):
        return f"longest echo {self.longest_echo * 1000:.0f} ms, longest login {self.longest_login * 1000:.0f} ms"


def given_back(server, before, descriptors=None):
    """All counters are back where they were, and, if wanted, the process's descriptors."""
    def same():
        now = server.holdings()
        fewer = descriptors is None or server.descriptors() <= descriptors
        return fewer and all(now[name] <= before[name] for name in before if name != "dropped lines")
    wait_until(same, f"all is given back: {before}", lambda: str(server.holdings()), server.log_tail)


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def expect_no_growth(server, attack_once, repeats=10, allowed_kib=4096):
    """The first two repeats make tables and pools as large as they get; the others must not add to it."""
    for _ in range(2):
        attack_once()
    settled = resident_kib(server.process.pid)
    for _ in range(repeats - 2):
        attack_once()
    grown = resident_kib(server.process.pid) - settled
    print(f"# {repeats} repeats: resident memory grew by {grown} KiB", flush=True)
    if os.environ.get("GLASSH_SANITIZED"):
        return  # a sanitizer keeps what was freed
    expect(grown < allowed_kib, f"resident memory grew by {grown} KiB")
