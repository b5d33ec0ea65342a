"""What a key press costs: the system calls of glassh and glasshd, counted with strace(1), which no other work changes.

A key travels through four pieces: glassh reads the terminal and writes the socket, glasshd reads the socket and writes the
pseudo-terminal, and its echo comes back the same way. So each program waits twice, reads twice and writes twice.
"""

import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, find_program, glassh, start_glasshd
from peers.servers import UNTRACED
from peers.terminal import Terminal

KEYS = 40
STRAY = KEYS // 4  # what else may happen meanwhile, all together
CALL = re.compile(r"^(\d+) +(\w+)\((?:.* = (-?\d+)( EAGAIN)?)?")


class Record:
    """What strace writes of one program, whose process stays our child (-DDD)."""

    def __init__(self, workspace, name):
        self.path = workspace.fresh(f"{name}.strace")
        self.words = [find_program("strace"), "-DDD", "-f", "-q", "-o", self.path, "-e",
                      "trace=read,write,writev,readv,recvfrom,sendto,poll,ppoll,epoll_wait,epoll_pwait,timerfd_settime"]
        self._begin = 0

    def begin(self):
        self._begin = os.path.getsize(self.path)

    def calls(self, pid):
        """[(name, found nothing)] of this process, without what it has started, since begin()."""
        threads = os.listdir(f"/proc/{pid}/task")
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self._begin)
            found = [CALL.match(line) for line in file]
        return [(call[2], call[4] is not None) for call in found if call and call[1] in threads]


def count(calls, *names):
    return sum(name in names for name, _ in calls)


def expect_cheap(calls, who):
    waits = count(calls, "epoll_wait", "epoll_pwait", "poll", "ppoll")
    reads = count(calls, "read", "readv", "recvfrom")
    nothing = sum(found_nothing for _, found_nothing in calls)
    timers = count(calls, "timerfd_settime")
    told = f"{who}, {KEYS} keys: {waits} waits, {reads} reads, {nothing} calls that found nothing, {timers} timers set"
    expect(2 * KEYS <= reads <= 2 * KEYS + STRAY, told)
    expect(waits <= 2 * KEYS + STRAY, told)
    expect(nothing <= STRAY, told)
    expect(timers <= STRAY, told)


def press(terminal):
    terminal.answer("", "k", end="")
    terminal.see("k")


def key_presses(cases, workspace):
    of_server, of_client = Record(workspace, "glasshd"), Record(workspace, "glassh")
    server = start_glasshd(workspace, ("ClientAliveInterval 600",), under=of_server.words)
    flags = [flag for flag in client_options(workspace, server) if flag != "-T"]
    words = glassh(*flags, "-q", "-tt", "-oServerAliveInterval=600", "127.0.0.1", "stty raw -echo; echo ready; exec cat")
    with Terminal([*of_client.words, *words], env=UNTRACED) as terminal:
        terminal.see("ready")
        press(terminal)
        for record in (of_server, of_client):
            record.begin()
        for _ in range(KEYS):
            press(terminal)
        for who, record, pid in (("glassh", of_client, terminal.pid), ("glasshd", of_server, server.process.pid)):
            with cases.case(f"{who}: a key press is one read, one write and one wait on each of its ways"):
                expect_cheap(record.calls(pid), who)
    server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        key_presses(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
