"""A server made by hand, raw_client's twin: for saying to a client what no proper server says.

It listens on a port that the system chose and knows raw_client's one suite. Its host key is an ed25519 key that everybody
knows, with which it signs as RFC 8032 says, again for shortness, not for speed.
"""

import hashlib
import os
import socket

from peers.cases import PATIENCE
from peers.raw_client import (ECDH_INIT, ECDH_REPLY, KEXINIT, NEWKEYS, SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_REQUEST,
                              Cipher, RawConnection, kexinit, mpint, string, x25519)

IDENTIFICATION = b"SSH-2.0-raw_server"
USERAUTH_SUCCESS = 52

# --- RFC 8032 -------------------------------------------------------------------------------------------------------

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME


def recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return x if x % 2 == 0 else PRIME - x


BASE = (recover_x(BASE_Y), BASE_Y, 1, recover_x(BASE_Y) * BASE_Y % PRIME)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def compress(point):
    inverse = pow(point[2], PRIME - 2, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


class SigningKey:
    def __init__(self, seed=bytes(range(32))):
        digest = hashlib.sha512(seed).digest()
        self._scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self._prefix = digest[32:]
        self.public = compress(multiply(self._scalar, BASE))

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self._prefix + message).digest(), "little") % ORDER
        point = compress(multiply(r, BASE))
        h = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little") % ORDER
        return point + ((r + h * self._scalar) % ORDER).to_bytes(32, "little")

    def blob(self):
        return string(b"ssh-ed25519") + string(self.public)


def decompress(data):
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255, number >> 255
    x = recover_x(y)
    x = x if x % 2 == sign else PRIME - x
    return (x, y, 1, x * y % PRIME)


def verify(public, message, signature):
    """Whether it is the Ed25519 signature of that key, each as plain bytes."""
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left = multiply(int.from_bytes(signature[32:], "little"), BASE)
    return compress(left) == compress(add(decompress(signature[:32]), multiply(h, decompress(public))))


# --- The server -----------------------------------------------------------------------------------------------------


class RawServer:
    """Listens; accept() gives the connections."""

    def __init__(self):
        self.key = SigningKey()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE)
        self.port = self._listening.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listening.close()

    def accept(self, identification=IDENTIFICATION + b"\r\n"):
        connection, _ = self._listening.accept()
        connection.settimeout(PATIENCE)
        return ServedClient(connection, self.key, identification)


class ServedClient(RawConnection):
    """One client, from the server's side."""

    def __init__(self, connection, key, identification):
        super().__init__(connection)
        self._key = key
        self.send_bytes(identification)

    def exchange_keys(self):
        client_identification = self.hear_identification()
        ours = kexinit()
        self.send(ours)
        theirs = self.receive_until(KEXINIT)
        client_share = self.receive_until(ECDH_INIT)[5:37]
        secret = os.urandom(32)
        our_share = x25519(secret, (9).to_bytes(32, "little"))
        shared = mpint(int.from_bytes(x25519(secret, client_share), "big"))
        parts = (client_identification, IDENTIFICATION, theirs, ours, self._key.blob(), client_share, our_share)
        digest = hashlib.sha256(b"".join(map(string, parts)) + shared).digest()
        signature = string(b"ssh-ed25519") + string(self._key.sign(digest))
        self.send(bytes([ECDH_REPLY]) + string(self._key.blob()) + string(our_share) + string(signature))

        def key(letter):
            first = hashlib.sha256(shared + digest + letter + digest).digest()
            return first + hashlib.sha256(shared + digest + first).digest()

        self.send(bytes([NEWKEYS]))
        self._sealer = Cipher(key(b"D"))
        self.receive_until(NEWKEYS)
        self._opener = Cipher(key(b"C"))
        return self

    def hear_userauth(self):
        """Until the client's first request of a login."""
        self.receive_until(SERVICE_REQUEST)
        self.send(bytes([SERVICE_ACCEPT]) + string(b"ssh-userauth"))
        self.receive_until(USERAUTH_REQUEST)
        return self

    def let_in(self):
        self.hear_userauth()
        self.send(bytes([USERAUTH_SUCCESS]))
        return self
