"""Who may use what is forwarded, where it listens, how long it lasts, and -W: glassh beside ssh, on glasshd and sshd."""

import os
import re
import resource
import socket
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, start_glasshd, start_sshd, wait_until
from peers.clients import glassh, ssh
from peers.servers import free_port
from peers.streams import Exchange, Service, open_socket, read_all, read_exactly, socks5

CLIENTS = {"glassh": glassh, "ssh": ssh}


def hello(connection):
    connection.sendall(b"hello")
    connection.shutdown(socket.SHUT_WR)
    read_all(connection)


def start(workspace, client, server, *flags, command=("-N",), **options):
    """A client that runs until the workspace ends, and a function for what it has said."""
    path = workspace.fresh("client.log")
    with open(path, "wb") as log:
        process = workspace.start(CLIENTS[client](*flags, *client_options(workspace, server), "127.0.0.1", *command),
                                  stderr=log, **options)

    def said():
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    return process, said


def end(process):
    process.kill()
    process.wait()


def listening(address):
    def attempt():
        try:
            return open_socket(address)
        except OSError:
            return None

    return wait_until(attempt, f"somebody listens at {address}")


def is_closed(address):
    try:
        open_socket(address).close()
    except OSError:
        return True
    return False


def standard_streams(cases, workspace, what, client, server, exchange, service):
    host, port = service.address
    with cases.case(f"{what}: -W: {len(exchange.data) >> 20} MiB each way, and the end of each direction"):
        ours, theirs = socket.socketpair()
        process, said = start(workspace, client, server, "-W", f"{host}:{port}", command=(), stdin=theirs, stdout=theirs)
        theirs.close()
        ours.settimeout(PATIENCE)
        exchange.call(ours)
        expect_equal(process.wait(PATIENCE), 0, said)
    with cases.case(f"{what}: -W: a port that refuses is said, and the status is 255"):
        result = workspace.run(CLIENTS[client]("-W", f"127.0.0.1:{free_port()}", *client_options(workspace, server), "127.0.0.1"))
        expect_equal((result.status, result.out), (255, b""), result)
        expect_equal(result.err.replace("\r", "").splitlines()[-2:],
                     ["channel 0: open failed: connect failed: Connection refused", "stdio forwarding failed"], result)


def where_it_listens(cases, workspace, what, client, server, greeter):
    host, port = greeter.address
    for flags, name, open_to_all in (((), "by default", False), (("-g",), "with -g", True),
                                     (("-o", "GatewayPorts=yes"), "with GatewayPorts", True)):
        with cases.case(f"{what}: -L and -D listen at {'every address' if open_to_all else 'loopback'} {name}"):
            local, dynamic = free_port(), free_port()
            process, said = start(workspace, client, server, *flags, "-L", f"{local}:{host}:{port}", "-D", f"{dynamic}")
            for each in (local, dynamic):
                listening(("127.0.0.1", each)).close()
                listening(("::1", each)).close()
                # Any address of 127.0.0.0/8 is this machine's, but 127.0.0.2 is not what loopback means.
                expect_equal(is_closed(("127.0.0.2", each)), not open_to_all, said)
            end(process)
    with cases.case(f"{what}: an address that is written counts, whatever -g says"):
        local = free_port()
        process, said = start(workspace, client, server, "-g", "-L", f"127.0.0.2:{local}:{host}:{port}")
        expect_equal(read_all(listening(("127.0.0.2", local))), b"hello")
        expect(is_closed(("127.0.0.1", local)) and is_closed(("::1", local)), said)
        end(process)
    with cases.case(f"{what}: StreamLocalBindMask and StreamLocalBindUnlink; nothing but a socket is replaced"):
        path = workspace.fresh("socket")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        flags = ("-o", "ExitOnForwardFailure=yes", "-L", f"{path}:{host}:{port}", *client_options(workspace, server), "127.0.0.1")
        result = workspace.run(CLIENTS[client](*flags, "true"))
        expect_equal(result.status, 255, result)
        expect("Address already in use" in result.err, result)
        process, said = start(workspace, client, server, "-o", "StreamLocalBindUnlink=yes", "-o", "StreamLocalBindMask=0111",
                              "-L", f"{path}:{host}:{port}")
        expect_equal(read_all(listening(path)), b"hello", said)
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o666)
        end(process)


def how_long(cases, workspace, what, client, server, greeter):
    """RFC 4254 section 7.2 [4254-7.2-4]: a stream outlives the session."""
    host, port = greeter.address
    with cases.case(f"{what}: a session that has ended waits for the streams, and its exit status is kept"):
        local = free_port()
        process, said = start(workspace, client, server, "-L", f"{local}:{host}:{port}", command=("read line; echo ended; exit 7",),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stream = listening(("127.0.0.1", local))
        expect_equal(read_exactly(stream, 5), b"hello", said)
        process.stdin.write(b"\n")
        process.stdin.close()
        expect_equal(process.stdout.readline(), b"ended\n")
        stream.sendall(b"still")
        expect_equal(process.poll(), None, said)
        stream.close()
        expect_equal(process.wait(PATIENCE), 7, said)


def from_a_file(cases, workspace, what, client, server, greeter):
    host, port = greeter.address
    with cases.case(f"{what}: LocalForward, RemoteForward and DynamicForward of a file; ClearAllForwardings"):
        local, remote, dynamic = free_port(), free_port(), free_port()
        path = workspace.fresh("config")
        workspace.file(os.path.basename(path), f"LocalForward {local} {host}:{port}\nRemoteForward {remote} {host}:{port}\n"
                                               f"DynamicForward {dynamic}\n")
        options = [path if each == "none" and before == "-F" else each for before, each in
                   zip(["", *client_options(workspace, server)], client_options(workspace, server))]
        process = workspace.start(CLIENTS[client](*options, "-N", "127.0.0.1"), stderr=subprocess.DEVNULL)
        for each in (local, remote):
            expect_equal(read_all(listening(("127.0.0.1", each))), b"hello")
        listening(("127.0.0.1", dynamic)).close()
        connection, code = socks5(("127.0.0.1", dynamic), host, port, "ipv4")
        expect_equal((code, read_all(connection)), (0, b"hello"))
        end(process)
        result = workspace.run(CLIENTS[client]("-o", "ClearAllForwardings=yes", "-v", *options, "127.0.0.1", "true"))
        expect_equal(result.status, 0, result)
        expect("forwarding listening on" not in result.err and "remote forward" not in result.err, result)


def background(cases, workspace, what, client, server, greeter):
    host, port = greeter.address
    with cases.case(f"{what}: -f -N with ExitOnForwardFailure says a failure before it goes to the background"):
        taken = greeter.port
        Service(workspace, hello, ("::1", taken))
        result = workspace.run(CLIENTS[client]("-f", "-N", "-o", "ExitOnForwardFailure=yes", "-R", f"{taken}:{host}:{port}",
                                               *client_options(workspace, server), "127.0.0.1"))
        expect_equal(result.status, 255, result)
        expect(f"Error: remote port forwarding failed for listen port {taken}" in result.err, result)


def storm(cases, workspace, what, client, server, greeter):
    """Past vulnerability 64: streams that are opened and closed in a hurry, some in the middle of SOCKS, leave nothing behind."""
    host, port = greeter.address
    with cases.case(f"{what}: 900 streams that come and go, a third of them before they are open"):
        local, dynamic = free_port(), free_port()
        process, said = start(workspace, client, server, "-L", f"{local}:{host}:{port}", "-D", f"{dynamic}", "-R", f"0:{host}:{port}")
        remote = int(wait_until(lambda: re.findall(r"Allocated port (\d+)", said()), "a port")[0])
        listening(("127.0.0.1", local)).close()

        def descriptors():
            return len(os.listdir(f"/proc/{process.pid}/fd"))

        def quiet(at_most):
            return wait_until(lambda: descriptors() <= at_most, f"no more than {at_most} descriptors", descriptors, said)

        stream = open_socket(("127.0.0.1", local))
        expect_equal(read_all(stream), b"hello")
        stream.close()
        before = descriptors()
        for number in range(300):
            for address in (("127.0.0.1", local), ("127.0.0.1", remote), ("127.0.0.1", dynamic)):
                connection = open_socket(address)
                if address[1] == dynamic:
                    connection.sendall(b"\5\1\0\5\1"[:number % 5])
                elif number % 2:
                    connection.recv(5)
                connection.close()
        quiet(before)
        expect_equal(read_all(open_socket(("127.0.0.1", local))), b"hello")
        expect_equal(read_all(open_socket(("127.0.0.1", remote))), b"hello")
        end(process)


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))


def too_many_streams(cases, workspace, what, client, server):
    """Of more connections than a client has descriptors some are closed, and nothing else is."""
    idle = Service(workspace, lambda connection: (connection.sendall(b"hello"), read_all(connection)))
    host, port = idle.address
    for kind, flags in (("-L", ("-L", f"@:{host}:{port}")), ("-D", ("-D", "@")), ("-R", ("-R", f"@:{host}:{port}")),
                        ("-R, SOCKS", ("-R", "@"))):
        with cases.case(f"{what}: {kind}: 60 connections, and 40 descriptors for all"):
            address = ("127.0.0.1", free_port())
            process, said = start(workspace, client, server, *(each.replace("@", str(address[1])) for each in flags),
                                  preexec_fn=few_descriptors)

            def stream(address=address, through_socks=len(flags[1].split(":")) == 1):
                connection = open_socket(address)
                connection.settimeout(0.3)
                answer = 12 if through_socks else 0
                heard = b""
                try:
                    if through_socks:
                        connection.sendall(b"\5\1\0\5\1\0\1" + socket.inet_aton(host) + port.to_bytes(2, "big") + b"early")
                    while len(heard) < answer + 5 and (more := connection.recv(99)):
                        heard += more
                except OSError:
                    pass
                return connection, heard[answer:]

            listening(address).close()
            streams = [stream() for _ in range(60)]
            expect(any(heard == b"hello" for _, heard in streams), said)
            expect(any(heard == b"" for _, heard in streams), said)
            for connection, _ in streams:
                connection.close()
            wait_until(lambda: stream()[1] == b"hello", "a stream, once others have gone", said, process.poll)
            end(process)


def remote_socks(cases, workspace, what, server, greeter):
    """PermitRemoteOpen limits where the server's programs get with -R port."""
    host, port = greeter.address
    other = Service(workspace, hello)
    for words, allowed, denied in ((f"{host}:{port}", [port], [other.port]), (f"localhost:* {host}:{other.port}", [other.port], [port]),
                                   ("none", [], [port]), ("any", [port, other.port], []), ("*:*", [port, other.port], [])):
        with cases.case(f"{what}: PermitRemoteOpen {re.sub('[0-9]+$', 'port', words)}"):
            process, said = start(workspace, "glassh", server, "-o", f"PermitRemoteOpen={words}", "-R", "0")
            proxy = int(wait_until(lambda said=said: re.findall(r"Allocated port (\d+)", said()), "a port")[0])
            for each in allowed:
                connection, code = socks5(("127.0.0.1", proxy), host, each, "ipv4")
                expect_equal((code, read_all(connection)), (0, b"hello"), said)
            for each in denied:
                connection, code = socks5(("127.0.0.1", proxy), host, each, "ipv4")
                expect_equal((code, read_all(connection)), (2, b""), said)
                denial = f"to connect to host {host} port {each}, but the request was denied"
                wait_until(lambda said=said, denial=denial: denial in said(), "the client says so", said)
            end(process)


def main():
    cases = Cases()
    exchange = Exchange(64 << 20)
    with Workspace() as workspace:
        service, greeter = Service(workspace, exchange.serve), Service(workspace, hello)
        glasshd, sshd = start_glasshd(workspace), start_sshd(workspace)
        for what, client, server in (("glassh, glasshd", "glassh", glasshd), ("glassh, sshd", "glassh", sshd),
                                     ("ssh, glasshd", "ssh", glasshd)):
            standard_streams(cases, workspace, what, client, server, exchange, service)
            where_it_listens(cases, workspace, what, client, server, greeter)
            how_long(cases, workspace, what, client, server, greeter)
            from_a_file(cases, workspace, what, client, server, greeter)
            storm(cases, workspace, what, client, server, greeter)
        for what, client, server in (("glassh, sshd", "glassh", sshd), ("ssh, glasshd", "ssh", glasshd)):
            background(cases, workspace, what, client, server, Service(workspace, hello))
        too_many_streams(cases, workspace, "glassh, glasshd", "glassh", glasshd)
        remote_socks(cases, workspace, "glassh, glasshd", glasshd, greeter)
        remote_socks(cases, workspace, "glassh, sshd", sshd, greeter)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
