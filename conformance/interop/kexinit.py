"""What a peer offers, read from its own KEXINIT: a connection that goes no further.

    lists = offered_by_server(port)          lists.kex, lists.host_key, …: names, in the peer's order
    lists = offered_by_client(start_login)   start_login(port) makes the peer's client connect to 127.0.0.1:port
"""

import dataclasses
import os
import socket
import struct
import threading

from peers.cases import PATIENCE, Failure, expect
from peers.raw_client import KEXINIT, kexinit, u32

IDENTIFICATION = b"SSH-2.0-probe\r\n"
MARKERS = {"kex-strict-": "strict key exchange", "ext-info-": "extension negotiation"}
AXES = ("kex", "host_key", "cipher", "mac", "compression")


@dataclasses.dataclass
class Lists:
    identification: str = ""
    kex: tuple = ()
    host_key: tuple = ()
    cipher: tuple = ()
    mac: tuple = ()
    compression: tuple = ()
    manners: tuple = ()  # what else its KEXINIT tells


def offered_by_server(port, ours):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        return _read_lists(connection, ours)


def offered_by_client(start_login, ours):
    """The login fails, of course."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        client = threading.Thread(target=start_login, args=(listener.getsockname()[1],))
        client.start()
        try:
            with listener.accept()[0] as connection:
                return _read_lists(connection, ours)
        finally:
            client.join()


def _read_lists(connection, ours):
    connection.settimeout(PATIENCE)
    # There are clients that keep their KEXINIT back until they have seen the server's.
    connection.sendall(IDENTIFICATION + _packet(kexinit([",".join(names).encode() for names in _name_lists(ours)])))
    with connection.makefile("rb") as stream:
        while not (line := stream.readline()).startswith(b"SSH-"):
            expect(line, "the peer closed the connection before its identification")
        size = int.from_bytes(stream.read(4), "big")
        body = stream.read(size)
    if len(body) < size or size < 2 or body[1] != KEXINIT:
        raise Failure(f"{line!r}: the first packet is no KEXINIT: {body[:40]!r}")
    names, offset = [], 1 + 1 + 16
    for _ in range(8):
        length = struct.unpack_from(">I", body, offset)[0]
        names.append(tuple(body[offset + 4:offset + 4 + length].decode().split(",")))
        offset += 4 + length
    kex, host_key, *two_ways = names
    manners = [text for marker, text in MARKERS.items() if any(name.startswith(marker) for name in kex)]
    # RFC 4253 section 7.1 [4253-7.1-24]: with the methods of which it is first, the guess is right, with others wrong.
    manners += [f"guesses {kex[0]}"] if body[_after_lists(body)] else []
    both = [tuple(name for name in two_ways[i] if name in two_ways[i + 1]) for i in (0, 2, 4)]
    return Lists(line.decode().strip(), kex, host_key, *both, tuple(manners))


def _after_lists(body):
    """Where first_kex_packet_follows is."""
    offset = 1 + 1 + 16
    for _ in range(10):
        offset += 4 + struct.unpack_from(">I", body, offset)[0]
    return offset


def _name_lists(lists):
    return (lists.kex, lists.host_key, lists.cipher, lists.cipher, lists.mac, lists.mac, lists.compression,
            lists.compression, (), ())


def _packet(payload):
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return u32(1 + len(payload) + padding) + bytes([padding]) + payload + os.urandom(padding)
