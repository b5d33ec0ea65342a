"""What a client may get wrong before it has logged in: each mistake ends its connection, the server says which and lives on.

The DISCONNECT names the message and the field, or the packet and its length. After each case another client logs in.
"""

import os
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, expect_log, ssh, start_glasshd, wait_until
from peers.raw_client import (DEBUG, ECDH_INIT, ECDH_REPLY, KEXINIT, NAME_LISTS, NEWKEYS, SERVICE_REQUEST,
                              UNIMPLEMENTED, USERAUTH_FAILURE, USERAUTH_REQUEST, RawClient, kexinit, mpint, string, u32,
                              userauth_request)


def one(number, *parts):
    return bytes([number]) + b"".join(parts)


GOOD = kexinit()
PROTOCOL_ERROR = 2
GROUP_EXCHANGE = (b"diffie-hellman-group-exchange-sha256", one(34, u32(2048) * 3))
ED25519 = string(string(b"ssh-ed25519") + string(bytes(32)))


def lists(index, value):
    changed = list(NAME_LISTS)
    changed[index] = value
    return kexinit(changed)


# What is sent, after the server's and our identification: payloads, of which the last is wrong. Then the reason and words
# of the DISCONNECT's text.
KEX_CASES = [
    ("KEXINIT with nothing in it", [one(KEXINIT)], 2, ["SSH_MSG_KEXINIT", "cookie"]),
    ("KEXINIT cut off in its cookie", [GOOD[:10]], 2, ["SSH_MSG_KEXINIT", "cookie"]),
    ("KEXINIT cut off in a length", [GOOD[:19]], 2, ["SSH_MSG_KEXINIT", "kex_algorithms"]),
    ("KEXINIT cut off in a name-list", [GOOD[:25]], 2, ["SSH_MSG_KEXINIT", "kex_algorithms"]),
    ("KEXINIT cut off before reserved", [GOOD[:-4]], 2, ["SSH_MSG_KEXINIT", "reserved"]),
    ("KEXINIT with bytes behind its end", [GOOD + b"more"], 2, ["SSH_MSG_KEXINIT", "4 bytes after the last field"]),
    ("KEXINIT with a name-list longer than the packet", [GOOD[:17] + u32(0xFFFFFFFF) + GOOD[21:]], 2,
     ["SSH_MSG_KEXINIT", "kex_algorithms"]),
    ("KEXINIT with an empty name", [lists(2, b"aes128-ctr,,aes256-ctr")], 2,
     ["SSH_MSG_KEXINIT", "encryption_algorithms_client_to_server"]),
    ("KEXINIT with a name of 65 characters", [lists(1, b"x" * 65)], 2, ["SSH_MSG_KEXINIT", "server_host_key_algorithms"]),
    ("KEXINIT with a name that is not ASCII", [lists(0, b"curve\xff")], 2, ["SSH_MSG_KEXINIT", "kex_algorithms"]),
    ("KEXINIT with reserved set", [kexinit(reserved=1)], 2, ["SSH_MSG_KEXINIT", "reserved"]),
    ("no key exchange in common", [lists(0, b"diffie-hellman-group1-sha1")], 3, ["SSH_MSG_KEXINIT", "kex_algorithms", "group1-sha1"]),
    ("no host key algorithm in common", [lists(1, b"ssh-dss")], 3, ["SSH_MSG_KEXINIT", "server_host_key_algorithms", "ssh-dss"]),
    ("no cipher in common", [lists(3, b"3des-cbc")], 3, ["SSH_MSG_KEXINIT", "encryption_algorithms_server_to_client", "3des-cbc"]),
    ("no MAC in common", [kexinit([*NAME_LISTS[:2], b"aes128-ctr", b"aes128-ctr", b"hmac-md5", *NAME_LISTS[5:]])], 3,
     ["SSH_MSG_KEXINIT", "mac_algorithms_client_to_server", "hmac-md5"]),
    ("no compression in common", [lists(6, b"zlib")], 3, ["SSH_MSG_KEXINIT", "compression_algorithms_client_to_server", "zlib"]),
    ("two KEXINITs", [GOOD, GOOD], 2, ["KEXINIT"]),
    ("ECDH_INIT before KEXINIT", [one(ECDH_INIT, string(bytes(32)))], 2, ["message 30", "no key exchange method that was negotiated"]),
    ("NEWKEYS before KEXINIT", [one(NEWKEYS)], 2, ["SSH_MSG_NEWKEYS"]),
    ("NEWKEYS instead of ECDH_INIT", [GOOD, one(NEWKEYS)], 2, ["NEWKEYS"]),
    ("a server's ECDH_REPLY", [GOOD, one(31, string(b""), string(b""), string(b""))], 2, ["31"]),
    ("ECDH_INIT with nothing in it", [GOOD, one(ECDH_INIT)], 2, ["SSH_MSG_KEX_ECDH_INIT", "Q_C"]),
    ("ECDH_INIT with a share cut off", [GOOD, one(ECDH_INIT, u32(32), bytes(31))], 2, ["SSH_MSG_KEX_ECDH_INIT", "Q_C"]),
    ("ECDH_INIT with a share of 31 bytes", [GOOD, one(ECDH_INIT, string(b"\x09" * 31))], 3, ["Q_C", "31"]),
    ("ECDH_INIT with a share of no bytes", [GOOD, one(ECDH_INIT, string(b""))], 3, ["Q_C", "0"]),
    ("ECDH_INIT with a point of small order", [GOOD, one(ECDH_INIT, string(bytes(32)))], 3, ["Q_C", "small order"]),
    ("ECDH_INIT with bytes behind its end", [GOOD, one(ECDH_INIT, string(b"\x09" * 32), b"x")], 2,
     ["SSH_MSG_KEX_ECDH_INIT", "1 bytes after the last field"]),
    ("SERVICE_REQUEST before there are keys", [one(SERVICE_REQUEST, string(b"ssh-userauth"))], 2,
     ["SSH_MSG_SERVICE_REQUEST"]),
    ("USERAUTH_REQUEST before there are keys", [GOOD, userauth_request(b"none", b"")], 2,
     ["SSH_MSG_USERAUTH_REQUEST"]),
    ("a channel before there are keys", [one(90, string(b"session"), u32(0), u32(1), u32(1))], 2,
     ["SSH_MSG_CHANNEL_OPEN"]),
    ("DEBUG with a text longer than the packet", [one(DEBUG, b"\x01", u32(1 << 31), b"text")], 2,
     ["SSH_MSG_DEBUG", "message"]),
]

# The lengths of a packet, said against what is sent; the payload is a good KEXINIT.
LENGTH_CASES = [
    ("packet_length 0", {"packet_length": 0}, ["packet_length", "0"]),
    ("packet_length 5", {"packet_length": 5}, ["packet_length", "5"]),
    ("packet_length that fills no blocks", {"packet_length": 301}, ["packet_length", "301"]),
    ("packet_length 2^32-1, then silence", {"packet_length": 0xFFFFFFFF}, ["packet_length", "4294967295"]),
    ("packet_length of 2 MiB", {"packet_length": (2 << 20) + 4}, ["packet_length", "2097156"]),
    ("padding_length 3", {"padding_length": 3}, ["padding_length", "3"]),
    ("padding_length 255, more than the packet", {"padding_length": 255, "payload": b"\x15"}, ["padding_length", "255"]),
]

# Behind the key exchange, before the service is asked for.
SERVICE_CASES = [
    ("SERVICE_REQUEST with nothing in it", one(SERVICE_REQUEST), 2, ["SSH_MSG_SERVICE_REQUEST", "service_name"]),
    ("SERVICE_REQUEST cut off", one(SERVICE_REQUEST, u32(12), b"ssh-"), 2, ["SSH_MSG_SERVICE_REQUEST", "service_name"]),
    ("SERVICE_REQUEST for a service that is not there", one(SERVICE_REQUEST, string(b"ssh-banana")), 7,
     ["SSH_MSG_SERVICE_REQUEST", "service_name", "ssh-banana"]),
    ("SERVICE_REQUEST for the connection, without a login", one(SERVICE_REQUEST, string(b"ssh-connection")), 7,
     ["SSH_MSG_SERVICE_REQUEST", "service_name"]),
    ("USERAUTH_REQUEST before its service", userauth_request(b"none", b""), 2, ["SSH_MSG_USERAUTH_REQUEST"]),
    ("a channel before the login", one(90, string(b"session"), u32(0), u32(1), u32(1)), 2, ["SSH_MSG_CHANNEL_OPEN"]),
    ("NEWKEYS without a key exchange", one(NEWKEYS), 2, ["NEWKEYS"]),
]

# During authentication: the tails of USERAUTH_REQUEST. The reason, and words of the text.
AUTH_CASES = [
    ("USERAUTH_REQUEST with nothing in it", one(USERAUTH_REQUEST), 2, ["SSH_MSG_USERAUTH_REQUEST", "user_name"]),
    ("USERAUTH_REQUEST cut off", one(USERAUTH_REQUEST, string(b"somebody"), u32(14), b"ssh"), 2,
     ["SSH_MSG_USERAUTH_REQUEST", "service_name"]),
    ("USERAUTH_REQUEST with a length of 2^32-1", one(USERAUTH_REQUEST, u32(0xFFFFFFFF)), 2,
     ["SSH_MSG_USERAUTH_REQUEST", "user_name"]),
    ("USERAUTH_REQUEST for another service", userauth_request(b"none", b"", service=b"ssh-banana"), 7,
     ["SSH_MSG_USERAUTH_REQUEST", "service_name", "ssh-banana"]),
    ("none with bytes behind its end", userauth_request(b"none", b"more"), 2, ["4 bytes after the last field"]),
    ("publickey with nothing in it", userauth_request(b"publickey", b""), 2, ["publickey", "has_signature"]),
    ("publickey without an algorithm", userauth_request(b"publickey", b"\0"), 2, ["publickey", "algorithm"]),
    ("publickey with a key cut off", userauth_request(b"publickey", b"\0" + string(b"ssh-ed25519") + u32(51) + bytes(50)), 2,
     ["publickey", "public_key"]),
    ("publickey that promises a signature and has none",
     userauth_request(b"publickey", b"\1" + string(b"ssh-ed25519") + ED25519), 2, ["publickey", "signature"]),
    ("publickey with a signature that it denies",
     userauth_request(b"publickey", b"\0" + string(b"ssh-ed25519") + ED25519 + string(b"signature")), 2,
     ["publickey", "bytes after the last field"]),
    ("a channel instead of a login", one(90, string(b"session"), u32(0), u32(1), u32(1)), 2, ["SSH_MSG_CHANNEL_OPEN"]),
    ("an answer that only servers give", one(52), 2, ["SSH_MSG_USERAUTH_SUCCESS"]),
]

# Wrong in themselves, but inside a string that is right: the attempt fails, the connection does not.
REFUSED_KEYS = [
    ("a key blob with nothing in it", string(b"")),
    ("a key blob of garbage", string(b"\xff" * 40)),
    ("an ed25519 key of 31 bytes", string(string(b"ssh-ed25519") + string(bytes(31)))),
    ("an rsa key for ssh-ed25519", string(string(b"ssh-rsa") + string(b"\3") + string(b"\1" * 256))),
    ("a key blob with bytes behind its end", string(string(b"ssh-ed25519") + string(bytes(32)) + b"x")),
]

IDENTIFICATION_CASES = [
    ("version 1", b"SSH-1.5-old\n", ["SSH-1.5-old"]),
    ("garbage", b"\x00\xff\x13garbage\r\n", ["identification"]),
    ("another protocol", b"GET / HTTP/1.1\r\n\r\n", ["identification"]),
    ("256 bytes and more", b"SSH-2.0-" + b"x" * 300 + b"\r\n", ["identification", "255"]),
    ("no end of line", b"SSH-2.0-" + b"x" * 100000, ["identification"]),
]


class Victim:
    """The server, and that it still lets people in."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.server = start_glasshd(workspace)
        self.login = ssh(*client_options(workspace, self.server), "127.0.0.1", "exit 42")

    def connect(self, **how):
        return RawClient(self.server.port, **how)

    def lives(self):
        result = self.workspace.run(self.login, timeout=PATIENCE)
        expect_equal(result.status, 42, "another client's login:", result, self.server.log_tail)

    def ends(self, client, reason, words):
        """The client's connection ends with that DISCONNECT; nobody else's does."""
        got, text = client.disconnect()
        expect_equal(got, reason, f"the text was: {text}")
        for word in words:
            expect(word in text, f"no '{word}' in '{text}'")
        expect_log(self.server, text)
        self.lives()


def before_keys(cases, victim):
    for what, payloads, reason, words in KEX_CASES:
        with cases.case(what), victim.connect() as client:
            client.hear_identification()
            for payload in payloads:
                client.send(payload)
            victim.ends(client, reason, words)
    for what, lengths, words in LENGTH_CASES:
        with cases.case(what), victim.connect() as client:
            client.hear_identification()
            payload = lengths.get("payload", GOOD)
            client.send(payload, **{name: value for name, value in lengths.items() if name != "payload"})
            victim.ends(client, PROTOCOL_ERROR, words)


    # RFC 4253 section 7.1 [4253-7.1-26]: nor is a guess at a method that we do not have; but that is one packet.
    for guess, payload in ((b"diffie-hellman-group14-sha256", one(30, mpint(5))), GROUP_EXCHANGE):
        with cases.case(f"a wrong guess of {guess.decode()} is ignored"), victim.connect() as client:
            client.hear_identification()
            client.send(kexinit([guess + b"," + NAME_LISTS[0], *NAME_LISTS[1:]], follows=1))
            client.send(payload)
            client.send(one(ECDH_INIT, string(b"\x09" + bytes(31))))
            client.receive_until(ECDH_REPLY)
            victim.lives()
    with cases.case("a second message of the method that was guessed"), victim.connect() as client:
        guess, payload = GROUP_EXCHANGE
        client.hear_identification()
        client.send(kexinit([guess + b"," + NAME_LISTS[0], *NAME_LISTS[1:]], follows=1))
        client.send(payload)
        client.send(payload)
        victim.ends(client, PROTOCOL_ERROR, ["message 34"])
    for number in (0, 8, 255):
        # RFC 4253 section 11.4 [4253-11.4-1]: not known is not wrong.
        with cases.case(f"message {number}, which nobody knows: UNIMPLEMENTED"), victim.connect() as client:
            client.hear_identification()
            client.send(one(number, b"whatever"))
            expect_equal(client.receive_until(UNIMPLEMENTED), one(UNIMPLEMENTED, u32(0)))
            client.send(GOOD)
            client.send(GOOD)
            victim.ends(client, PROTOCOL_ERROR, ["KEXINIT"])


def before_login(cases, victim):
    for what, payload, reason, words in SERVICE_CASES:
        with cases.case(what), victim.connect() as client:
            client.exchange_keys().send(payload)
            victim.ends(client, reason, words)
    for what, payload, reason, words in AUTH_CASES:
        with cases.case(what), victim.connect() as client:
            client.exchange_keys().ask_for_userauth().send(payload)
            victim.ends(client, reason, words)
    for what, key in REFUSED_KEYS:
        for signed, tail in ((b"\0", b""), (b"\1", string(b"no signature"))):
            with cases.case(f"{what}, {'with' if tail else 'without'} a signature"), victim.connect() as client:
                client.exchange_keys().ask_for_userauth()
                client.send(userauth_request(b"publickey", signed + string(b"ssh-ed25519") + key + tail))
                client.receive_until(USERAUTH_FAILURE)
                victim.lives()
    with cases.case("the user's name changes between two requests"), victim.connect() as client:
        client.exchange_keys().ask_for_userauth()
        client.send(userauth_request(b"none", b"", user=b"first"))
        client.receive_until(USERAUTH_FAILURE)
        client.send(userauth_request(b"none", b"", user=b"second"))
        victim.ends(client, PROTOCOL_ERROR, ["SSH_MSG_USERAUTH_REQUEST", "user_name", "first", "second"])
    with cases.case("a second SERVICE_REQUEST begins nothing anew"), victim.connect() as client:
        client.exchange_keys()
        for _ in range(6):
            client.ask_for_userauth()
            client.send(userauth_request(b"none", b""))
            client.receive_until(USERAUTH_FAILURE)
        client.ask_for_userauth()
        client.send(userauth_request(b"none", b""))
        victim.ends(client, 14, ["Too many authentication failures"])
    with cases.case("a forged packet"), victim.connect() as client:
        client.exchange_keys().send_bytes(bytes(64))
        client.disconnect()
        victim.lives()


def identifications(cases, victim):
    for what, line, words in IDENTIFICATION_CASES:
        with cases.case(f"identification: {what}"), victim.connect(identification=line) as client:
            client.hear_identification()
            _, text = client.disconnect()
            for word in words:
                expect(word in text, f"no '{word}' in '{text}'")
            victim.lives()


def silence(cases, workspace):
    with cases.case("a server with LoginGraceTime 1 starts and stays"):
        server = start_glasshd(workspace, ["LoginGraceTime 1"])
        for what, say in (("nothing", []), ("an identification", [b"SSH-2.0-silent\r\n"]),
                          ("half a packet", [b"SSH-2.0-silent\r\n", u32(1004) + bytes(100)])):
            with cases.case(f"{what}, then silence: LoginGraceTime ends it"):
                begun = time.monotonic()
                with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
                    for data in say:
                        client.sendall(data)
                    while client.recv(65536):
                        pass
                expect(time.monotonic() - begun > 0.8, f"it took {time.monotonic() - begun:.1f} seconds")
        with cases.case("a client that only half connects: nothing is left of it"):
            for _ in range(20):
                socket.create_connection(("127.0.0.1", server.port)).close()
            wait_until(lambda: server.log().count("Connection closed by") >= 20, "20 ends", server.log_tail)
            wait_until(lambda: server.sockets() == 1, "all sockets but the listening one are closed", server.log_tail)
        expect_equal(server.process.poll(), None, server.log_tail)


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("one server lives through all of it"):
            victim = Victim(workspace)
            before_keys(cases, victim)
            before_login(cases, victim)
            identifications(cases, victim)
            expect_equal(victim.server.process.poll(), None, victim.server.log_tail)
        silence(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
