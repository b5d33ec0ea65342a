"""64 MiB through stdin and back with OpenSSH, both ways: equal checksums, also with a rekey each MiB from either side.

While data flow to it, our side asks how long the path is.
"""

import hashlib
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, glassh, ssh, start_glasshd, start_sshd

SIZE = 64 << 20
REKEY = "RekeyLimit 1M"
CIPHERS = ("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr")

# Each new set of keys, in the words of the client's -v; the first one is the handshake's.
NEW_KEYS = {ssh: r"^debug1: SSH2_MSG_NEWKEYS received", glassh: r"^debug1: keys: both directions now use"}


def transfer(workspace, data, client, server, cipher, flags=()):
    """Returns how often the keys were changed."""
    result = workspace.run(client("-v", "-c", cipher, *flags, *client_options(workspace, server), "127.0.0.1", "cat"),
                           input=data, timeout=120)
    expect_equal(result.status, 0, result.err[-3000:], server.log_tail)
    expect_equal(len(result.out), SIZE, result.err[-3000:], server.log_tail)
    expect_equal(hashlib.sha256(result.out).hexdigest(), hashlib.sha256(data).hexdigest())
    return len(re.findall(NEW_KEYS[client], result.err, re.MULTILINE)) - 1


def one_way(cases, workspace, data, name, client, start):
    client_rekeys = ["-o", REKEY.replace(" ", "=")]
    for who, settings, flags in (("nobody", [], []), ("the client", [], client_rekeys), ("the server", [REKEY], []),
                                 ("both sides", [REKEY], client_rekeys)):
        with cases.case(f"{name}: a server with {who} rekeying starts and stays"):
            server = start(workspace, settings, level="INFO")
            # With nobody rekeying one cipher is enough; the suites are tried elsewhere.
            for cipher in CIPHERS[:1] if who == "nobody" else CIPHERS:
                with cases.case(f"{name}: 64 MiB there and back with {cipher}, {who} rekeying each MiB"):
                    rekeys = transfer(workspace, data, client, server, cipher, flags)
                    expect(rekeys == 0 if who == "nobody" else rekeys >= 48, f"the keys were changed {rekeys} times")
            expect_equal(server.process.poll(), None, server.log_tail)
            server.stop()


# How each client's log tells of a question that the receiver of data asks to learn how long the path is: what glasshd
# asks ssh, and what glassh asks glasshd (192 is a PING).
QUESTIONS = {ssh: r"rtype keepalive@openssh\.com want_reply 1", glassh: r"send packet: type 192"}


def questions(cases, workspace, data):
    """Asked while data flow, and never in a session of a few lines."""
    server = start_glasshd(workspace)
    for client, bulk in ((ssh, "cat >/dev/null"), (glassh, f"head -c {len(data)} /dev/zero")):
        for command, stdin, asked in ((bulk, data, True), ("cat; echo hello", b"a few lines\n" * 20, False)):
            when = "is asked about while data flow" if asked else "is not asked about in a session of a few lines"
            with cases.case(f"{client.__name__} and glasshd: the length of the path {when}"):
                result = workspace.run(client("-vvv", *client_options(workspace, server), "127.0.0.1", command), input=stdin,
                                       timeout=120)
                expect_equal(result.status, 0, result.err[-3000:], server.log_tail)
                expect_equal(re.search(QUESTIONS[client], result.err) is not None, asked, result.err[-3000:], server.log_tail)
    server.stop()


def main():
    cases = Cases()
    data = os.urandom(SIZE)
    with Workspace() as workspace:
        questions(cases, workspace, data[:16 << 20])
        one_way(cases, workspace, data, "ssh to glasshd", ssh, start_glasshd)
        one_way(cases, workspace, data, "glassh to sshd", glassh, start_sshd)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
