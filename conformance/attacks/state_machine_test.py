"""The state machine of the programs themselves: a few hundred lines of conformance/state_machine.md, tried over the network.

That file is what the cores do, which the unit test `guards` holds it to. Here a client and a server made by hand say
numbers of each of its ranges to glasshd and to glassh, and hear what the file says.
"""

import os
import re
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, expect, start_glasshd
from peers.cases import Failure
from peers.raw_client import (DISCONNECT, ECDH_INIT, ECDH_REPLY, KEXINIT, SERVICE_ACCEPT,
                              SERVICE_REQUEST, USERAUTH_FAILURE, RawClient, kexinit, string, u32, userauth_request)
from peers.raw_server import RawServer
from peers.workspace import our_program

TABLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "state_machine.md")
SHARE = string(b"\x09" + bytes(31))

# Messages with all their fields, for the numbers where that matters.
WHOLE = {
    2: string(b""), 3: u32(0), 4: b"\1" + string(b"look") + string(b""), 5: string(b"ssh-userauth"), 6: string(b"ssh-userauth"),
    7: u32(1) + string(b"server-sig-algs") + string(b"ssh-ed25519"), 51: string(b"password") + b"\0", 52: b"",
    53: string(b"look") + string(b""), 60: string(b"") * 3 + u32(0), 61: u32(0),
    80: string(b"keepalive@openssh.com") + b"\1", 81: b"", 82: b"",
    90: string(b"session") + u32(0) + u32(1 << 20) + u32(1 << 15), 94: u32(0) + string(b"x"),
    98: u32(0) + string(b"exec") + b"\1" + string(b"id"), 192: string(b"ping"), 193: string(b"ping"),
}


def read_table():
    """{section: [(first, last, what follows with the fields, what follows without), …]}"""
    sections, rows = {}, None
    with open(TABLE, encoding="utf-8") as file:
        for line in file:
            if line.startswith("## "):
                rows = sections.setdefault(line[3:].strip(), [])
            elif match := re.fullmatch(r"\| (\d+)(?: to (\d+))? \| (.+) \| (.+) \|\n", line):
                whole, bare = match[3], match[3] if match[4] == "the same" else match[4]
                rows.append((int(match[1]), int(match[2] or match[1]), whole, bare))
    return sections


def probes(rows):
    """(payload, what follows in the file's words, how to call it) for both ends of each range and some between."""
    for first, last, whole, bare in rows:
        for number in sorted({*range(first, last, 8), last}):
            yield bytes([number]), bare, f"message {number} with nothing in it"
            if number in WHOLE and WHOLE[number]:
                yield bytes([number]) + WHOLE[number], whole, f"message {number} with its fields"


def listen(peer, until=None, times=1):
    """The numbers of what comes, until that one has come so often, or up to the end; and the reason of a DISCONNECT."""
    numbers = []
    while (payload := peer.receive()) is not None:
        if payload[0] == DISCONNECT:
            return numbers, struct.unpack_from(">I", payload, 1)[0]
        numbers.append(payload[0])
        if numbers.count(until) == times:
            break
    return numbers, None


def check(peer, words, go_on, until):
    """Hears what the file says. `go_on` says the rest of the session up to what is answered by `until`."""
    answers = [int(number) for number in re.findall(r"\b\d+\b", words.partition("says ")[2].partition(" (")[0])]
    if end := re.search(r"ends \((\d+)\)", words):
        numbers, reason = listen(peer)
        expect(reason == int(end[1]), f"expected: {words}", f"what came: {numbers}, then reason {reason}")
        expect(numbers == answers, f"expected: {words}", f"what came: {numbers}")
        return
    go_on()
    numbers, reason = listen(peer, until, answers.count(until) + 1)
    expect(reason is None and numbers == answers + [until], f"expected: {words}, and then {until}",
           f"what came: {numbers}, then reason {reason}")


def is_testable(words):
    """What was due begins something else than the session's next message, and what the peer has ended says nothing."""
    return "carries on" in words or re.search(r"\bends \(", words)


# --- glasshd ------------------------------------------------------------------------------------------------------------


def skip_kexinit(client):
    client.hear_identification()
    client.receive_until(KEXINIT)


def before_kexinit(client):
    skip_kexinit(client)
    return lambda: (client.send(kexinit()), client.send(bytes([ECDH_INIT]) + SHARE)), ECDH_REPLY


def after_kexinit(client):
    skip_kexinit(client)
    client.send(kexinit())
    return lambda: client.send(bytes([ECDH_INIT]) + SHARE), ECDH_REPLY


def before_service(client):
    client.exchange_keys()
    return lambda: client.send(bytes([SERVICE_REQUEST]) + string(b"ssh-userauth")), SERVICE_ACCEPT


def login_begins(client):
    client.exchange_keys().ask_for_userauth()
    return lambda: client.send(userauth_request(b"none", b"")), USERAUTH_FAILURE


SERVER_STATES = [
    ("The server, no strict key exchange: before its KEXINIT", before_kexinit),
    ("The server, no strict key exchange: after its KEXINIT", after_kexinit),
    ("The server: after both NEWKEYS, before the service", before_service),
    ("The server: as the login begins", login_begins),
]


def against_glasshd(cases, table, workspace):
    server = start_glasshd(workspace, ["LoginGraceTime 20", "MaxStartups 500", "PerSourcePenalties no"])
    for section, reach in SERVER_STATES:
        count = 0
        for payload, words, name in probes(table[section]):
            if not is_testable(words):
                continue
            count += 1
            try:
                with RawClient(server.port) as client:
                    go_on, until = reach(client)
                    client.send(payload)
                    check(client, words, go_on, until)
            except Failure as failure:
                with cases.case(f"{section}: {name}"):
                    raise Failure(f"{failure}\n{server.log_tail()}") from None
        with cases.case(f"glasshd. {section}: {count} probes"):
            expect(count >= 20, f"only {count}")
            expect(server.process.poll() is None, server.log_tail)


# --- glassh -------------------------------------------------------------------------------------------------------------


def probe_glassh(workspace, program, server, section, payload, words):
    client = workspace.start([program, "-F", "none", "-p", str(server.port), "-o", "BatchMode=yes",
                              "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                              "GlobalKnownHostsFile=/dev/null", "-o", "IdentityFile=none", "-o", "KexAlgorithms=curve25519-sha256",
                              "127.0.0.1", "true"], stderr=subprocess.DEVNULL)
    with server.accept() as peer:
        peer.hear_identification()
        peer.receive_until(KEXINIT)
        if "after its KEXINIT" in section:
            peer.send(kexinit())
            peer.receive_until(ECDH_INIT)
        peer.send(payload)
        check(peer, words, lambda: peer.send(kexinit()), ECDH_INIT)
    client.wait(timeout=PATIENCE)
    expect(client.returncode == 255, f"glassh ended with status {client.returncode}")


def against_glassh(cases, table, workspace):
    program = our_program("glassh")
    with RawServer() as server:
        for state in ("before its KEXINIT", "after its KEXINIT"):
            section = f"The client, no strict key exchange: {state}"
            count = 0
            for payload, words, name in probes(table[section]):
                # What carries on there would show only behind the keys.
                if not is_testable(words) or ("after" in state and "carries on" in words):
                    continue
                count += 1
                try:
                    probe_glassh(workspace, program, server, section, payload, words)
                except Failure as failure:
                    with cases.case(f"{section}: {name}"):
                        raise failure
            with cases.case(f"glassh. {section}: {count} probes"):
                expect(count >= 20, f"only {count}")


def main():
    cases = Cases()
    table = read_table()
    with Workspace() as workspace:
        with cases.case("a glasshd that tells its states from each other"):
            against_glasshd(cases, table, workspace)
        with cases.case("a glassh that tells its states from each other"):
            against_glassh(cases, table, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
