"""What glasshd forwards: RFC 4254 section 7 and OpenSSH's sockets, message by message and beside sshd.

The bytes themselves, in every mixture of programs, are forwarding_test.py's.
"""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, expect_log, find_program, glassh, ssh,
                   start_glasshd, start_sshd, wait_until)
from peers.channel_client import (CHANNEL_CLOSE, CHANNEL_EOF, CHANNEL_OPEN, CONNECT_FAILED, OPEN_FAILURE, PROHIBITED, UNKNOWN_TYPE,
                                  ChannelClient, split)
from peers.logins import start_with_passwords
from peers.openssh_versions import printed_by_openssh, printed_by_us
from peers.raw_client import string, u32
from peers.servers import free_port, listening_at
from peers.workspace import our_program


@contextlib.contextmanager
def echo_server(address="127.0.0.1", family=socket.AF_INET):
    """Sends back what comes; at the end of it, the end."""
    listener = socket.socket(family)
    listener.bind((address, 0) if family != socket.AF_UNIX else address)
    listener.listen(200)

    def echo(peer):
        with peer, contextlib.suppress(OSError):
            while data := peer.recv(65536):
                peer.sendall(data)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def connects(port, host="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((host, port)):
        return True
    return False


# --- TCP ------------------------------------------------------------------------------------------------------------

ADDRESSES = ("", "*", "0.0.0.0", "::", "localhost", "127.0.0.1", "::1")


def addresses_to_bind(cases, workspace):
    """[4254-7.1-1]: what the special addresses mean, under each GatewayPorts, is what they mean to sshd."""
    def bound(server):
        # Not port 0: one that is free at the first address may be taken at the next, and then sshd listens at the first only.
        ports = [free_port() for _ in ADDRESSES]
        flags = [flag for address, port in zip(ADDRESSES, ports, strict=True)
                 for flag in ("-R", f"{'[%s]' % address if ':' in address else address}:{port}:127.0.0.1:1")]
        client = workspace.start(ssh("-v", "-N", *flags, *client_options(workspace, server), "127.0.0.1"), stderr=subprocess.PIPE)
        answers = 0
        while answers < len(ports):
            line = client.stderr.readline()
            expect(line, "ssh has ended", server.log_tail)
            answers += b"remote forward success for" in line or b"remote forward failure for" in line
        found = dict(zip(ADDRESSES, map(listening_at, ports), strict=True))
        client.kill()
        client.wait()
        for port in ports:
            wait_until(lambda port=port: not listening_at(port), f"port {port} is free again")
        return found

    for setting in ("GatewayPorts no", "GatewayPorts yes", "GatewayPorts clientspecified", "AddressFamily inet"):
        with cases.case(f"{setting}: glasshd listens where sshd listens, and no longer than its client is there [4254-7.1-1]"):
            servers = start_glasshd(workspace, [setting]), start_sshd(workspace, [setting, "AddressFamily any"])
            ours, theirs = map(bound, servers)
            expect_equal(ours, theirs)
            for server in servers:
                server.stop()


def remote(cases, server):
    with cases.case("only a port that the server chose is told, and what is cancelled is free at once [4254-7.1-4]"):
        with ChannelClient(server) as client:
            port = int.from_bytes(client.forward(b"localhost", 0), "big")
            expect_equal(listening_at(port), ["127.0.0.1", "::1"])
            expect_equal(client.forward(b"localhost", port, b"cancel-tcpip-forward"), b"")
            expect_equal(listening_at(port), [])
            expect_equal(client.forward(b"localhost", port), b"")
            expect_equal(client.forward(b"localhost", port), None)
            expect_equal(client.forward(b"127.0.0.1", port, b"cancel-tcpip-forward"), None)
            expect_equal(client.forward(b"localhost", 65536 + port), None)
            client.ask(b"tcpip-forward", string(b"localhost"), u32(0), want_reply=False)
            expect_equal(client.forward(b"localhost", port, b"cancel-tcpip-forward"), b"")
    with cases.case("a connection becomes a channel, goes on when its listener is cancelled, and needs no session [4254-7.2-4]"):
        with ChannelClient(server) as client:
            port = int.from_bytes(client.forward(b"localhost", 0), "big")
            with socket.create_connection(("127.0.0.1", port)) as peer:
                kind, theirs, _, _, details = split(client.hear(CHANNEL_OPEN)[1:], "s", "u", "u", "u")
                address, connected, originator, originator_port, _ = split(details, "s", "u", "s", "u")
                expect_equal((kind, address, connected, originator, originator_port),
                             (b"forwarded-tcpip", b"localhost", port, b"127.0.0.1", peer.getsockname()[1]))
                expect_equal(client.forward(b"localhost", port, b"cancel-tcpip-forward"), b"")
                client.confirm(theirs)
                client.data(theirs, b"question")
                client.say(CHANNEL_EOF, theirs)
                expect_equal(peer.makefile("rb").read(), b"question")
                peer.sendall(b"answer")
                expect_equal(client.hear_data(), b"answer")
                peer.shutdown(socket.SHUT_WR)
                client.hear(CHANNEL_EOF)
                client.hear(CHANNEL_CLOSE)
    with cases.case("a connection that the client refuses is hung up"):
        with ChannelClient(server) as client:
            port = int.from_bytes(client.forward(b"", 0), "big")
            with socket.create_connection(("::1", port)) as peer:
                theirs = split(client.hear(CHANNEL_OPEN)[1:], "s", "u")[1]
                client.send(bytes([OPEN_FAILURE]) + u32(theirs) + u32(1) + string(b"no") + string(b""))
                expect_equal(peer.recv(1), b"")
    with cases.case("forwards asked for all at once are answered in order (past vulnerability 95) [4254-4-5]"):
        with ChannelClient(server) as client:
            for number in range(120):
                host = (b"localhost", b"127.0.0.1", b"no-such-host.invalid")[number % 3]
                client.ask(b"tcpip-forward" if number % 4 else b"unknown@example.org", string(host), u32(0 if number % 5 else 70000))
            told = {True: [], False: []}  # the ports on 127.0.0.1 alone, and the others
            for number in range(120):
                answer = client.answer()
                expect_equal(answer is not None, number % 4 > 0 and number % 5 > 0, number)
                told[number % 3 == 1] += [int.from_bytes(answer, "big")] if answer else []
            # A port that the system chose on ::1 may be taken on 127.0.0.1 by one of the others, and is told twice then.
            for ports in told.values():
                expect_equal(len(set(ports)), len(ports))
            ports = told[True] + told[False]
            expect(all(listening_at(port) for port in ports))
        for port in ports:
            wait_until(lambda port=port: not listening_at(port), f"port {port} is free again")


def direct(cases, server):
    with cases.case("a host that nobody announced is connected to, and each direction ends by itself [4254-7.2-2] [4254-7.2-3]"):
        with echo_server() as echo, ChannelClient(server) as client:
            client.open_tcp(b"localhost", echo.getsockname()[1], number=5)
            ours, theirs = client.opened()
            expect_equal(ours, 5)
            client.data(theirs, b"hello")
            client.say(CHANNEL_EOF, theirs)
            expect_equal(client.hear_data(), b"hello")
            client.hear(CHANNEL_EOF)
            client.hear(CHANNEL_CLOSE)
    with cases.case("what cannot be reached says why, as sshd says it [4254-5.1-1] [4254-5.1-5]"):
        with ChannelClient(server) as client:
            for host, port, expected in (
                (b"127.0.0.1", 1, (CONNECT_FAILED, "Connection refused")),
                (b"no-such-host.invalid", 1, (CONNECT_FAILED, "Name or service not known")),
                (b"127.0.0.1", 65536 + server.port, (CONNECT_FAILED, "open failed")),
                (b"127.0.0.1\0.example.org", server.port, (CONNECT_FAILED, "open failed")),
            ):
                client.open_tcp(host, port)
                expect_equal(client.opened()[1:], expected, host, port)
            client.open(b"direct-nothing@example.org", b"")
            expect_equal(client.opened()[1], UNKNOWN_TYPE)
    with cases.case("a host that does not answer keeps nobody else waiting"):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, echo_server() as echo, ChannelClient(server) as client:
            port = silent.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                for number in (1, 2):
                    client.open_tcp(b"127.0.0.1", port, number)
                client.open_tcp(b"127.0.0.1", echo.getsockname()[1], 3)
                expect_equal(client.opened()[0], 3)
    with cases.case("storms of channels that open, break and close leave nothing behind (past vulnerabilities 55 and 64)"):
        with echo_server() as echo, ChannelClient(server) as client:
            client.open_tcp(b"127.0.0.1", echo.getsockname()[1])
            client.say(CHANNEL_CLOSE, client.opened()[1])
            client.hear(CHANNEL_CLOSE)
            before = server.descriptors()
            for _ in range(6):
                for number in range(60):
                    client.open_tcp(b"127.0.0.1", echo.getsockname()[1] if number % 3 else 1, number)
                answers = [client.opened() for _ in range(60)]
                expect_equal(sum(len(answer) == 3 for answer in answers), 20)
                channels = [answer[1] for answer in answers if len(answer) == 2]
                for theirs in channels:
                    client.data(theirs, b"x")
                    client.say(CHANNEL_CLOSE, theirs)
                for _ in channels:
                    client.hear(CHANNEL_CLOSE)
            wait_until(lambda: server.descriptors() <= before, f"descriptors are back at {before}", server.descriptors)


# --- Unix sockets ---------------------------------------------------------------------------------------------------


def credentials(connection):
    return struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]


def sockets(cases, workspace, server):
    with cases.case("direct-streamlocal: the other side sees the user of the session (past vulnerability 88)"):
        path = workspace.fresh("there")
        with socket.socket(socket.AF_UNIX) as listener, ChannelClient(server) as client:
            listener.bind(path)
            listener.listen()
            client.open(b"direct-streamlocal@openssh.com", string(path.encode()), string(b""), u32(0))
            theirs = client.opened()[1]
            peer = listener.accept()[0]
            expect_equal(credentials(peer), os.getuid())
            client.data(theirs, b"hello")
            expect_equal(peer.recv(9), b"hello")
            peer.close()
            client.hear(CHANNEL_EOF)
            client.open(b"direct-streamlocal@openssh.com", string(b"/no/such/socket"), string(b""), u32(0))
            expect_equal(client.opened()[1:], (CONNECT_FAILED, "No such file or directory"))
            client.open(b"direct-streamlocal@openssh.com", string(b"\0abstract"), string(b""), u32(0))
            expect_equal(client.opened()[1], CONNECT_FAILED)
    with cases.case("streamlocal-forward: its mode, its user, its connections, its end (past vulnerability 88)"):
        path = workspace.fresh("here")
        with ChannelClient(server) as client:
            client.ask(b"streamlocal-forward@openssh.com", string(path.encode()))
            expect_equal(client.answer(), b"")
            expect_equal((os.stat(path).st_mode & 0o777, os.stat(path).st_uid), (0o600, os.getuid()))
            client.ask(b"streamlocal-forward@openssh.com", string(path.encode()))
            expect_equal(client.answer(), None)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                kind, theirs, _, _, details = split(client.hear(CHANNEL_OPEN)[1:], "s", "u", "u", "u")
                expect_equal((kind, split(details, "s")[0]), (b"forwarded-streamlocal@openssh.com", path.encode()))
                client.ask(b"cancel-streamlocal-forward@openssh.com", string(path.encode()))
                expect_equal(client.answer(), b"")
                expect(not os.path.exists(path))
                client.confirm(theirs)
                client.data(theirs, b"still here")
                expect_equal(peer.recv(99), b"still here")
            client.ask(b"streamlocal-forward@openssh.com", string(path.encode()))
            expect_equal(client.answer(), b"")
        wait_until(lambda: not os.path.exists(path), "the socket is gone with its client")
    with cases.case("StreamLocalBindMask and StreamLocalBindUnlink; nothing but a socket is ever removed"):
        loose = start_with_passwords(workspace, "StreamLocalBindMask 0111", "StreamLocalBindUnlink yes")
        path, precious = workspace.fresh("shared"), workspace.file("precious", "precious")
        with ChannelClient(loose) as first, ChannelClient(loose) as second:
            for client in (first, second):
                client.ask(b"streamlocal-forward@openssh.com", string(path.encode()))
                expect_equal(client.answer(), b"")
            expect_equal(os.stat(path).st_mode & 0o777, 0o666)
            first.ask(b"cancel-streamlocal-forward@openssh.com", string(path.encode()))
            expect_equal(first.answer(), b"")
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)  # the second one's
                second.hear(CHANNEL_OPEN)
            # Names that cannot be bound replace nothing, not what they begin with either.
            for name in (precious.encode(), path.encode() + b"\0", path.encode() + b"\0more"):
                first.ask(b"streamlocal-forward@openssh.com", string(name))
                expect_equal(first.answer(), None)
            expect(os.path.exists(path), path)
        with open(precious, encoding="ascii") as file:
            expect_equal(file.read(), "precious")
        loose.stop()


# --- Who may --------------------------------------------------------------------------------------------------------


def what_is_open(server, port, path):
    """Which of the four kinds a client gets, by trying."""
    with ChannelClient(server) as client:
        client.open_tcp(b"127.0.0.1", port)
        opened = [client.opened()]
        client.open(b"direct-streamlocal@openssh.com", string(path), string(b""), u32(0), number=1)
        opened.append(client.opened())
        expect(all(len(each) == 2 or each[1:] == (PROHIBITED, "open failed") for each in opened), opened)
        listened = [client.forward(b"localhost", 0)]
        client.ask(b"streamlocal-forward@openssh.com", string(path + b".new"))
        listened.append(client.answer())
        return [len(each) == 2 for each in opened] + [each is not None for each in listened]


def permissions(cases, workspace):
    path = workspace.fresh("echo")
    with echo_server() as tcp, echo_server(path, socket.AF_UNIX):
        port = tcp.getsockname()[1]
        for setting, expected in (
            ("DisableForwarding yes", [False, False, False, False]),
            ("AllowTcpForwarding no", [False, False, False, False]),
            ("AllowTcpForwarding local", [True, True, False, False]),
            ("AllowTcpForwarding remote", [False, False, True, True]),
            ("AllowStreamLocalForwarding no", [True, False, True, False]),
            ("AllowStreamLocalForwarding local", [True, True, True, False]),
            ("AllowStreamLocalForwarding remote", [True, False, True, True]),
            ("PermitOpen none", [False, False, True, True]),
            (f"PermitOpen 127.0.0.1:{port}", [True, False, True, True]),
            (f"PermitOpen localhost:{port}", [False, False, True, True]),
            ("PermitOpen *:*", [True, True, True, True]),
            ("PermitListen none", [True, True, False, True]),
            ("PermitListen localhost:*", [True, True, True, True]),
            ("PermitListen localhost:8080", [True, True, False, True]),
        ):
            with cases.case(f"{setting}: what is open, and what is not (past vulnerability 84) [4254-7.2-3]"):
                server = start_with_passwords(workspace, setting)
                expect_equal(what_is_open(server, port, path.encode()), expected)
                server.stop()
        key = workspace.public_key("user-ed25519")
        for options, forwards in (
            ("restrict", (False, False, False)),
            ("no-port-forwarding", (False, False, False)),
            ("restrict,port-forwarding", (True, True, True)),
            (f'permitopen="127.0.0.1:{port}"', (True, False, True)),
            ('permitopen="127.0.0.1:1"', (False, False, True)),
            ('permitopen="*:*"', (True, True, True)),
            ('permitlisten="1"', (True, True, False)),
        ):
            with cases.case(f"a key with {options}: what is open, and what is not, as with sshd (past vulnerability 84)"):
                keys = workspace.file(os.path.basename(workspace.fresh("keys")), f"{options} {key}\n")
                for start in (start_glasshd, start_sshd):
                    server = start(workspace, [f"AuthorizedKeysFile {keys}"])
                    options_of_client = client_options(workspace, server)
                    opened = []
                    for target in (f"127.0.0.1:{port}", path):
                        result = workspace.run(glassh("-W", target, *options_of_client, "127.0.0.1"), input=b"hello")
                        opened.append((result.status, result.out) == (0, b"hello"))
                        expect(opened[-1] or "open failed: " in result.err, result)
                    result = workspace.run(ssh("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", *options_of_client,
                                               "127.0.0.1", "exit 3"))
                    expect_equal((*opened, result.status), (*forwards[:2], 3 if forwards[2] else 255), start.__name__, result)
                    server.stop()


KEYWORDS = ("allowtcpforwarding", "allowstreamlocalforwarding", "gatewayports", "permitopen", "permitlisten", "streamlocalbindmask",
            "streamlocalbindunlink", "channeltimeout", "unusedconnectiontimeout")


def effective_configuration(cases, workspace):
    lines = f"HostKey {workspace.key('host-ed25519')}\n"
    for settings in (
        "",
        "PermitOpen none\nPermitListen none\nAllowTcpForwarding local\nAllowStreamLocalForwarding remote",
        "GatewayPorts clientspecified\nStreamLocalBindMask 0111\nStreamLocalBindUnlink yes\nAllowTcpForwarding all",
        "PermitOpen localhost:80 [::1]:* *:443 HOST:22\nPermitOpen later:1\nPermitListen 8080 localhost:90 *:* [::]:22",
        "ChannelTimeout session:*=5m x11-connection=0 direct-tcpip=90\nUnusedConnectionTimeout 2m",
        "GatewayPorts yes\nMatch User ann\nGatewayPorts no\nPermitOpen any\nPermitListen 1\nChannelTimeout *=1h\nAllowTcpForwarding no",
    ):
        with cases.case(f"glasshd -T prints what sshd -T does of: {settings.splitlines()}"):
            path = workspace.file(os.path.basename(workspace.fresh("effective.conf")), lines + settings + "\n")
            printed = []
            for program in (find_program("sshd"), our_program("glasshd")):
                result = workspace.run([program, "-T", "-f", path, "-C", "user=ann,host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22"])
                expect_equal(result.status, 0, result)
                printed.append(sorted(line for line in result.out.decode().splitlines() if line.split(" ")[0] in KEYWORDS))
            expect_equal(printed_by_us(printed[1]), printed_by_openssh(printed[0]))


def idling(cases, workspace):
    with cases.case("ChannelTimeout closes what idles, and only that"):
        server = start_glasshd(workspace, ["ChannelTimeout session:command=2 direct-tcpip=1"])
        busy = "for i in 1 2 3 4 5; do echo $i; sleep 0.5; done"
        for client in (ssh, glassh):
            result = workspace.run(client(*client_options(workspace, server), "127.0.0.1", busy))
            expect_equal((result.status, result.out), (0, b"1\n2\n3\n4\n5\n"), result)
            begun = time.monotonic()
            result = workspace.run(client(*client_options(workspace, server), "127.0.0.1", "echo a; exec sleep 1000"))
            expect_equal((result.status, result.out), (255, b"a\n"), result)
            expect(time.monotonic() - begun > 1.9, "it did not idle for two seconds")
        expect_log(server, "session:command closed after 2 seconds of inactivity")
        wait_until(lambda: not server.children(), "the program was hung up")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = workspace.start(ssh("-W", f"127.0.0.1:{listener.getsockname()[1]}", *client_options(workspace, server), "127.0.0.1"),
                                     stdin=subprocess.PIPE)
            peer = listener.accept()[0]
            expect_equal(peer.recv(1), b"")
            client.wait(PATIENCE)
        server.stop()
    with cases.case("UnusedConnectionTimeout ends a connection without channels, one that only listens included"):
        server = start_glasshd(workspace, ["UnusedConnectionTimeout 1"])
        for client, flags in ((ssh, []), (ssh, ["-R", "0:127.0.0.1:1"]), (glassh, [])):
            result = workspace.run(client("-N", *flags, *client_options(workspace, server), "127.0.0.1"))
            expect_equal(result.status, 255, result)
            expect("UnusedConnectionTimeout" in result.err, result)
        result = workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", "sleep 1.5; exit 4"))
        expect_equal(result.status, 4, result)
        server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        server = start_with_passwords(workspace)
        remote(cases, server)
        direct(cases, server)
        sockets(cases, workspace, server)
        addresses_to_bind(cases, workspace)
        permissions(cases, workspace)
        effective_configuration(cases, workspace)
        idling(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
