"""Key presses: what they cost, and what their times tell a listener.

The system calls of glassh and glasshd are counted with strace(1), which no other work changes.

A key travels through four pieces: glassh reads the terminal and writes the socket, glasshd reads the socket and writes the
pseudo-terminal, and its echo comes back the same way. So each program waits twice, reads twice and writes twice.
"""

import math
import os
import re
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd,
                   wait_until)
from peers.capture import CLIENT, SERVER, CapturingRelay
from peers.channel_client import CHANNEL_DATA, ChannelClient, SessionByHand, split
from peers.logins import start_with_passwords
from peers.openssh_versions import openssh_has
from peers.raw_client import string
from peers.servers import UNTRACED
from peers.terminal import Terminal

PING, PONG = 192, 193
KEYS = 40
STRAY = KEYS // 4  # what else may happen meanwhile, all together
CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)\) += (-?\d+)( EAGAIN)?")  # when it has ended
PIECES = re.compile(r"iov_len=(\d+)|, (\d+)$")  # of a writev, of a write


class Record:
    """A file in which strace records one program. The program's process stays our child (-DDD)."""

    def __init__(self, workspace, name):
        self.path = workspace.fresh(f"{name}.strace")
        self.words = [find_program("strace"), "-DDD", "-f", "-q", "-o", self.path, "-e",
                      "trace=read,write,writev,readv,recvfrom,sendto,poll,ppoll,epoll_wait,epoll_pwait,timerfd_settime"]
        self._begin = 0

    def begin(self):
        self._begin = os.path.getsize(self.path)

    def calls(self, pid=None):
        """Since begin(): of this process, without what it has started."""
        threads = os.listdir(f"/proc/{pid}/task") if pid else None
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self._begin)
            found = [CALL.match(line) for line in file]
        return Calls([(call[2], call[3], int(call[4]), call[5] is not None) for call in found
                      if call and (not pid or call[1] in threads)])


class Calls:
    def __init__(self, calls):
        """[(name, arguments, result, found nothing)]"""
        def count(*names):
            return sum(name in names for name, *_ in calls)
        self.waits = count("epoll_wait", "epoll_pwait", "poll", "ppoll")
        self.reads = count("read", "readv", "recvfrom")
        self.writes = count("write", "writev", "sendto")
        self.timers = count("timerfd_settime")
        self.nothing = sum(found_nothing for *_, found_nothing in calls)
        self.rounds = sum(name.startswith("epoll_") and arguments.endswith(", 0") for name, arguments, *_ in calls)
        self.short = sum(name in ("write", "writev") and result < asked(name, arguments) for name, arguments, result, _ in calls)

    def __str__(self):
        return (f"{self.waits} waits ({self.rounds} that did not wait), {self.reads} reads, {self.writes} writes, "
                f"{self.short} of them not whole, {self.nothing} calls that found nothing, {self.timers} timers set")


def asked(name, arguments):
    """How many bytes a write was given; any number if its line in the record was cut in two."""
    lengths = [int(of_one or of_all) for of_one, of_all in PIECES.findall(arguments)]
    if not lengths:
        return math.inf
    return sum(lengths[:-1]) if name == "writev" else lengths[-1]


def expect_cheap(calls, who):
    told = f"{who}, {KEYS} keys: {calls}"
    expect(2 * KEYS <= calls.reads <= 2 * KEYS + STRAY, told)
    expect(2 * KEYS <= calls.writes <= 2 * KEYS + STRAY, told)
    expect(calls.waits <= 2 * KEYS + STRAY, told)
    expect(calls.nothing <= STRAY, told)
    expect(calls.timers <= STRAY, told)


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
        for who, record, pid in (("glassh", of_client, terminal.client_pid), ("glasshd", of_server, server.process.pid)):
            with cases.case(f"{who}: a key press is one read, one write and one wait on each of its ways"):
                expect_cheap(record.calls(pid), who)
    server.stop()


PACKETS = 2048  # of 32 KiB


def upload(workspace):
    """glassh uploads a file. The receiver decides how often it waits for the socket, and a turn before such a wait may be
    short; otherwise, how often it asks without waiting is ours. A wait ends with something to read, or with room for what a
    write has left."""
    record = Record(workspace, "glassh")
    server = start_glasshd(workspace, under=[find_program("env")])
    path = workspace.file("zeros")
    with open(path, "wb") as file:
        file.truncate(PACKETS * 32 * 1024)
    words = glassh(*client_options(workspace, server), "-q", "127.0.0.1", "cat > /dev/null")
    with open(path, "rb") as source:
        process = workspace.start([*record.words, *words], stdin=source, env=UNTRACED)
        expect_equal(process.wait(PATIENCE), 0)
    calls = record.calls()
    told = f"glassh, {PACKETS} packets: {calls}"
    expect(calls.reads >= PACKETS, told)
    expect(calls.rounds <= PACKETS / 4 + (calls.waits - calls.rounds), told)
    expect(calls.waits - calls.rounds <= calls.reads - PACKETS + calls.short, told)
    expect(calls.nothing <= PACKETS / 4, told)
    server.stop()


# --- ObscureKeystrokeTiming -----------------------------------------------------------------------------------------

INTERVAL = 0.05  # seconds; ssh's own is 0.02
TYPED_EVERY = (0.001, 0.012, 0.004, 0.02, 0.002)  # seconds between keys, far below


class Times:
    """When the pieces of a connection came, and from whom."""

    def __init__(self):
        self.seen = []

    def segment(self, sender, _data):
        self.seen.append((sender, time.monotonic()))

    def close(self):
        pass

    def of(self, sender, since):
        return [when for who, when in list(self.seen) if who == sender and when >= since]


def type_unevenly(terminal):
    for _ in range(10):
        for pause in TYPED_EVERY:
            terminal.answer("", "k", end="")
            time.sleep(pause)


def even_times(workspace):
    """ssh sends typed keys, and PINGs as chaff, at times that do not depend on the keys. It goes on for a while after the last
    key, and glasshd answers each PING, so that the server's side tells nothing either."""
    server = start_glasshd(workspace)
    times = Times()
    with CapturingRelay(times, server.port) as relay:
        flags = [flag for flag in client_options(workspace, server) if flag != "-T"]
        flags[flags.index("-p") + 1] = str(relay.port)
        options = ["-o", f"HostKeyAlias=[127.0.0.1]:{server.port}", "-o", f"ObscureKeystrokeTiming=interval:{INTERVAL * 1000:.0f}"]
        words = ssh(*flags, *options, "-q", "-tt", "127.0.0.1", "stty raw -echo; echo ready; exec cat")
        with Terminal(words) as terminal:
            terminal.see("ready")
            begin = time.monotonic()
            type_unevenly(terminal)
            end = time.monotonic()
            sent = [when for when in times.of(CLIENT, begin) if when <= end]
            gaps = [late - early for early, late in zip(sent, sent[1:])]
            expect(len(gaps) >= 5, "too few packets of the client:", gaps)
            expect(statistics.median(gaps) >= 0.8 * INTERVAL, "the keys' own times are to be seen:", gaps)
            early = sum(gap < INTERVAL / 2 for gap in gaps)  # where a packet was late
            expect(early <= len(gaps) / 4, "the keys' own times are to be seen:", gaps)
            terminal.see(50 * "k")
            quiet = time.monotonic()
            for side, who in ((CLIENT, "ssh sends chaff"), (SERVER, "glasshd answers it")):
                wait_until(lambda side=side: len(times.of(side, quiet)) >= 5, who)
    server.stop()


def answered_between_keys(workspace):
    """The server's part in hiding these times: PING is answered at once, with its data, and the keys' echo is not held up."""
    server = start_with_passwords(workspace)
    with ChannelClient(server) as client:
        session = SessionByHand(client)
        session.ask_for_terminal(80, 24)
        session.ask(b"exec", string(b"stty raw -echo; echo ready; exec cat"))
        echo = b""
        while b"ready" not in echo:
            echo += client.hear_data()
        for number in range(20):
            data = b"chaff %d" % number
            client.send(bytes([PING]) + string(data))
            session.write(b"k")
            client.send(bytes([PING]) + string(data + b" more"))
            heard = [client.hear(PONG, CHANNEL_DATA) for _ in range(3)]
            pongs = [payload[1:] for payload in heard if payload[0] == PONG]
            expect_equal(pongs, [string(data), string(data + b" more")], "answers to PING")
            expect_equal([split(payload[1:], "u", "s")[1] for payload in heard if payload[0] == CHANNEL_DATA], [b"k"])
    server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        key_presses(cases, workspace)
        with cases.case("glassh: an upload asks at most once in four packets what can be done, and reads in vain as rarely"):
            upload(workspace)
        with cases.case("glasshd answers each PING between key presses, and the echo comes all the same"):
            answered_between_keys(workspace)
        if openssh_has("ObscureKeystrokeTiming"):
            with cases.case("ssh with ObscureKeystrokeTiming to glasshd: its packets come at even times"):
                even_times(workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
