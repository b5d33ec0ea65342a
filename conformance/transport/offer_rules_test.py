"""The KEXINIT of glasshd and of glassh, by default and when all that they have is asked for, offers nothing that the RFCs forbid.
What they do not have cannot be configured.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, glassh, start_glasshd
from peers.raw_client import KEXINIT, RawClient
from peers.raw_server import RawServer
from peers.workspace import our_program

KEYWORDS = {"kex": "KexAlgorithms", "cipher": "Ciphers", "mac": "MACs"}
# The key's bits are in the name, but for ChaCha20's 256.
CIPHER = re.compile(r"aes(\d+)-(?:ctr|gcm@openssh\.com)|chacha20-poly1305@openssh\.com")
WEAK_METHODS = ("rsa1024-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1")
FORBIDDEN = {"Ciphers": ("arcfour", "arcfour128", "arcfour256"), "KexAlgorithms": WEAK_METHODS}


def lists(payload):
    """The key exchanges and the ciphers, both directions' together."""
    found, at = [], 17
    for _ in range(10):
        size = int.from_bytes(payload[at:at + 4], "big")
        found.append(payload[at + 4:at + 4 + size].decode().split(","))
        at += 4 + size
    return found[0], found[2] + found[3]


def everything(workspace):
    """Settings that ask for all that our programs have."""
    listed = {kind: workspace.run([our_program("glassh"), "-Q", kind]).out.decode().split() for kind in KEYWORDS}
    expect(all(listed.values()), listed)
    return [f"{keyword} {','.join(listed[kind])}" for kind, keyword in KEYWORDS.items()]


def servers_offer(workspace, settings):
    server = start_glasshd(workspace, settings)
    with RawClient(server.port) as client:
        client.hear_identification()
        offer = lists(client.receive_until(KEXINIT))
    server.stop()
    return offer


def clients_offer(workspace, settings):
    with RawServer() as server:
        settings = [f"-o{each}" for each in settings]
        client = workspace.start(glassh(*settings, "-p", str(server.port), *client_options(workspace), "127.0.0.1", "true"),
                                 stderr=subprocess.DEVNULL)
        with server.accept() as peer:
            peer.hear_identification()
            offer = lists(peer.receive_until(KEXINIT))
        expect_equal(client.wait(timeout=PATIENCE), 255)
    return offer


def main():
    cases = Cases()
    with Workspace() as workspace:
        for what, settings in (("by default", []), ("asked for all it has", everything(workspace))):
            for name, offer_of in (("glasshd", servers_offer), ("glassh", clients_offer)):
                with cases.case(f"{name}, {what}: no cipher with a key of less than 128 bits, none that is arcfour, and no weak "
                                "key exchange [4253-6.3-4] [8758-2-1] [8758-2-2] [9142-3.2.1-3] [9142-3.3-1] [9142-3.4-2] [9142-3.4-3]"):
                    methods, ciphers = offer_of(workspace, settings)
                    expect("aes128-ctr" in ciphers and "curve25519-sha256" in methods, methods, ciphers)
                    for cipher in ciphers:
                        known = CIPHER.fullmatch(cipher)
                        expect(known and int(known[1] or 256) >= 128, cipher)
                    expect(not set(WEAK_METHODS) & set(methods), methods)
        for keyword, names in FORBIDDEN.items():
            for forbidden in names:
                with cases.case(f"{keyword} {forbidden} is refused by both, and the message lists what there is"):
                    for program, words in (("glasshd", ["-T"]), ("glassh", ["-G", "host"])):
                        done = workspace.run([our_program(program), f"-o{keyword}={forbidden}", *words])
                        expect(done.status != 0 and f"'{forbidden}'" in done.err and "; supported: " in done.err, done)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
