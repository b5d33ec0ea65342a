"""Who may come in: MaxStartups and PerSourceMaxStartups beside OpenSSH's sshd, PerSourcePenalties, LoginGraceTime, and what
is left for others while one source attacks (past vulnerabilities 47 and 65).

All of 127.0.0.0/8 is this machine, so each address of it is a source.
"""

import contextlib
import os
import re
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, expect_log, ssh, start_glasshd, start_sshd,
                   wait_until)
from peers.openssh_versions import DROPPED, OUR_DROPPED, of_installed, openssh_has
from peers.raw_client import ECDH_INIT, IDENTIFICATION, NAME_LISTS, RawClient, kexinit, string, userauth_request

ATTACKER, SOMEBODY_ELSE = "127.0.0.2", "127.0.0.3"


class Held:
    """Connections that say nothing, and what the server said first on each."""

    def __init__(self, server):
        self._server, self.sockets = server, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()

    def let_go(self, count=None):
        for each in self.sockets[:count]:
            each.close()
        del self.sockets[:count]

    def connect(self, source="127.0.0.1"):
        each = socket.create_connection(("127.0.0.1", self._server.port), timeout=PATIENCE, source_address=(source, 0))
        self.sockets.append(each)
        line = each.recv(256)
        return "in" if line.startswith(b"SSH-2.0-") else line.decode()


def dropping_lines(server):
    """The log's lines about MaxStartups, without ports, times and prefixes."""
    lines = [line for line in server.log().splitlines() if "axstartups" in line.lower()]
    lines = [re.sub(r"\]:\d+", "]:PORT", re.sub(r"\d\d:\d\d:\d\d", "TIME", line)) for line in lines]
    return [line.removeprefix("error: ") for line in lines]


def logs_in(workspace, server, source="127.0.0.1", user=USER):
    done = workspace.run(ssh(*client_options(workspace, server, user=user), "-b", source, "127.0.0.1", "echo in"))
    return done.out == b"in\n"


def reset_tells(server, source):
    """Connects until the server refuses; how often it did not."""
    until = time.monotonic() + PATIENCE
    for count in range(10000):
        with Held(server) as held:
            if held.connect(source) != "in":
                return count
        expect(time.monotonic() < until, "the source is never refused", server.log_tail)
    return None


# ---- beside sshd


def throttled(server, says_end):
    """What MaxStartups 3:100:5 and PerSourceMaxStartups 2 do to a row of connections, and what the log says of it."""
    def over():
        told.append(held.connect())
        held.let_go()
        return "exited" in server.log() if says_end else told[-1] == "in"

    told, sockets = [], server.sockets()
    with Held(server) as held:
        for source in (ATTACKER, ATTACKER, ATTACKER, SOMEBODY_ELSE, "127.0.0.1"):
            told.append(held.connect(source))
        held.let_go()
        # sshd has a process for each; glasshd, which has none, a socket.
        wait_until(lambda: not server.children() and server.sockets() <= sockets, "all of them are gone")
        wait_until(over, "it is over", server.log_tail)
    return told[:5] + told[-1:], dropping_lines(server)


def lines_about_dropping(reason, framed):
    lines = [f"drop connection #{count} from [{source}]:PORT on [127.0.0.1]:PORT {reason}"
             for count, source in ((2, ATTACKER), (3, "127.0.0.1"))]
    if not framed:
        return lines
    return ["beginning MaxStartups throttling", *lines, "exited MaxStartups throttling after TIME, 2 connections dropped"]


def beside_sshd(cases, workspace):
    settings = ["MaxStartups 3:100:5", "PerSourceMaxStartups 2", "LoginGraceTime 30"]
    with cases.case("MaxStartups and PerSourceMaxStartups drop whom sshd drops, in its words [4251-9.3.5-3]"):
        sshd, server = start_sshd(workspace, settings), start_glasshd(workspace, settings)
        no = "Not allowed at this time\r\n"
        wanted = ["in", "in", no, "in", no, "in"]
        older = {} if openssh_has("'Not allowed at this time'") else {no: "Exceeded MaxStartups\r\n"}
        theirs = [older.get(each, each) for each in wanted]
        framed = not openssh_has("dropping without a first and a last line")
        expect_equal(throttled(sshd, framed), (theirs, lines_about_dropping(of_installed(DROPPED), framed)), sshd.log_tail)
        expect_equal(throttled(server, True), (wanted, lines_about_dropping(OUR_DROPPED, True)), server.log_tail)
        sshd.stop()
        server.stop()


# ---- penalties

# Two failures of a kind reach the least that refuses, and stay there longer than any machine takes for a test.
LASTING = "PerSourcePenalties authfail:600 noauth:600 invaliduser:600 grace-exceeded:600 min:1000 max:1200"


def expect_refused(server, source, reason):
    """Waits for the penalty's beginning, too: the server notices the end of a connection in its own time."""
    wait_until(lambda: f"{source}/32: activating" in server.log(), f"{source} is penalised", server.log_tail)
    with Held(server) as held:
        expect_equal(held.connect(source), "Not allowed at this time\r\n", server.log_tail)
    expect(re.search(rf"drop connection #\d+ from \[{re.escape(source)}\]:\d+ on \[127\.0\.0\.1\]:{server.port} "
                     rf"penalty: {reason}\n", server.log()), f"{source}: {reason}", server.log_tail)


def penalties(cases, workspace):
    server = start_glasshd(workspace, [LASTING, f"PerSourcePenaltyExemptList {SOMEBODY_ELSE}"])
    with cases.case("connections that try nothing add up [4251-9.3.5-3]"):
        expect(reset_tells(server, ATTACKER) >= 2, server.log_tail)
        expect_refused(server, ATTACKER, "connections without attempting authentication")
        expect(logs_in(workspace, server), "another source is kept out", server.log_tail)
        expect_log(server, f"srclimit_penalise: {ATTACKER}/32: activating ipv4 penalty of ")
    with cases.case("whoever is exempt is never refused"), Held(server) as held:
        for _ in range(20):
            expect_equal(held.connect(SOMEBODY_ELSE), "in", server.log_tail)
            held.let_go()
    with cases.case("keys that are not the user's add up"):
        for _ in range(2):
            expect("127.0.0.4/32: activating" not in server.log(), server.log_tail)
            options = client_options(workspace, server, key=workspace.key("nobody's"))
            workspace.run(ssh(*options, "-b", "127.0.0.4", "127.0.0.1", "true"))
        expect_refused(server, "127.0.0.4", "failed authentication")
    with cases.case("users who do not exist add up, even if nothing is tried for them"):
        for _ in range(2):
            expect("127.0.0.5/32: activating" not in server.log(), server.log_tail)
            with RawClient(server.port, source="127.0.0.5") as client:
                client.exchange_keys().ask_for_userauth()
                client.send(userauth_request(b"none", b"", user=b"no-such-user"))
                client.receive_until(51)
        expect_refused(server, "127.0.0.5", "attempted authentication by invalid user")
    with cases.case("who has logged in is not penalised, however often"):
        for _ in range(6):
            expect(logs_in(workspace, server, "127.0.0.6"), server.log_tail)
        expect("[127.0.0.6]" not in server.log(), server.log_tail)
    with cases.case("a penalty ends no connection that is there"), RawClient(server.port, source="127.0.0.7") as client:
        client.exchange_keys()
        reset_tells(server, "127.0.0.7")
        client.ask_for_userauth()
        expect_refused(server, "127.0.0.7", "connections without attempting authentication")
    server.stop()
    with cases.case("a penalty passes"):
        server = start_glasshd(workspace, ["PerSourcePenalties noauth:2 min:2 max:2"])
        expect(reset_tells(server, ATTACKER) >= 1, server.log_tail)
        with Held(server) as held:
            wait_until(lambda: held.connect(ATTACKER) == "in", "the source may come again", server.log_tail)
        server.stop()
    with cases.case("penalties are on by default, with OpenSSH's figures"):
        server = start_default(workspace)
        count = reset_tells(server, ATTACKER)
        expect(15 <= count <= 40, f"refused after {count}", server.log_tail)
        server.stop()


def start_default(workspace):
    """The settings of all tests turn penalties off; a word that changes nothing turns them on again."""
    return start_glasshd(workspace, ["PerSourcePenalties noauth:1"])


def reloading(cases, workspace):
    with cases.case("SIGHUP: new limits for those who come, penalties stay"):
        path = workspace.fresh("limits.conf")
        workspace.file(os.path.basename(path), "PerSourcePenalties noauth:60 min:60\n")
        server = start_glasshd(workspace, [f"Include {path}"])
        with Held(server) as held:
            held.connect(ATTACKER)
        wait_until(lambda: "activating" in server.log(), "the penalty", server.log_tail)

        def reload(text, times):
            workspace.file(os.path.basename(path), text)
            os.kill(server.process.pid, signal.SIGHUP)
            wait_until(lambda: server.log().count("Server listening on") == times, "it listens again", server.log_tail)

        reload("PerSourcePenalties noauth:0 min:60\nPerSourceMaxStartups 1\n", 2)
        with Held(server) as held:
            expect_equal(held.connect(ATTACKER), "Not allowed at this time\r\n")
            expect_equal(held.connect(SOMEBODY_ELSE), "in")
            expect_equal(held.connect(SOMEBODY_ELSE), "Not allowed at this time\r\n")
        reload("PerSourcePenalties no\n", 3)
        with Held(server) as held:
            expect_equal(held.connect(ATTACKER), "in")
        server.stop()


# ---- storms


def grace_storm(cases, workspace):
    with cases.case("500 connections exceed LoginGraceTime together, and others log in (past vulnerability 65)"):
        # The first 399 penalties refuse no connection: all of the 500 come in, however long that takes.
        server = start_glasshd(workspace, ["LoginGraceTime 5", "MaxStartups 1000",
                                           "PerSourcePenalties grace-exceeded:1 min:400 max:600",
                                           f"PerSourcePenaltyExemptList {SOMEBODY_ELSE}"], level="INFO")
        with Held(server) as held:
            for _ in range(500):
                expect_equal(held.connect(ATTACKER), "in", server.log_tail)
            expect(logs_in(workspace, server, SOMEBODY_ELSE), server.log_tail)
            begun = time.monotonic()
            wait_until(lambda: server.log().count("Timeout before authentication for ") == 500, "all are late",
                       server.log_tail)
            print(f"# the last was gone {time.monotonic() - begun:.1f} s after the last had come", flush=True)
            wait_until(lambda: server.sockets() == 1, "all sockets but the listening one are closed", server.log_tail)
            expect_equal(held.connect(ATTACKER), "Not allowed at this time\r\n", server.log_tail)
        expect_log(server, "penalty: exceeded LoginGraceTime")
        expect(logs_in(workspace, server, SOMEBODY_ELSE), server.log_tail)
        expect_equal(server.process.poll(), None)
        server.stop()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Attack:
    """One source that repeats the cheap half of a key exchange, as fast as it can, until it is told to stop."""

    def __init__(self, server, hello):
        self._server, self._hello = server, hello
        self.reached = self.refused = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._before, self._begun = cpu_seconds(server.process.pid), time.monotonic()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._begun
        self.cpu = cpu_seconds(self._server.process.pid) - self._before

    def _run(self):
        while not self._stop.is_set():
            with socket.create_connection(("127.0.0.1", self._server.port), source_address=(ATTACKER, 0)) as client:
                heard = b""
                with contextlib.suppress(ConnectionError):
                    client.sendall(self._hello)
                    while data := client.recv(65536):
                        heard += data
                        if NEWKEYS_PACKET in heard:  # it has computed and signed: time for the next one
                            break
                self.reached += b"SSH-2.0" in heard
                self.refused += b"SSH-2.0" not in heard

    def __str__(self):
        return (f"{self.reached} handshakes and {self.refused} refusals in {self.seconds:.1f} s from one source, "
                f"{self.cpu:.2f} s of CPU")


def packet(payload):
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


# 16 bytes, of which 10 are padding.
NEWKEYS_PACKET = bytes([0, 0, 0, 12, 10, 21])


def dheat(cases, workspace):
    """What costs the attacker nothing: a share that is no share, and the number 2, which is one as good as any."""
    def hello(method, share):
        return IDENTIFICATION + b"\r\n" + packet(kexinit([method, *NAME_LISTS[1:]])) + packet(bytes([ECDH_INIT]) + string(share))

    attacks = [("a point that is none", b"curve25519-sha256", bytes(32)),
               ("e = 2 and 8192 bits", b"diffie-hellman-group18-sha512", b"\2"),
               ("e = 0 and 8192 bits", b"diffie-hellman-group18-sha512", b"")]
    for what, method, share in attacks:
        for penalised in (False, True):
            settings = [f"KexAlgorithms +{method.decode()}"] + ["PerSourcePenalties noauth:1"] * penalised
            with cases.case(f"{what}, again and again, {'with' if penalised else 'without'} penalties, and others log in meanwhile "
                            "(past vulnerability 47)"):
                server = start_glasshd(workspace, settings, level="INFO")
                with Attack(server, hello(method, share)) as attack:
                    for count in (1, 10):
                        wait_until(lambda: (attack.refused if penalised else attack.reached) >= count, "the attack", server.log_tail)
                        begun = time.monotonic()
                        expect(logs_in(workspace, server, SOMEBODY_ELSE), server.log_tail)
                        waited = time.monotonic() - begun
                print(f"# {attack}, another logs in in {waited:.2f} s", flush=True)
                expect(attack.reached > 0 and "nothing in common" not in server.log(), server.log_tail)
                expect(attack.refused > 0 if penalised else attack.refused == 0, str(attack), server.log_tail)
                expect(not penalised or attack.reached <= 40, str(attack), server.log_tail)
                server.stop()
    with cases.case("a source that keeps its connections open has its share, and others log in (past vulnerability 47)"):
        server = start_glasshd(workspace, ["PerSourceMaxStartups 5", "MaxStartups 10:30:20"])
        with Held(server) as held:
            told = [held.connect(ATTACKER) for _ in range(50)]
            expect_equal(told.count("in"), 5, server.log_tail)
            for _ in range(3):
                expect(logs_in(workspace, server, SOMEBODY_ELSE), server.log_tail)
        server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        beside_sshd(cases, workspace)
        penalties(cases, workspace)
        reloading(cases, workspace)
        grace_storm(cases, workspace)
        dheat(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
