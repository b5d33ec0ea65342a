"""Programs at the ends of forwarded streams: services that listen, and callers, by TCP, Unix sockets and SOCKS."""

import contextlib
import hashlib
import os
import socket
import struct
import threading

from peers.cases import PATIENCE, Failure, expect, expect_equal


def open_socket(address):
    """(host, port), or the path of a Unix socket; connected."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(address)
        return connection
    return socket.create_connection(address, timeout=PATIENCE)


class Service:
    """Listens at (host, 0) or at a path, and runs `serve(connection)` in a thread for each connection."""

    def __init__(self, workspace, serve, where=("127.0.0.1", 0)):
        self.failures = []
        self._serve = serve
        if isinstance(where, str):
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(where)
        else:
            self._listener = socket.socket(socket.AF_INET6 if ":" in where[0] else socket.AF_INET)
            self._listener.bind(where)
        self._listener.listen(256)
        self.address = where if isinstance(where, str) else self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()
        workspace.at_end(self.close)

    @property
    def port(self):
        return self.address[1]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # close()
                return
            connection.settimeout(PATIENCE)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with connection:
            try:
                self._serve(connection)
            except Exception as failure:  # for whoever asks
                self.failures.append(repr(failure))

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Exchange:
    """Both sides send the same bytes at the same time and then half-close; the service ends with the digest of what it got.

    So every byte is checked in each direction, and the last ones come after the other direction has ended.
    """

    def __init__(self, size):
        self.data = os.urandom(size)
        self.digest = hashlib.sha256(self.data).digest()

    def _send(self, connection, failures, half_close):
        try:
            connection.sendall(self.data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            failures.append(repr(error))

    def serve(self, connection):
        sender = threading.Thread(target=self._send, args=(connection, [], False), daemon=True)
        sender.start()
        digest = hashlib.sha256()
        while block := connection.recv(1 << 20):
            digest.update(block)
        sender.join(PATIENCE)
        connection.sendall(digest.digest())

    def call(self, connection):
        failures = []
        sender = threading.Thread(target=self._send, args=(connection, failures, True), daemon=True)
        sender.start()
        digest, left, tail = hashlib.sha256(), len(self.data), b""
        while block := connection.recv(1 << 20):
            digest.update(block[:left])
            tail += block[left:]
            left -= min(left, len(block))
        sender.join(PATIENCE)
        connection.close()
        expect_equal(failures, [])
        expect_equal(left, 0, "bytes that did not come")
        expect_equal(digest.digest(), self.digest, "what came is not what was sent")
        expect_equal(tail, self.digest, "what the service got is not what was sent")


def read_all(connection):
    text = b""
    while block := connection.recv(65536):
        text += block
    return text


def read_exactly(connection, size):
    text = b""
    while len(text) < size:
        block = connection.recv(size - len(text))
        if not block:
            raise Failure(f"the stream ended after {text!r}, {size} bytes were expected")
        text += block
    return text


def socks4(proxy, host, port, name=False):
    """Through a SOCKS 4 proxy; with `name` the host is a name, as SOCKS 4a has it. The connection, and the answer's code."""
    connection = open_socket(proxy)
    address = b"\0\0\0\1" if name else socket.inet_aton(host)
    connection.sendall(struct.pack(">BBH", 4, 1, port) + address + b"ada\0" + (host.encode() + b"\0" if name else b""))
    answer = read_exactly(connection, 8)
    expect_equal(answer[0], 0, answer)
    return connection, answer[1]


def socks5(proxy, host, port, kind="name"):
    """`kind`: name, ipv4 or ipv6."""
    connection = open_socket(proxy)
    connection.sendall(b"\5\1\0")
    expect_equal(read_exactly(connection, 2), b"\5\0")
    address = {"name": lambda: b"\3" + bytes([len(host)]) + host.encode(), "ipv4": lambda: b"\1" + socket.inet_aton(host),
               "ipv6": lambda: b"\4" + socket.inet_pton(socket.AF_INET6, host)}[kind]()
    connection.sendall(b"\5\1\0" + address + struct.pack(">H", port))
    answer = read_exactly(connection, 10)
    expect(answer[0] == 5 and answer[3] == 1, answer)
    return connection, answer[1]
