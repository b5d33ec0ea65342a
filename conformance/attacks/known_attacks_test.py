"""Past vulnerabilities that show only in the programs themselves (conformance/known_attacks/README.md)."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, expect, expect_equal, expect_log, start_glasshd
from peers.raw_client import (DISCONNECT, ECDH_INIT, ECDH_REPLY, KEXINIT, USERAUTH_FAILURE, RawClient, kexinit,
                              string, u32, userauth_request)
from peers.raw_server import RawServer
from peers.workspace import our_program

FORMATS = [b"%n%n%n%n%s%s%s%s", b"%p.%08x.%1000000d", b"{}{0}{:>1000000}{", b"%%n${IFS}$(id)`id`", b"\x1b]0;title\x07\r\n%s"]
SHARE = string(b"\x09" + bytes(31))


def printable(text):
    """What must stand in a log of text that is no control character."""
    return text.partition(b"\x1b")[0].decode()


def formats_for_glasshd(cases, workspace):
    server = start_glasshd(workspace, ["MaxStartups 500", "PerSourcePenalties no"])
    for text in FORMATS:
        # Past vulnerability 63: what a peer says is never a format, wherever it says it.
        with cases.case(f"glasshd: {text} as a user, a service, a method, an algorithm, a reason to leave"):
            with RawClient(server.port) as client:
                client.exchange_keys().ask_for_userauth()
                client.send(userauth_request(b"none", b"", user=text))
                client.receive_until(USERAUTH_FAILURE)
                client.send(userauth_request(text, text, user=text))
                client.receive_until(USERAUTH_FAILURE)
                client.send(userauth_request(b"publickey", b"\1" + string(text) + string(text) + string(text), user=text))
                client.receive_until(USERAUTH_FAILURE)
                client.send(bytes([DISCONNECT]) + u32(11) + string(text) + string(text))
                client.receive()
            with RawClient(server.port) as client:
                client.exchange_keys().ask_for_userauth()
                client.send(userauth_request(b"none", b"", service=text))
                reason, said = client.disconnect()
                expect_equal(reason, 7)
                expect(printable(text) in said, f"no {printable(text)!r} in {said!r}")
            with RawClient(server.port, identification=b"SSH-2.0-" + printable(text).encode() + b"\r\n") as client:
                client.hear_identification()
                client.send(kexinit([printable(text).encode() or b"x"] * 8 + [b""] * 2))
                client.disconnect()
            expect_log(server, printable(text))
            log = server.log()
            expect("\x1b" not in log and "\x07" not in log, "a control character in the log")
            expect_equal(server.process.poll(), None, server.log_tail)


# --- glassh -------------------------------------------------------------------------------------------------------------


def start_glassh(workspace, server, log):
    return workspace.start([our_program("glassh"), "-v", "-F", "none", "-p", str(server.port), "-o", "BatchMode=yes",
                            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                            "GlobalKnownHostsFile=/dev/null", "-o", "IdentityFile=none", "-o", "KexAlgorithms=curve25519-sha256",
                            "127.0.0.1", "true"], stderr=log)


def formats_for_glassh(cases, workspace, server):
    for text in FORMATS:
        # Past vulnerability 63, the other way round.
        with cases.case(f"glassh: {text} in front of the identification, in DEBUG, as a reason to leave [4251-9.2-1]"):
            path = workspace.fresh("glassh.log")
            with open(path, "wb") as log:
                client = start_glassh(workspace, server, log)
            with server.accept(text.replace(b"\r\n", b"") + b"\r\nSSH-2.0-raw\r\n") as peer:
                peer.hear_identification()
                peer.receive_until(KEXINIT)
                peer.send(bytes([4, 1]) + string(text) + string(text))
                peer.send(bytes([DISCONNECT]) + u32(2) + string(text) + string(text))
                peer.receive()
            expect_equal(client.wait(timeout=PATIENCE), 255)
            with open(path, "rb") as log:
                said = log.read()
            expect(printable(text).encode() in said, f"no {printable(text)!r} in", said)
            expect(b"\x1b" not in said and b"\x07" not in said, "a control character on the terminal:", said)


def one_handshake(server):
    """(cookie, share) of the server."""
    with RawClient(server.port) as client:
        client.hear_identification()
        cookie = client.receive_until(KEXINIT)[1:17]
        client.send(kexinit())
        client.send(bytes([ECDH_INIT]) + SHARE)
        reply = client.receive_until(ECDH_REPLY)
        size = int.from_bytes(reply[1:5], "big")
        return cookie, reply[9 + size:41 + size]


def randomness(cases, workspace, server_by_hand):
    # Past vulnerability 79: what is random is so in each process and each connection.
    with cases.case("glasshd: no cookie and no share comes twice"):
        server = start_glasshd(workspace, ["MaxStartups 500", "PerSourcePenalties no"])
        seen = [value for _ in range(50) for value in one_handshake(server)]
        expect_equal(len(set(seen)), 100)
    with cases.case("glassh: no cookie and no share comes twice"):
        seen = []
        for _ in range(10):
            with open(workspace.fresh("glassh.log"), "wb") as log:
                client = start_glassh(workspace, server_by_hand, log)
            with server_by_hand.accept() as peer:
                peer.hear_identification()
                seen.append(peer.receive_until(KEXINIT)[1:17])
                peer.send(kexinit())
                seen.append(peer.receive_until(ECDH_INIT)[5:37])
            client.wait(timeout=PATIENCE)
        expect_equal(len(set(seen)), 20)


def main():
    cases = Cases()
    with Workspace() as workspace, RawServer() as server_by_hand:
        with cases.case("the programs live through all of it"):
            formats_for_glasshd(cases, workspace)
            formats_for_glassh(cases, workspace, server_by_hand)
            randomness(cases, workspace, server_by_hand)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
