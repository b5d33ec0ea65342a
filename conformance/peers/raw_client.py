"""A client made by hand, for saying what no proper client says: packets are built from bytes, right or wrong.

It knows one suite, curve25519-sha256 with chacha20-poly1305@openssh.com, written down from RFC 7748, RFC 8439 and OpenSSH's
PROTOCOL.chacha20poly1305 for their shortness, not their speed. It checks no host key and has nothing to hide.
"""

import contextlib
import hashlib
import os
import socket
import struct

from peers.cases import PATIENCE, Failure

DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT, EXT_INFO = 1, 2, 3, 4, 5, 6, 7
KEXINIT, NEWKEYS, ECDH_INIT, ECDH_REPLY, USERAUTH_REQUEST, USERAUTH_FAILURE = 20, 21, 30, 31, 50, 51
IDENTIFICATION = b"SSH-2.0-raw_client"
NAME_LISTS = (b"curve25519-sha256", b"ssh-ed25519", b"chacha20-poly1305@openssh.com", b"chacha20-poly1305@openssh.com",
              b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b"")


def u32(number):
    return struct.pack(">I", number)


def string(data):
    return u32(len(data)) + data


def mpint(number):
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def kexinit(lists=NAME_LISTS, cookie=bytes(16), follows=0, reserved=0):
    return bytes([KEXINIT]) + cookie + b"".join(map(string, lists)) + bytes([follows]) + u32(reserved)


def userauth_request(method, fields, user=b"somebody", service=b"ssh-connection"):
    return bytes([USERAUTH_REQUEST]) + string(user) + string(service) + string(method) + fields


# --- RFC 7748 -------------------------------------------------------------------------------------------------------

PRIME = 2**255 - 19


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little") & ~7 & (2**255 - 1) | 2**254
    x1 = int.from_bytes(point, "little") % 2**255
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        x3, z3 = (d * a + c * b) ** 2 % PRIME, x1 * (d * a - c * b) ** 2 % PRIME
        x2, z2 = a * a * b * b % PRIME, (a * a - b * b) * (a * a + 121665 * (a * a - b * b)) % PRIME
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


# --- RFC 8439, with the 64-bit nonce of the original ----------------------------------------------------------------


def chacha20_block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<Q", counter) + nonce))
    s = start[:]

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] ^= s[x]
            s[z] = (s[z] << turn | s[z] >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, start)))


def chacha20(key, counter, nonce, data):
    blocks = (chacha20_block(key, counter + i, nonce) for i in range(-(-len(data) // 64)))
    return bytes(x ^ y for x, y in zip(data, b"".join(blocks)))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


class Cipher:
    """One direction's keys: the second half of the 64 bytes is for the length."""

    def __init__(self, key):
        self._key, self._length_key = key[:32], key[32:]

    def length(self, sequence_number, data):
        return chacha20(self._length_key, 0, struct.pack(">Q", sequence_number), data)

    def body(self, sequence_number, data):
        return chacha20(self._key, 1, struct.pack(">Q", sequence_number), data)

    def tag(self, sequence_number, data):
        return poly1305(chacha20_block(self._key, 0, struct.pack(">Q", sequence_number))[:32], data)


# --- The connection -------------------------------------------------------------------------------------------------


class RawConnection:
    """Packets, of either role."""

    def __init__(self, connected):
        self._socket = connected
        self._input = self._socket.makefile("rb")
        self._sent = self._received = 0
        self._sealer = self._opener = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._input.close()
        self._socket.close()

    def send_bytes(self, data):
        self._socket.sendall(data)

    def hear_identification(self):
        return self._input.readline().rstrip(b"\r\n")

    def send(self, payload, packet_length=None, padding_length=None):
        """The lengths that are said may be other ones than those that are."""
        before = 5 if self._sealer is None else 1
        padding = 8 - (before + len(payload)) % 8
        padding += 8 if padding < 4 else 0
        length = u32(1 + len(payload) + padding if packet_length is None else packet_length)
        body = bytes([padding if padding_length is None else padding_length]) + payload + bytes(padding)
        if self._sealer:
            sealed = self._sealer.length(self._sent, length) + self._sealer.body(self._sent, body)
            length, body = sealed, self._sealer.tag(self._sent, sealed)
        self._sent += 1
        self.send_bytes(length + body)

    def send_length(self, length):
        """The length of a packet that never comes."""
        said = u32(length)
        self.send_bytes(self._sealer.length(self._sent, said) if self._sealer else said)

    def drain(self):
        """Reads, and understands nothing, until the other side closes."""
        with contextlib.suppress(ConnectionError):
            while self._input.read(65536):
                pass

    def receive(self):
        """The next payload; None at the end of the connection."""
        head = self._input.read(4)
        if len(head) < 4:
            return None
        if self._opener is None:
            body = self._input.read(int.from_bytes(head, "big"))
        else:
            sealed = self._input.read(int.from_bytes(self._opener.length(self._received, head), "big"))
            tag = self._input.read(16)
            if self._opener.tag(self._received, head + sealed) != tag:
                raise Failure("a packet has a wrong tag")
            body = self._opener.body(self._received, sealed)
        self._received += 1
        return body[1:len(body) - body[0]]

    def receive_until(self, number):
        """The next message of that number; Failure if the connection ends before."""
        while (payload := self.receive()) is not None:
            if payload[0] == number:
                return payload
            if payload[0] == DISCONNECT:
                break
        raise Failure(f"no message {number} came, but {payload!r}")

    def disconnect(self):
        """(reason, text) of the DISCONNECT, behind which the connection ends."""
        payload = self.receive_until(DISCONNECT)
        reason, size = struct.unpack_from(">II", payload, 1)
        text = payload[9:9 + size].decode()
        if (after := self._input.read()) != b"":
            raise Failure(f"after the DISCONNECT ({text}) came {after!r}")
        return reason, text


class RawClient(RawConnection):
    def __init__(self, port, identification=IDENTIFICATION + b"\r\n", source=None):
        where_from = source and (source, 0)
        super().__init__(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=where_from))
        self.send_bytes(identification)

    def exchange_keys(self):
        self._server_identification = self.hear_identification()
        return self.rekey()

    def rekey(self):
        """Also the first key exchange. What comes before the server's KEXINIT is not kept."""
        ours = kexinit()
        self.send(ours)
        theirs = self.receive_until(KEXINIT)
        secret = os.urandom(32)
        our_share = x25519(secret, (9).to_bytes(32, "little"))
        self.send(bytes([ECDH_INIT]) + string(our_share))
        reply = self.receive_until(ECDH_REPLY)
        size = int.from_bytes(reply[1:5], "big")
        self.host_key, their_share = reply[5:5 + size], reply[9 + size:41 + size]
        shared = mpint(int.from_bytes(x25519(secret, their_share), "big"))
        parts = (IDENTIFICATION, self._server_identification, ours, theirs, self.host_key, our_share, their_share)
        digest = hashlib.sha256(b"".join(map(string, parts)) + shared).digest()
        self.exchange_hash, self.signature = digest, reply[45 + size:]
        if self._sealer is None:
            self.session_id = digest

        def key(letter):
            first = hashlib.sha256(shared + digest + letter + self.session_id).digest()
            return first + hashlib.sha256(shared + digest + first).digest()

        self.receive_until(NEWKEYS)
        self._opener = Cipher(key(b"D"))
        self.send(bytes([NEWKEYS]))
        self._sealer = Cipher(key(b"C"))
        return self

    def ask_for_userauth(self):
        self.send(bytes([SERVICE_REQUEST]) + string(b"ssh-userauth"))
        self.receive_until(SERVICE_ACCEPT)
        return self
