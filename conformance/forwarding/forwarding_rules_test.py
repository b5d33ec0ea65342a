"""Displays, and forwards after a change of the host key, with peers made by hand: RFC 4254 sections 6.3 and 11.

Real X servers, agents and hosts are in the other scripts.
"""

import base64
import contextlib
import os
import re
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, wait_until
from peers.channel_client import (CHANNEL_FAILURE, CHANNEL_OPEN, CHANNEL_REQUEST, CHANNEL_SUCCESS, GLOBAL_REQUEST, OPEN_CONFIRMATION, OPEN_FAILURE,
                                  REQUEST_FAILURE, ChannelClient, SessionByHand, split)
from peers.logins import start_with_passwords
from peers.raw_client import string, u32
from peers.raw_server import RawServer
from peers.servers import free_port, listening_at

COOKIE = "c0ffee" * 5 + "00"

# --- glasshd's displays ---------------------------------------------------------------------------------------------


def ask_for_display(session, single_connection, cookie=COOKIE):
    session.ask(b"x11-req", bytes([single_connection]), string(b"MIT-MAGIC-COOKIE-1"), string(cookie.encode()), u32(0))
    return session.answer()


def connect(port):
    """Returns None if no program listens there."""
    with contextlib.suppress(ConnectionRefusedError):
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    return None


def displays(cases, workspace):
    xauth = workspace.file("xauth", "#!/bin/sh\ncat > /dev/null\n")
    os.chmod(xauth, 0o700)
    server = start_with_passwords(workspace, "X11Forwarding yes", f"XAuthLocation {xauth}")

    @contextlib.contextmanager
    def display(single_connection):
        with ChannelClient(server) as client:
            session = SessionByHand(client)
            expect(ask_for_display(session, single_connection), server.log_tail)
            session.ask(b"exec", string(b"echo $DISPLAY; read line"))
            expect(session.answer())
            session.wait_for(b"\n")
            yield client, 6000 + int(re.fullmatch(rb"localhost:(\d+)\.0\n", session.output)[1])

    with cases.case("the display of a session listens on the loopback interface only [4251-9.5.3-2]"), display(False) as (_, port):
        addresses = listening_at(port)
        expect(addresses and set(addresses) <= {"127.0.0.1", "::1"}, addresses)
    with cases.case("single connection: the first is forwarded, and no other [4254-6.3.1-3]"), display(True) as (client, port):
        first = connect(port)
        expect_equal(split(client.hear(CHANNEL_OPEN)[1:], "s")[0], b"x11")
        others = []
        wait_until(lambda: others.append(connect(port)) or others[-1] is None, "the port is closed")
        client.ask(b"keepalive@openssh.com")
        while (payload := client.receive())[0] not in (81, 82):
            expect(payload[0] != CHANNEL_OPEN, "a second one is forwarded")
        for each in [first, *others[:-1]]:
            each.close()
    with cases.case("without that, each connection is forwarded"), display(False) as (client, port):
        for _ in range(3):
            with connect(port):
                expect_equal(split(client.hear(CHANNEL_OPEN)[1:], "s")[0], b"x11")
    with cases.case("a cookie that is not hexadecimal is refused, and the session gets its display with another [4254-6.3.1-4]"), \
            ChannelClient(server) as client:
        session = SessionByHand(client)
        for cookie in ("", "c0ffe", "c0ffeg", "c0 ffee", "0xc0ffee", "c0ffee\n", "c0ffee\nadd :1 . c0ffee"):
            expect_equal(ask_for_display(session, False, cookie), False, cookie, server.log_tail)
        expect_equal(ask_for_display(session, False), True, server.log_tail)
    with cases.case("a session has one display, and a second x11-req is refused"), ChannelClient(server) as client:
        session = SessionByHand(client)
        expect_equal([ask_for_display(session, False) for _ in range(3)], [True, False, False])
    server.stop()


# --- glassh's answers -----------------------------------------------------------------------------------------------


class Visit:
    """glassh at a server made by hand, which grants all that it asks for. What it asked is in `wishes`, with a channel
    request's fields in `details`."""

    def __init__(self, workspace, server, *flags, known=True, env=None):
        self.display = workspace.fresh("display")
        name = f"[127.0.0.1]:{server.port}"
        key = workspace.public_key("somebody-else")
        if known:
            key = "ssh-ed25519 " + base64.b64encode(server.key.blob()).decode()
        known_hosts = workspace.file(os.path.basename(workspace.fresh("known_hosts")), f"{name} {key}\n")
        options = client_options(workspace, known_hosts=known_hosts)
        words = glassh("-o", "StrictHostKeyChecking=no", *flags, *options, "-p", str(server.port), "127.0.0.1", "command")
        self.client = workspace.start(words, stderr=subprocess.PIPE, env=env or {})
        self.connection = server.accept().exchange_keys().let_in()
        self.wishes, self.details = [], {}
        self.session = self.opened = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.client.kill()
        self.client.wait(PATIENCE)
        self.client.stderr.close()

    def serve(self):
        """Until the command is wanted, which glassh asks for last."""
        while b"exec" not in self.wishes:
            payload = self.connection.receive()
            expect(payload is not None, "glassh has left; it asked for", self.wishes)
            if payload[0] == GLOBAL_REQUEST:
                name, rest = split(payload[1:], "s")
                self.wishes.append(name)
                if rest[0]:
                    self.connection.send(bytes([81]))
            elif payload[0] == CHANNEL_OPEN:
                _, self.session, _ = split(payload[1:], "s", "u")
                self.connection.send(bytes([OPEN_CONFIRMATION]) + u32(self.session) + u32(0) + u32(1 << 20) + u32(32768))
            elif payload[0] == CHANNEL_REQUEST:
                _, name, rest = split(payload[1:], "u", "s")
                self.wishes.append(name)
                self.details[name] = rest[1:]
                if rest[0]:
                    self.connection.send(bytes([CHANNEL_SUCCESS]) + u32(self.session))
        return self

    def open(self, kind, *fields):
        """The number of the answer's message. The channel's number, if it is open, is in `opened`."""
        self.connection.send(bytes([CHANNEL_OPEN]) + string(kind) + u32(7) + u32(1 << 20) + u32(32768) + b"".join(fields))
        while (payload := self.connection.receive()) is not None:
            if payload[0] in (OPEN_CONFIRMATION, OPEN_FAILURE):
                ours, self.opened, _ = split(payload[1:], "u", "u")
                expect_equal(ours, 7)
                return payload[0]
        return None

    def answers(self, channel, name, want_reply):
        """The numbers of the messages that answer a channel request before a global one is answered."""
        self.connection.send(bytes([CHANNEL_REQUEST]) + u32(channel) + string(name) + bytes([want_reply]))
        self.connection.send(bytes([GLOBAL_REQUEST]) + string(b"what@example.com") + b"\1")
        numbers = []
        while (payload := self.connection.receive()) is not None and payload[0] != REQUEST_FAILURE:
            if payload[0] in (CHANNEL_SUCCESS, CHANNEL_FAILURE):
                numbers.append(payload[0])
        expect(payload is not None, "glassh has left")
        return numbers


def answers_to_displays(cases, workspace):
    display = socket.create_server(("127.0.0.1", free_port()))
    env = {"DISPLAY": f"127.0.0.1:{display.getsockname()[1] - 6000}"}
    originator = string(b"127.0.0.1") + u32(50000)
    cookies = []
    with RawServer() as server:
        for what, flags, expected in (("a client that asked for a display", ["-Y"], OPEN_CONFIRMATION),
                                      ("a client that did not", ["-x"], OPEN_FAILURE)):
            with cases.case(f"{what} answers each x11 channel: {expected} [4254-6.3.2-1]"), \
                    Visit(workspace, server, *flags, env=env) as visit:
                visit.serve()
                expect_equal(b"x11-req" in visit.wishes, "-Y" in flags, visit.wishes)
                expect_equal([visit.open(b"x11", originator) for _ in range(3)], [expected] * 3)
                if "-Y" in flags:
                    _, cookie, _, _ = split(visit.details[b"x11-req"][1:], "s", "s", "u")
                    cookies.append(cookie)
    with cases.case("the client sends its cookie in hexadecimal [4254-6.3.1-4]"):
        expect_equal([bool(re.fullmatch(rb"([0-9a-f]{2})+", each)) for each in cookies], [True], cookies)
    display.close()


def unknown_requests(cases, workspace):
    display = socket.create_server(("127.0.0.1", free_port()))
    env = {"DISPLAY": f"127.0.0.1:{display.getsockname()[1] - 6000}"}
    with RawServer() as server, Visit(workspace, server, "-Y", env=env) as visit, \
            cases.case("requests that glassh does not know are answered with FAILURE, if an answer is wanted; 2 says so, too "
                       "[4254-5.4-2] [4251-5-1]"):
        visit.serve()
        expect_equal(visit.open(b"x11", string(b"127.0.0.1") + u32(50000)), OPEN_CONFIRMATION)
        for channel in (visit.session, visit.opened):
            for name in (b"what@example.com", b"shell"):
                for want_reply, answers in ((0, []), (1, [CHANNEL_FAILURE]), (2, [CHANNEL_FAILURE])):
                    expect_equal(visit.answers(channel, name, want_reply), answers, channel, name, want_reply)
    display.close()


def changed_host_keys(cases, workspace):
    agent = workspace.fresh("agent")
    workspace.start([find_program("ssh-agent"), "-D", "-a", agent], stdout=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(agent), "the agent listens")
    env = {"SSH_AUTH_SOCK": agent, "DISPLAY": ":0"}
    forwards = {b"auth-agent-req@openssh.com", b"x11-req", b"tcpip-forward", b"streamlocal-forward@openssh.com"}
    with RawServer() as server:
        for known in (True, False):
            ports = [free_port(), free_port()]
            flags = ["-A", "-o", f"IdentityAgent={agent}", "-Y", "-R", "8022:127.0.0.1:1", "-R", "/there:127.0.0.1:1",
                     "-L", f"{ports[0]}:127.0.0.1:1", "-D", str(ports[1])]
            what = "all of it is wanted" if known else "a changed key, let pass: nothing of it is wanted"
            with cases.case(f"agent, display, and forwards of all kinds: {what} [4254-11-1]"), \
                    Visit(workspace, server, *flags, known=known, env=env) as visit:
                visit.serve()
                expect_equal(forwards & set(visit.wishes), forwards if known else set(), visit.wishes)
                expect_equal([bool(listening_at(port)) for port in ports], [known, known])
                if not known:
                    for kind, fields in ((b"x11", string(b"127.0.0.1") + u32(50000)), (b"auth-agent@openssh.com", b""),
                                         (b"forwarded-tcpip", string(b"localhost") + u32(1) + string(b"127.0.0.1") + u32(1))):
                        expect_equal(visit.open(kind, fields), OPEN_FAILURE, kind)


def main():
    cases = Cases()
    with Workspace() as workspace:
        displays(cases, workspace)
        answers_to_displays(cases, workspace)
        unknown_requests(cases, workspace)
        changed_host_keys(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
