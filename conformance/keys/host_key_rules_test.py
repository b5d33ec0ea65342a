"""glasshd's host keys, asked for by a client made by hand: RFC 4251 section 4.1 and OpenSSH's PROTOCOL section 2.5."""

import base64
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, expect, expect_equal, start_glasshd
from peers.channel_client import GLOBAL_REQUEST, REQUEST_FAILURE, ChannelClient, split
from peers.logins import PASSWORD, crypt, password_file, with_passwords
from peers.raw_client import RawClient, string
from peers.raw_server import verify
from peers.servers import glasshd_configuration
from peers.workspace import our_program

NAMES = ("first", "second", "third")
PROVE = b"hostkeys-prove-00@openssh.com"


def blob(workspace, name, kind="ed25519"):
    return base64.b64decode(workspace.public_key(name, kind).split()[1])


def signed_by(host_key, data, signature):
    """An ssh-ed25519 key and a signature as they are sent."""
    kind, public, _ = split(host_key, "s", "s")
    algorithm, plain, rest = split(signature, "s", "s")
    expect_equal((kind, algorithm, rest), (b"ssh-ed25519", b"ssh-ed25519", b""))
    return verify(public, data, plain)


def own_key(cases, workspace, server):
    with cases.case("glasshd without a host key does not start, and says why [4251-4.1-1]"):
        broken = workspace.file("broken-key", "this is no key\n")
        for path in ("/nonexistent/key", broken):
            configuration = glasshd_configuration(workspace, [f"HostKey {path}"], host_kinds=())
            for flags in (["-D", "-e"], ["-t"]):
                result = workspace.run([our_program("glasshd"), *flags, "-f", configuration])
                expect_equal((result.status, "no hostkeys available" in result.err), (1, True), result)
    with cases.case("the host key signs the key exchange, and each later one [4251-4.1-1]"), RawClient(server.port) as client:
        client.exchange_keys()
        hashes = set()
        for _ in range(3):
            expect_equal(client.host_key, blob(workspace, "first"))
            expect(signed_by(client.host_key, client.exchange_hash, client.signature))
            hashes.add(client.exchange_hash)
            client.rekey()
        expect_equal(len(hashes), 3)


def items(data):
    found = []
    while data:
        item, data = split(data, "s")
        found.append(item)
    return found


def announcement(client):
    """(want_reply, keys)"""
    while True:
        name, rest = split(client.hear(GLOBAL_REQUEST)[1:], "s")
        if name == b"hostkeys-00@openssh.com":
            return rest[0], items(rest[1:])


def proofs(cases, workspace, server):
    keys = [blob(workspace, name) for name in NAMES]

    def data(client, key):
        return string(PROVE) + string(client.session_id) + string(key)

    with cases.case("after the login all host keys are announced, none twice, and no answer is wanted [openssh-hostkeys-2.5-1]"), \
            ChannelClient(server) as client:
        expect_equal(announcement(client), (0, [*keys, blob(workspace, "rsa", "rsa")]))
        client.ask(b"keepalive@openssh.com")
        while (payload := client.receive())[0] != REQUEST_FAILURE:
            expect(payload[0] != GLOBAL_REQUEST, "a second announcement", payload)
    with cases.case("each key that is asked for signs the name, the first exchange's hash and itself, in order [openssh-hostkeys-2.5-2]"), \
            ChannelClient(server) as client:
        announcement(client)
        client.rekey()  # the session identifier stays
        asked = [keys[2], keys[0], keys[1]]
        client.ask(PROVE, *map(string, asked))
        signatures = items(client.answer())
        expect_equal(len(signatures), 3)
        for key, signature in zip(asked, signatures, strict=True):
            expect(signed_by(key, data(client, key), signature))
            expect(not signed_by(key, data(client, keys[0] if key != keys[0] else keys[1]), signature), "any data would do")
    with cases.case("nothing is signed for a key that is not the server's [openssh-hostkeys-2.5-2]"), ChannelClient(server) as client:
        announcement(client)
        for wanted in ([blob(workspace, "stranger")], [keys[0], blob(workspace, "stranger")], [b"no key"]):
            client.ask(PROVE, *map(string, wanted))
            expect_equal(client.answer(), None)


def main():
    cases = Cases()
    with Workspace() as workspace:
        files = [workspace.key(name) for name in NAMES] + [workspace.key("rsa", "rsa"), workspace.key("first")]
        passwords = password_file(workspace, f"{USER}:{crypt(PASSWORD)}")
        server = start_glasshd(workspace, [*(f"HostKey {path}" for path in files), *with_passwords(passwords)], host_kinds=())
        own_key(cases, workspace, server)
        proofs(cases, workspace, server)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
