"""Peers that flood, in both roles, seen from outside: the resident memory of the victim's process stays flat.

GLASSH_FLOOD_TOOL names the program made of test/support/flood_tool_main.cpp, which floods faster than Python can; where few
messages say enough, raw_client and raw_server say them. Each case prints what was sent and how much memory that took.
"""

import base64
import os
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, client_options, expect, expect_equal, expect_log, ssh, start_glasshd
from peers.raw_client import (DEBUG, EXT_INFO, IGNORE, SERVICE_REQUEST, USERAUTH_REQUEST, RawClient, kexinit, string, u32,
                              userauth_request)
from peers.raw_server import RawServer, SigningKey
from peers.workspace import our_program

TOOL = os.environ["GLASSH_FLOOD_TOOL"]
GIGABYTE = 32768  # messages of 32 KB
MILLION = 1_000_000
MOST = 0xFFFFFFFF
# What a victim may grow by: a backlog of 4 MiB that nobody reads, with what it is made of. A flood is a hundred times that.
FLAT_KIB = 12 * 1024


def status_kib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


class Peak:
    """How far the resident memory of a process rises above what it was."""

    def __init__(self, pid):
        self._pid = pid
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # proc(5): the peak begins anew
        self._before = status_kib(pid, "VmRSS")

    def risen(self):
        return status_kib(self._pid, "VmHWM") - self._before


def expect_flat(cases, peak, sent):
    risen = peak.risen()
    print(f"# {sent}: memory rose by {risen} KiB", flush=True)
    expect(risen < FLAT_KIB, f"memory rose by {risen} KiB")


class FloodedServer:
    """A glasshd in which blocks and tables are as large as they get in ordinary use."""

    def __init__(self, workspace, *settings):
        self.workspace, self.server = workspace, start_glasshd(workspace, settings, level="INFO")
        for _ in range(3):
            self.lets_in()

    def lets_in(self):
        done = self.workspace.run(ssh(*client_options(self.workspace, self.server), "127.0.0.1", "echo in"))
        expect_equal(done.out, b"in\n", done, self.server.log_tail)

    def flood(self, what, count):
        """How many messages the server took."""
        words = [TOOL, "client", str(self.server.port), USER, self.workspace.key("user-ed25519"), what, str(count)]
        done = self.workspace.run(words, timeout=120)
        expect(done.status == 0, done, self.server.log_tail)
        return int(done.out)


def servers(cases, workspace):
    victim = FloodedServer(workspace)
    pid = victim.server.process.pid
    with cases.case("glasshd: a million pings before the login (past vulnerability 33)"):
        peak = Peak(pid)
        begun = time.monotonic()
        sent = victim.flood("early-pings", MILLION)
        expect_flat(cases, peak, f"{sent} pings in {time.monotonic() - begun:.1f} s")
        expect_log(victim.server, "more than 4096 packets before the login")
        victim.lets_in()
    for what in ("pings", "requests", "channels"):
        with cases.case(f"glasshd: {what} that want answers which nobody reads"):
            peak = Peak(pid)
            sent = victim.flood(what, 20 * MILLION)
            expect(sent < 20 * MILLION, "it went on reading")
            expect_flat(cases, peak, f"{sent} messages until it took no more")
            victim.lets_in()
    with cases.case("glasshd: a gigabyte in a key exchange that never goes on (past vulnerability 32)"):
        peak = Peak(pid)
        expect_equal(victim.flood("newkeys", GIGABYTE), GIGABYTE)
        expect_flat(cases, peak, "1 GiB behind our KEXINIT")
        victim.lets_in()
    victim.server.stop()

    victim = FloodedServer(workspace, "RekeyLimit 1M")
    pid = victim.server.process.pid
    with cases.case("glasshd: a gigabyte without an answer to its KEXINIT (past vulnerability 32)"):
        peak = Peak(pid)
        expect_equal(victim.flood("kexinit", GIGABYTE), GIGABYTE)
        expect_flat(cases, peak, "1 GiB without an answer")
        victim.lets_in()
    with cases.case("glasshd: a million pings and no answer to its KEXINIT (past vulnerability 33)"):
        peak = Peak(pid)
        sent = victim.flood("pings", MILLION)
        expect_flat(cases, peak, f"{sent} pings until it was gone")
        expect_log(victim.server, "too many requests")
        victim.lets_in()
    victim.server.stop()


# ---- lengths and counts

USER_KEY = SigningKey(b"a user of floods_test.py is this")


def logged_in(port):
    client = RawClient(port)
    session_id = client.exchange_keys().session_id
    client.ask_for_userauth()
    fields = b"\1" + string(b"ssh-ed25519") + string(USER_KEY.blob())
    request = userauth_request(b"publickey", fields, user=USER.encode())
    signature = string(b"ssh-ed25519") + string(USER_KEY.sign(string(session_id) + request))
    client.send(request + string(signature))
    client.receive_until(52)
    return client


def each_length(head, *parts):
    """The message with each of its strings, given as bytes, announced as 2^32 - 1 bytes long; other parts are numbers."""
    for i, part in enumerate(parts):
        if isinstance(part, bytes):
            before = b"".join(string(each) if isinstance(each, bytes) else each.raw for each in parts[:i])
            yield head + before + u32(MOST) + part


class Raw:
    def __init__(self, raw):
        self.raw = raw


NUMBER, FLAG = Raw(u32(0)), Raw(b"\1")
SOMEBODY, SERVICE = b"somebody", b"ssh-connection"


def request_head(method):
    return userauth_request(method, b"")


BEFORE_KEYS = [
    kexinit()[:17] + u32(MOST) + bytes(100),
    *each_length(bytes([IGNORE]), b"x"), *each_length(bytes([DEBUG]), FLAG, b"x", b"en"),
    *each_length(bytes([1]), NUMBER, b"x", b"en"),
]
BEFORE_LOGIN = [
    bytes([EXT_INFO]) + u32(MOST), bytes([EXT_INFO]) + u32(MOST) + string(b"a") + string(b"b"),
    *each_length(bytes([EXT_INFO]) + u32(1), b"a", b"b"),
    *each_length(bytes([SERVICE_REQUEST]), b"ssh-userauth"), *each_length(bytes([192]), b"x"),
    kexinit()[:17] + u32(MOST) + bytes(100),
]
IN_LOGIN = [
    *each_length(bytes([USERAUTH_REQUEST]), SOMEBODY, SERVICE, b"none"),
    *each_length(request_head(b"password"), Raw(b"\0"), b"x"), *each_length(request_head(b"password"), FLAG, b"x", b"y"),
    *each_length(request_head(b"publickey"), Raw(b"\0"), b"ssh-ed25519", b"blob"),
    *each_length(request_head(b"publickey"), FLAG, b"ssh-ed25519", b"blob", b"signature"),
    request_head(b"publickey") + b"\0" + string(b"ssh-ed25519") + string(u32(MOST) + b"ssh-ed25519"),
    *each_length(request_head(b"keyboard-interactive"), b"", b"devices"),
    bytes([61]) + u32(MOST), bytes([61]) + u32(MOST) + string(b"answer"), *each_length(bytes([61]) + u32(1), b"answer"),
]
AFTER_LOGIN = [
    *each_length(bytes([80]), b"name", FLAG), *each_length(bytes([80]) + string(b"tcpip-forward") + b"\1", b"host", NUMBER),
    *each_length(bytes([90]), b"session", NUMBER, NUMBER, NUMBER),
    *each_length(bytes([90]) + string(b"direct-tcpip") + u32(1) * 3, b"host", NUMBER, b"from", NUMBER),
    *each_length(bytes([94]) + u32(0), b"data"), *each_length(bytes([95]) + u32(0) + u32(1), b"data"),
    *each_length(bytes([98]) + u32(0), b"exec", FLAG), *each_length(bytes([98]) + u32(0) + string(b"exec") + b"\1", b"true"),
    *each_length(bytes([98]) + u32(0) + string(b"env") + b"\1", b"LANG", b"C"),
    *each_length(bytes([98]) + u32(0) + string(b"pty-req") + b"\1", b"vt100", NUMBER, NUMBER, NUMBER, NUMBER, b"\0"),
    bytes([90]) + string(b"session") + u32(MOST) * 3, bytes([93]) + u32(0) + u32(MOST),
]


def announced(cases, workspace):
    workspace.file("authorized_keys", f"ssh-ed25519 {base64.b64encode(USER_KEY.blob()).decode()} raw\n{user_keys(workspace)}")
    victim = FloodedServer(workspace)
    port, pid = victim.server.port, victim.server.process.pid
    connect = {"before the keys": RawClient, "before the login": lambda port: RawClient(port).exchange_keys(),
               "in the login": lambda port: RawClient(port).exchange_keys().ask_for_userauth(),
               "after the login": with_session}
    for when, messages in (("before the keys", BEFORE_KEYS), ("before the login", BEFORE_LOGIN), ("in the login", IN_LOGIN),
                           ("after the login", AFTER_LOGIN)):
        with cases.case(f"glasshd: each length and count of 2^32 - 1, {when} (past vulnerability 48)"):
            peak = Peak(pid)
            for message in messages:
                with connect[when](port) as client:
                    client.send(message)
                    client.send(bytes([1]) + u32(11) + string(b"bye") + string(b""))
                    client.drain()
            expect_flat(cases, peak, f"{len(messages)} messages")
            expect("ended by an error of ours" not in victim.server.log(), victim.server.log_tail)
            victim.lets_in()
    with cases.case("glasshd: packets of 2^32 - 1 bytes and of as many as may be, and then silence (past vulnerability 35)"):
        peak = Peak(pid)
        waiting = []
        for length in (MOST, 256 * 1024 - 4):
            for start in (RawClient, lambda port: RawClient(port).exchange_keys()):
                for _ in range(40):
                    client = start(port)
                    client.send_length(length)
                    waiting.append(client)
        victim.lets_in()
        expect_flat(cases, peak, f"{len(waiting)} announcements")
        for client in waiting:
            client.close()
    victim.server.stop()


def with_session(port):
    client = logged_in(port)
    client.send(bytes([90]) + string(b"session") + u32(0) + u32(1 << 20) + u32(32768))
    client.receive_until(91)
    return client


def user_keys(workspace):
    return "".join(workspace.public_key("user-" + kind, kind) + "\n" for kind in ("ed25519", "ecdsa", "rsa"))


# ---- clients


def client_words(workspace, port, *options):
    known = workspace.file(os.path.basename(workspace.fresh("known_hosts")), "")
    return [our_program("glassh"), "-F", "none", "-p", str(port), "-i", workspace.key("user-ed25519"), "-N",
            *[word for option in ("StrictHostKeyChecking=no", f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=none",
                                  "IdentityAgent=none", "BatchMode=yes", "LogLevel=ERROR", *options) for word in ("-o", option)],
            f"{USER}@127.0.0.1"]


class Watched(threading.Thread):
    """Looks at a process that may end meanwhile, from now on."""

    def __init__(self, process):
        super().__init__()
        self._process, self._ended, self._highest = process, threading.Event(), 0
        self.start()

    def run(self):
        while not self._ended.wait(0.005):
            try:
                self._highest = max(self._highest, status_kib(self._process.pid, "VmHWM"))
            except (FileNotFoundError, ProcessLookupError, StopIteration):  # it has ended
                break

    def highest(self):
        """Its peak in KiB."""
        self._ended.set()
        self.join()
        expect(self._highest > 0, "nobody saw how much memory it had")
        return self._highest


def flood_a_client(workspace, what, count, *options):
    """(the client's peak, how many messages it took, what it said)"""
    tool = workspace.start([TOOL, "server", workspace.key("host-ed25519"), what, str(count)], stdout=subprocess.PIPE)
    port = int(tool.stdout.readline().split()[1])
    client = workspace.start(client_words(workspace, port, *options), stderr=subprocess.PIPE)
    watched = Watched(client)
    taken = int(tool.stdout.read())
    highest = watched.highest()
    if client.poll() is None:
        client.terminate()
    said = client.stderr.read().decode()
    client.wait()
    return highest, taken, said


def clients(cases, workspace):
    usual, _, _ = flood_a_client(workspace, "newkeys", 200)
    print(f"# glassh at work: {usual} KiB", flush=True)

    def case(what, flood, count, words, *options):
        with cases.case(f"glassh: {what}"):
            highest, taken, said = flood_a_client(workspace, flood, count, *options)
            print(f"# {taken} messages: at most {highest} KiB, {highest - usual} more than usual", flush=True)
            expect(highest - usual < FLAT_KIB, f"memory rose by {highest - usual} KiB")
            # One that gives up reads on for a moment, so that its last words arrive.
            expect(words in said, f"'{words}' is not in '{said}'")
            return taken

    case("a million pings before the login (past vulnerability 33)", "early-pings", MILLION, "more than 4096 packets before the login")
    for what, flood, options in (("in a key exchange that never goes on", "newkeys", []),
                                 ("without an answer to its KEXINIT", "kexinit", ["RekeyLimit=1M"])):
        taken = case(f"a gigabyte {what} (past vulnerability 32)", flood, GIGABYTE, "", *options)
        with cases.case("and all of it was taken"):
            expect_equal(taken, GIGABYTE)
    case("a million pings and no answer to its KEXINIT (past vulnerability 33)", "pings", MILLION, "too many requests", "RekeyLimit=1M")
    for what in ("pings", "requests", "channels"):
        taken = case(f"{what} that want answers which nobody reads", what, 20 * MILLION, "")
        with cases.case("and it stopped reading"):
            expect(taken < 20 * MILLION, "it took all of them")


# What a server says, and in which phase.
TO_CLIENTS = [
    ("before the keys", [kexinit()[:17] + u32(MOST) + bytes(100), bytes([DEBUG]) + b"\1" + u32(MOST)]),
    ("before the login", [bytes([EXT_INFO]) + u32(MOST), bytes([6]) + u32(MOST)]),
    ("in the login", [bytes([51]) + u32(MOST) + b"publickey", bytes([53]) + u32(MOST) + b"hello",
                      bytes([60]) + u32(MOST) + b"x", bytes([60]) + string(b"") * 3 + u32(MOST),
                      bytes([60]) + string(b"") * 3 + u32(MOST) + string(b"Password: ") + b"\0"]),
    ("after the login", [bytes([80]) + u32(MOST), bytes([90]) + u32(MOST), bytes([90]) + string(b"x") + u32(MOST) * 3]),
]


def announced_to_clients(cases, workspace):
    usual, _, _ = flood_a_client(workspace, "newkeys", 200)
    for when, messages in TO_CLIENTS:
        with cases.case(f"glassh: lengths and counts of 2^32 - 1, {when} (past vulnerabilities 35, 48)"):
            for message in [*messages, None]:
                with RawServer() as server:
                    client = workspace.start(client_words(workspace, server.port), stderr=subprocess.PIPE)
                    watched = Watched(client)
                    connection = server.accept()
                    if when != "before the keys":
                        connection.exchange_keys()
                    if when == "in the login":
                        connection.hear_userauth()
                    if when == "after the login":
                        connection.let_in()
                    if message is None:
                        connection.send_length(MOST)
                    else:
                        connection.send(message)
                        connection.send(bytes([1]) + u32(11) + string(b"bye") + string(b""))
                    said = client.stderr.read().decode()
                    expect_equal(client.wait(), 255, said)
                    highest = watched.highest()
                    connection.close()
                expect(highest - usual < FLAT_KIB, f"{highest} KiB, {usual} KiB are usual", said)


def main():
    cases = Cases()
    with Workspace() as workspace:
        servers(cases, workspace)
        announced(cases, workspace)
        clients(cases, workspace)
        announced_to_clients(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
