"""glasshd as its administrator meets it: SIGHUP, SIGTERM, the service manager, and what the sockets of connections are told.

Sessions are those of OpenSSH's ssh. What a socket was told is read from ss(8), or from strace's record of the program.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, expect_log, find_program, glassh, ssh, start_glasshd,
                   start_sshd, wait_until)
from peers.openssh_versions import IPQOS, OUR_IPQOS, of_installed


@contextlib.contextmanager
def session(workspace, server):
    """An ssh whose remote `cat` sends back what is written to it."""
    process = workspace.start(ssh(*client_options(workspace, server), "-q", "127.0.0.1", "cat"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    expect_alive(process, "begun")
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(PATIENCE)


def expect_alive(process, word):
    process.stdin.write(word.encode() + b"\n")
    process.stdin.flush()
    expect_equal(process.stdout.readline(), word.encode() + b"\n", "the session does not answer any more")


def expect_login(workspace, server, command="echo in", output=b"in\n"):
    done = workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", command))
    expect_equal(done.out, output, done, server.log_tail)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rewrite(server, change):
    """Changes the text of the server's configuration file."""
    text = read(server.configuration)
    with open(server.configuration, "w", encoding="utf-8") as file:
        file.write(change(text))


def hang_up(server, expected):
    """SIGHUP, until the log says what is expected. Returns what the log said since then."""
    before = len(server.log())
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: re.search(expected, server.log()[before:]), f"the log says {expected}", server.log_tail)
    return server.log()[before:]


def listening_port(said):
    return int(re.findall(r"^Server listening on 127\.0\.0\.1 port (\d+)\.", said, re.MULTILINE)[-1])


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# The program keeps its process number, and its parent.
STRACE = (find_program("strace"), "-DDD", "-f", "-q")


# --- SIGHUP ---------------------------------------------------------------------------------------------------------

def reload_cases(cases, workspace):
    server = start_glasshd(workspace, ["ForceCommand echo first"])
    with cases.case("SIGHUP: new connections get the new configuration, on the same port"):
        expect_login(workspace, server, output=b"first\n")
        rewrite(server, lambda text: text.replace("ForceCommand echo first", "ForceCommand echo second"))
        expect_login(workspace, server, output=b"first\n")
        said = hang_up(server, "Server listening")
        expect("Received SIGHUP; restarting." in said, said)
        expect_equal(listening_port(said), server.port)
        expect_login(workspace, server, output=b"second\n")
    with cases.case("SIGHUP: a bad line is named with file and line, and nothing changes"):
        rewrite(server, lambda text: "ForceCommand echo third\nMaxAuthTries many\n" + text)
        said = hang_up(server, "SIGHUP: .*")
        expect(re.search(rf"SIGHUP: {re.escape(server.configuration)}:2: .*many.*what was read before stays in force", said), said)
        expect_login(workspace, server, output=b"second\n")
    with cases.case("SIGHUP: the log's level follows"):
        rewrite(server, lambda text: "LogLevel ERROR\n" + text.split("\n", 2)[2])
        hang_up(server, "Received SIGHUP")
        wait_until(lambda: not re.search("Accepted", log_of_login(workspace, server)), "the log becomes quiet")
        expect_equal(server.process.poll(), None)
    server.stop()


# 127.0.0.1 is in the way of 0.0.0.0, so it is closed before; then the next three attempts to bind fail.
def rebind_cases(cases, workspace):
    failing = [*STRACE, "-o", "/dev/null", "-e", "trace=bind", "-e", "inject=bind:error=EADDRINUSE:when=3..5"]
    server = start_glasshd(workspace, under=failing)
    with cases.case("SIGHUP: neither the new address nor the old one can be had, and the server tries again until one can"):
        rewrite(server, lambda text: text.replace("ListenAddress 127.0.0.1\nPort 0", f"ListenAddress 0.0.0.0\nPort {server.port}"))
        said = hang_up(server, "Server listening")
        server.port = listening_port(said)
        expect(re.search(r"no address is listened on: Bind to port 0 on 127\.0\.0\.1 failed: Address already in use\.; "
                         "trying again every second\n", said), said)
        expect_login(workspace, server)
    with cases.case("SIGHUP: an address is added to the one that stays"):
        port = server.port
        rewrite(server, lambda text: re.sub(r"ListenAddress .*\nPort .*", f"ListenAddress 127.0.0.1\nListenAddress 127.0.0.2\nPort {port}",
                                            text))
        expect("listening on 127.0.0.2" in hang_up(server, "listening on 127.0.0.2"), "it does not listen")
        expect_login(workspace, server)
    server.stop()


def log_of_login(workspace, server):
    before = len(server.log())
    expect_login(workspace, server, output=b"second\n")
    return server.log()[before:]


def reload_keeps_sessions(cases, workspace):
    server = start_glasshd(workspace)
    with cases.case("SIGHUP: a session that is there goes on, on another port for the next ones"):
        with session(workspace, server) as process:
            rewrite(server, lambda text: text.replace("Port 0", "Port 0\nAddressFamily inet"))
            port = listening_port(hang_up(server, "Server listening"))
            expect(port != server.port and not accepts(server.port), f"it still listens on {server.port}")
            expect_alive(process, "still there")
            server.port = port
            expect_login(workspace, server)
            expect_alive(process, "and after that")
    with cases.case("SIGHUP: host keys are read again"):
        fresh = workspace.key("another-host-key")
        rewrite(server, lambda text: re.sub("HostKey .*\n", "", text) + f"HostKey {fresh}\n")
        hang_up(server, "Server listening")
        known = workspace.file("known-again", f"[127.0.0.1]:{server.port} {workspace.public_key('another-host-key')}\n")
        done = workspace.run(ssh(*client_options(workspace, server, known_hosts=known), "127.0.0.1", "echo in"))
        expect_equal(done.out, b"in\n", done)
    server.stop()


# --- SIGTERM --------------------------------------------------------------------------------------------------------

def stop_cases(cases, workspace):
    with cases.case("SIGTERM: nothing new comes in, sessions go on, and the server ends with the last one"):
        pid_file = workspace.fresh("glasshd.pid")
        server = start_glasshd(workspace, [f"PidFile {pid_file}"])
        with session(workspace, server) as first, session(workspace, server) as second:
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not accepts(server.port), "nobody is accepted any more", server.log_tail)
            expect_log(server, "Received signal 15; terminating.")
            wait_until(lambda: not os.path.exists(pid_file), "the PID file goes", server.log_tail)
            expect_alive(first, "still there")
            expect_alive(second, "still there")
        expect_equal(server.process.wait(PATIENCE), 0)
    with cases.case("SIGTERM: without sessions the server ends at once"):
        server = start_glasshd(workspace)
        server.process.send_signal(signal.SIGTERM)
        expect_equal(server.process.wait(PATIENCE), 0)
    with cases.case("SIGTERM: a second one ends the sessions"):
        ending_cases(workspace, [signal.SIGTERM, signal.SIGTERM])
    with cases.case("SIGINT ends everything at once"):
        ending_cases(workspace, [signal.SIGINT])


def ending_cases(workspace, signals):
    server = start_glasshd(workspace)
    with session(workspace, server) as one, session(workspace, server) as two:
        for number in signals:
            server.process.send_signal(number)
            wait_until(lambda: not accepts(server.port), "nobody is accepted any more")
        expect_equal(server.process.wait(PATIENCE), 0)
        expect_equal([one.wait(PATIENCE), two.wait(PATIENCE)], [255, 255])


# --- the service manager --------------------------------------------------------------------------------------------

def notify_cases(cases, workspace):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = workspace.fresh("notify")
        manager.bind(path)
        manager.settimeout(PATIENCE)
        heard = lambda: dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())  # noqa: E731
        with cases.case("the service manager hears of readiness, reloading and the end; programs hear nothing of it"):
            os.environ["NOTIFY_SOCKET"] = path
            try:
                server = start_with_environment(workspace)
            finally:
                del os.environ["NOTIFY_SOCKET"]
            ready = {"READY": "1", "MAINPID": str(server.process.pid)}
            expect_equal(heard(), ready)
            expect_login(workspace, server, "echo ${NOTIFY_SOCKET-unset}", b"unset\n")
            server.process.send_signal(signal.SIGHUP)
            reloading = heard()
            expect(reloading.get("RELOADING") == "1" and int(reloading["MONOTONIC_USEC"]) > 0, reloading)
            expect_equal(heard(), ready)
            server.process.send_signal(signal.SIGTERM)
            expect_equal(heard(), {"STOPPING": "1"})
            expect_equal(server.process.wait(PATIENCE), 0)


def start_with_environment(workspace):
    original = workspace.start

    def start(arguments, **options):
        return original(arguments, **{**options, "env": {"NOTIFY_SOCKET": os.environ["NOTIFY_SOCKET"]}})

    workspace.start = start
    try:
        return start_glasshd(workspace)
    finally:
        workspace.start = original


# --- sockets --------------------------------------------------------------------------------------------------------

def options_set(workspace, words):
    """{option: last value} of the setsockopt calls that succeeded."""
    record = workspace.fresh("strace")
    tracer = [find_program("strace"), "-f", "-e", "trace=setsockopt", "-o", record]
    done = workspace.run([*tracer, *words])
    expect_equal(done.status, 0, done)
    return parse_options(record)


def parse_options(record):
    found = re.findall(r"setsockopt\(\d+, (?:SOL|IPPROTO)_\w+, (\w+), \[(\w+)\].*= 0$", read(record), re.MULTILINE)
    return {name: int(value, 0) for name, value in found}


TYPES_OF_SERVICE = {"ef": 0xB8, "af21": 0x48, "cs1": 0x20, "lowdelay": 0x10, "throughput": 0x08, "none": None}


def type_in_session(workspace, words):
    """The type of service of the client's socket while its session goes on. ssh 10 changes it with the channels that are open."""
    record = workspace.fresh("strace")
    tracer = [find_program("strace"), "-f", "-e", "trace=setsockopt", "-o", record]
    process = workspace.start([*tracer, *words, "echo begun; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    expect_equal(process.stdout.readline().strip(), b"begun")
    found = parse_options(record).get("IP_TOS")
    process.stdin.write(b"\n")
    process.stdin.close()
    expect_equal(process.wait(PATIENCE), 0)
    return found


def socket_cases(cases, workspace):
    server = start_sshd(workspace)
    flags = client_options(workspace, server)
    for ipqos in (None, "af21 cs1", "none none", "none"):
        for terminal, interactive in (("-T", False), ("-tt", True)):
            with cases.case(f"glassh {terminal}, IPQoS {ipqos or 'not said'}: type of service as that of ssh"):
                settings = ["-o", f"IPQoS={ipqos}"] if ipqos else []
                words = [*settings, *(flag for flag in flags if flag != "-T"), terminal, "-q", "127.0.0.1"]
                for client, default in ((glassh, OUR_IPQOS), (ssh, of_installed(IPQOS))):
                    word = (ipqos or default).split()[0 if interactive else -1]
                    expect_equal(type_in_session(workspace, client(*words)), TYPES_OF_SERVICE[word], client.__name__)
    with cases.case("glassh: TCPKeepAlive"):
        for value, expected in (("yes", 1), ("no", None)):
            words = glassh("-o", f"TCPKeepAlive={value}", *flags, "127.0.0.1", "true")
            expect_equal(options_set(workspace, words).get("SO_KEEPALIVE"), expected)
    server.stop()


def server_socket_cases(cases, workspace):
    kinds = ((["IPQoS af21 cs1", "TCPKeepAlive no"], ["-T"], 0x20, None), ([], ["-tt"], 0x10, 1),
             (["IPQoS af21 cs1"], ["-tt"], 0x48, 1), (["IPQoS none"], ["-T"], None, 1))
    for settings, terminal, type_of_service, keep_alive in kinds:
        with cases.case(f"glasshd with {settings or 'the defaults'}, client's {terminal[0]}: "
                        f"type of service {type_of_service}, SO_KEEPALIVE {keep_alive}"):
            record = workspace.fresh("strace")
            server = start_glasshd(workspace, settings, under=[*STRACE, "-e", "trace=setsockopt", "-o", record])
            words = [flag for flag in client_options(workspace, server) if flag != "-T"]
            done = workspace.run(ssh(*words, *terminal, "127.0.0.1", "true"))
            expect_equal(done.status, 0, done)
            server.process.send_signal(signal.SIGINT)
            server.process.wait(PATIENCE)
            wait_until(lambda: "--- SIGINT" in read(record), "strace has seen the signal", lambda: read(record)[-2000:])
            found = parse_options(record)
            expect_equal(found.get("IP_TOS"), type_of_service, found)
            expect_equal(found.get("SO_KEEPALIVE"), keep_alive, found)
            expect_equal(found.get("TCP_NODELAY"), 1, found)


def main():
    cases = Cases()
    with Workspace() as workspace:
        for group in (reload_cases, rebind_cases, reload_keeps_sessions, stop_cases, notify_cases, socket_cases, server_socket_cases):
            group(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
