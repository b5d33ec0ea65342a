"""Forwarding of every kind, with 64 MiB each way: our programs at both ends, then OpenSSH's at either."""

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, start_glasshd, start_sshd, wait_until
from peers.cases import Failure
from peers.clients import glassh, ssh
from peers.servers import children_of, free_port
from peers.streams import Exchange, Service, open_socket, read_all, read_exactly, socks4, socks5

MIB = 1 << 20
CLIENTS = {"glassh": glassh, "ssh": ssh}


class Connection:
    """A client with -N that stays until the block ends, and what it says."""

    def __init__(self, workspace, client, server, flags, settings=(), command=("-N",)):
        options = client_options(workspace, server)
        self.log_path = workspace.fresh("client.log")
        with open(self.log_path, "wb") as log:
            self.process = workspace.start(
                CLIENTS[client](*flags, *[word for each in settings for word in ("-o", each)], *options, "-v", "127.0.0.1", *command),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self, pattern, count=1):
        """Waits until the client has said it so many times; the first group of each."""

        def found():
            matches = re.findall(pattern, self.log())
            if len(matches) < count and self.process.poll() is not None:
                raise Failure(f"the client ended with {self.process.returncode}\n{self.log()}")
            return matches if len(matches) >= count else None

        return wait_until(found, f"the client says {pattern}", self.log)

    def status(self):
        return self.process.wait(PATIENCE)


def connectable(address):
    def attempt():
        try:
            open_socket(address).close()
        except OSError:
            return False
        return True

    return wait_until(attempt, f"somebody listens at {address}")


def every_kind(cases, workspace, what, client, server, exchange, tcp, unix):
    """One client forwards everything at once; each kind then carries its streams."""
    path = workspace.fresh
    local_tcp, local_tcp_unix, dynamic = free_port(), free_port(), free_port()
    local_unix, local_unix_tcp, remote_unix, remote_unix_tcp = path("lu"), path("lut"), path("ru"), path("rut")
    host, port = tcp.address
    flags = ["-L", f"{local_tcp}:localhost:{port}", "-L", f"127.0.0.1:{local_tcp_unix}:{unix.address}",
             "-L", f"{local_unix}:{unix.address}", "-L", f"{local_unix_tcp}:{host}:{port}", "-D", f"{dynamic}",
             "-R", f"0:{host}:{port}", "-R", f"localhost:0:{unix.address}", "-R", f"{remote_unix}:{unix.address}",
             "-R", f"{remote_unix_tcp}:{host}:{port}", "-R", "0"]
    with Connection(workspace, client, server, flags, settings=["ExitOnForwardFailure=yes"]) as connection:
        allocated = dict(connection.said(r"Allocated port (\d+) for remote forward to (\S+)", 3))
        ports = {target: int(number) for number, target in allocated.items()}
        expect_equal(len(ports), 3, allocated)
        remote_tcp = next(number for target, number in ports.items() if target == f"{host}:{port}")
        remote_socks = next((number for target, number in ports.items() if target.startswith("socks")), None)
        remote_tcp_unix = next(number for target, number in ports.items() if number not in (remote_tcp, remote_socks))
        for each in (local_unix, local_unix_tcp, remote_unix, remote_unix_tcp):
            connectable(each)
        kinds = {
            "-L port:host:port": lambda: open_socket(("127.0.0.1", local_tcp)),
            "-L port:host:port by IPv6": lambda: open_socket(("::1", local_tcp)),
            "-L port:socket": lambda: open_socket(("127.0.0.1", local_tcp_unix)),
            "-L socket:socket": lambda: open_socket(local_unix),
            "-L socket:host:port": lambda: open_socket(local_unix_tcp),
            "-R 0:host:port": lambda: open_socket(("127.0.0.1", remote_tcp)),
            "-R 0:socket": lambda: open_socket(("127.0.0.1", remote_tcp_unix)),
            "-R socket:socket": lambda: open_socket(remote_unix),
            "-R socket:host:port": lambda: open_socket(remote_unix_tcp),
            "-D with SOCKS 4": lambda: granted(socks4(("127.0.0.1", dynamic), host, port), 0x5A),
            "-D with SOCKS 4a": lambda: granted(socks4(("127.0.0.1", dynamic), "localhost", port, name=True), 0x5A),
            "-D with SOCKS 5": lambda: granted(socks5(("127.0.0.1", dynamic), "localhost", port), 0),
            "-R port with SOCKS 4a": lambda: granted(socks4(("127.0.0.1", remote_socks), "localhost", port, name=True), 0x5A),
            "-R port with SOCKS 5": lambda: granted(socks5(("127.0.0.1", remote_socks), host, port, "ipv4"), 0),
        }
        for kind, open_stream in kinds.items():
            with cases.case(f"{what}: {kind}: {len(exchange.data) // MIB} MiB each way"):
                exchange.call(open_stream())
        with cases.case(f"{what}: 100 streams of each direction at once"):
            hundred(("127.0.0.1", local_tcp), ("127.0.0.1", remote_tcp), exchange)


def granted(opened, code):
    connection, answer = opened
    expect_equal(answer, code)
    return connection


def hundred(local, remote, exchange):
    """All are open before the first one ends."""
    streams = [open_socket(address) for _ in range(50) for address in (local, remote)]
    for stream in streams:
        stream.sendall(exchange.data[:1000])
    for stream in streams:
        expect_equal(read_exactly(stream, 1000), exchange.data[:1000])
    for stream in streams:
        stream.close()


def half_close(cases, workspace, what, client, server):
    def answer_after_eof(connection):
        connection.sendall(b"got " + read_all(connection))

    def end_first(connection):
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        got.append(read_all(connection))

    got = []
    asker, leaver = Service(workspace, answer_after_eof), Service(workspace, end_first)
    ports = [free_port(), free_port()]
    flags = ["-L", f"{ports[0]}:127.0.0.1:{asker.port}", "-L", f"{ports[1]}:127.0.0.1:{leaver.port}",
             "-R", f"0:127.0.0.1:{asker.port}", "-R", f"0:127.0.0.1:{leaver.port}"]
    with Connection(workspace, client, server, flags) as connection:
        allocated = {target: int(port) for port, target in
                     connection.said(r"Allocated port (\d+) for remote forward to (\S+)", 2)}
        remote = [allocated[f"127.0.0.1:{service.port}"] for service in (asker, leaver)]
        for direction, (to_asker, to_leaver) in (("-L", ports), ("-R", remote)):
            with cases.case(f"{what}: {direction}: a stream that one side has ended still flows the other way"):
                stream = open_socket(("127.0.0.1", to_asker))
                stream.sendall(b"question")
                stream.shutdown(socket.SHUT_WR)
                expect_equal(read_all(stream), b"got question")
                stream = open_socket(("127.0.0.1", to_leaver))
                expect_equal(read_all(stream), b"bye")
                stream.sendall(b"still here")
                stream.close()
                wait_until(lambda: got, "the service has the rest")
                expect_equal(got.pop(), b"still here")


def refused(cases, workspace, what, client, server):
    closed = free_port()
    local, dynamic = free_port(), free_port()
    with cases.case(f"{what}: a port that refuses is closed to the caller, and the connection goes on"):
        flags = ["-L", f"{local}:127.0.0.1:{closed}", "-D", f"{dynamic}", "-R", f"0:127.0.0.1:{closed}"]
        with Connection(workspace, client, server, flags) as connection:
            remote = int(connection.said(r"Allocated port (\d+) for")[0])
            for address in (("127.0.0.1", local), ("127.0.0.1", remote)):
                expect_equal(read_all(open_socket(address)), b"")
            stream, code = socks5(("127.0.0.1", dynamic), "127.0.0.1", closed, "ipv4") if client == "glassh" else (None, 5)
            expect_equal(code, 5)
            if stream:
                expect_equal(read_all(stream), b"")
            connection.said("open failed: connect failed: Connection refused")
            open_socket(("127.0.0.1", local)).close()
            expect_equal(connection.process.poll(), None)


def vanish(cases, workspace, what, client, start_server):
    """Either side dies with a stream open: the program at the other end of the stream sees it end."""
    ended = []

    def wait_for_end(connection):
        connection.sendall(b"hello")
        with contextlib.suppress(OSError):
            read_all(connection)
        ended.append(True)

    service = Service(workspace, wait_for_end)
    for victim in ("client", "server"):
        server = start_server(workspace)
        local = free_port()
        with cases.case(f"{what}: the {victim} dies: streams end on both sides"), \
                Connection(workspace, client, server, ["-L", f"{local}:127.0.0.1:{service.port}",
                                                       "-R", f"0:127.0.0.1:{service.port}"]) as connection:
            remote = int(connection.said(r"Allocated port (\d+) for")[0])
            streams = [open_socket(("127.0.0.1", port)) for port in (local, remote)]
            for stream in streams:
                expect_equal(read_exactly(stream, 5), b"hello")
            ended.clear()
            if victim == "client":
                connection.process.kill()
            else:
                for pid in [*all_children(server.process.pid), server.process.pid]:
                    with contextlib.suppress(ProcessLookupError):  # it may have ended with the one before
                        os.kill(pid, signal.SIGKILL)
            for stream in streams:
                with contextlib.suppress(ConnectionResetError):
                    expect_equal(read_all(stream), b"")
            wait_until(lambda: len(ended) == 2, "both services see the end")
            if victim == "server":
                expect_equal(connection.status(), 255, connection.log)
        server.stop()


def all_children(pid):
    return [each for child in children_of(pid) for each in [*all_children(child), child]]


def failures(cases, workspace, what, client, server):
    """A forward that cannot be set up says which one and why."""
    taken = Service(workspace, lambda connection: None)
    Service(workspace, lambda connection: None, ("::1", taken.port))  # or else half of it could be had

    def run(*flags):
        return workspace.run(CLIENTS[client](*flags, *client_options(workspace, server), "127.0.0.1", "echo done"))

    for flags, texts in (
        (["-L", f"127.0.0.1:{taken.port}:localhost:1"],
         [f"bind [127.0.0.1]:{taken.port}: Address already in use", f"cannot listen to port: {taken.port}",
          "Could not request local forwarding."]),
        (["-D", f"127.0.0.1:{taken.port}"], [f"cannot listen to port: {taken.port}"]),
        (["-L", "/nonexistent/socket:localhost:1"],
         ["cannot bind to path /nonexistent/socket: No such file or directory", "Could not request local forwarding."]),
        (["-R", f"{taken.port}:localhost:1"], [f"remote port forwarding failed for listen port {taken.port}"]),
        (["-R", "/nonexistent/socket:localhost:1"], ["remote port forwarding failed for listen path /nonexistent/socket"]),
    ):
        kind = flags[0] + (" socket" if "/" in flags[1] else " port")
        with cases.case(f"{what}: {kind} that cannot be had: a warning, or the end with ExitOnForwardFailure"):
            result = run(*flags)
            expect_equal((result.status, result.out), (0, b"done\n"), result)
            for text in texts:
                expect(text in result.err, text, result)
            result = run("-o", "ExitOnForwardFailure=yes", *flags)
            expect_equal(result.status, 255, result)
            for text in texts:
                expect(text in result.err, text, result)


def main():
    cases = Cases()
    exchange = Exchange(64 * MIB)
    with Workspace() as workspace:
        tcp = Service(workspace, exchange.serve)
        unix = Service(workspace, exchange.serve, workspace.fresh("service"))
        glasshd, sshd = start_glasshd(workspace), start_sshd(workspace)
        for what, client, server in (("glassh, glasshd", "glassh", glasshd), ("glassh, sshd", "glassh", sshd),
                                     ("ssh, glasshd", "ssh", glasshd)):
            every_kind(cases, workspace, what, client, server, exchange, tcp, unix)
            half_close(cases, workspace, what, client, server)
            refused(cases, workspace, what, client, server)
            failures(cases, workspace, what, client, server)
            vanish(cases, workspace, what, client, start_sshd if server is sshd else start_glasshd)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
