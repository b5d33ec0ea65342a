"""Sessions with OpenSSH, both ways: how they start, what arrives on which stream, and each way to end.

A login shell may read a profile that has something to say; only what our own commands say is looked for.
Every case of `both_ways` is tried with ssh against glasshd, with glassh against Debian's sshd, and among ourselves.
"""

import concurrent.futures
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (USER, Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd,
                   start_sshd, wait_until)
from peers.servers import HOST_KEY_KINDS, glasshd_configuration
from peers.workspace import end_process, our_program

SETTINGS = ["AcceptEnv GLASSH_*", "Subsystem echo /bin/cat", "Subsystem sftp /usr/lib/openssh/sftp-server"]


class Way:
    """A client, a server, and the flags to get from one to the other."""

    def __init__(self, workspace, name, client, server):
        self.workspace, self.name, self.client, self.server = workspace, name, client, server
        self.options = client_options(workspace, server)

    def run(self, *command, flags=(), options=None, **how):
        return self.workspace.run(self.client(*flags, *(options or self.options), "127.0.0.1", *command), **how)

    def start(self, *command, flags=(), **how):
        return self.workspace.start(self.client(*flags, *self.options, "127.0.0.1", *command), **how)


def both_ways(cases, way):
    streams(cases, way)
    ends(cases, way)
    requests(cases, way)
    who_gets_in(cases, way)
    no_session(cases, way)


def streams(cases, way):
    with cases.case(f"{way.name}: stderr comes apart from stdout, a megabyte of each"):
        result = way.run("head -c 1000000 /dev/zero | tr '\\0' o; head -c 1000000 /dev/zero | tr '\\0' e >&2")
        expect_equal(result.status, 0)
        expect(result.out.endswith(b"o" * 1000000) and b"e" * 1000 not in result.out, "stdout is not what was written")
        expect(result.err.endswith("e" * 1000000) and "o" * 1000 not in result.err, "stderr is not what was written")
    with cases.case(f"{way.name}: the end of stdin arrives, and output may come after it"):
        result = way.run("wc -c; echo later", input=b"12345")
        expect_equal((result.status, result.out.split()), (0, [b"5", b"later"]), result)
    with cases.case(f"{way.name}: -n gives the command no input"):
        result = way.run("wc -c", flags=["-n"], input=b"12345")
        expect_equal((result.status, result.out.strip()), (0, b"0"), result)
    with cases.case(f"{way.name}: a login shell reads its commands from stdin"):
        result = way.run(input=b"echo from-the-shell\nexit 5\n")
        expect_equal((result.status, b"from-the-shell" in result.out), (5, True), result)
    with cases.case(f"{way.name}: a command that reads nothing ends, whatever we still want to send"):
        result = way.run("exit 3", input=bytes(8 << 20))
        expect_equal(result.status, 3, result)


def ends(cases, way):
    for status in (0, 1, 37, 255):
        with cases.case(f"{way.name}: exit {status}"):
            result = way.run(f"exit {status}")
            expect_equal(result.status, status, result)
    for name in ("TERM", "KILL", "SEGV"):
        with cases.case(f"{way.name}: death by SIG{name} is status 255"):
            result = way.run(f"kill -{name} $$; sleep 60")
            expect_equal(result.status, 255, result, way.server.log_tail)
    with cases.case(f"{way.name}: a command of 100000 bytes"):
        result = way.run(f"echo {'x' * 100000} | wc -c; exit 6")
        expect_equal((result.status, result.out.split()), (6, [b"100001"]), result)
    with cases.case(f"{way.name}: a command that is not there is the shell's 127"):
        result = way.run("/nonexistent/command")
        expect_equal(result.status, 127, result)


def requests(cases, way):
    with cases.case(f"{way.name}: environment variables that both sides agree on arrive"):
        result = way.run('echo "$GLASSH_A|$GLASSH_B|$OTHER|$GLASSH_SET"',
                         flags=["-o", "SendEnv=GLASSH_A OTHER", "-o", "SetEnv=GLASSH_SET=set"],
                         env={"GLASSH_A": "a b", "GLASSH_B": "not sent", "OTHER": "not accepted"})
        expect_equal((result.status, result.out), (0, b"a b|||set\n"), result)
    with cases.case(f"{way.name}: a subsystem"):
        result = way.run("echo", flags=["-s"], input=b"through the subsystem")
        expect_equal((result.status, result.out), (0, b"through the subsystem"), result)
    with cases.case(f"{way.name}: a subsystem that is not there"):
        result = way.run("missing", flags=["-s"])
        expect_equal((result.status, result.out), (255, b""), result)
        expect("subsystem request failed on channel 0" in result.err, result)


def who_gets_in(cases, way):
    for kind in HOST_KEY_KINDS:
        with cases.case(f"{way.name}: a user's {kind} key"):
            result = way.run("exit 4", options=client_options(way.workspace, way.server, key=kind))
            expect_equal(result.status, 4, result, way.server.log_tail)
    for algorithm in ("rsa-sha2-256", "rsa-sha2-512"):
        with cases.case(f"{way.name}: a user's rsa key with {algorithm}"):
            result = way.run("exit 4", flags=["-o", f"PubkeyAcceptedAlgorithms={algorithm}"],
                             options=client_options(way.workspace, way.server, key="rsa"))
            expect_equal(result.status, 4, result, way.server.log_tail)
    stranger = way.workspace.key("stranger")
    for what, options in (("a key that nobody listed", {"key": stranger}), ("another user's name", {"user": "nobody-here"})):
        with cases.case(f"{way.name}: {what} is refused"):
            result = way.run("echo in", options=client_options(way.workspace, way.server, **options))
            expect_equal((result.status, result.out), (255, b""), result)
            expect("Permission denied (publickey)." in result.err, result)


def no_session(cases, way):
    with cases.case(f"{way.name}: -N logs in and starts nothing"):
        before = len(way.server.log())
        wait_until(lambda: not way.server.children(), "earlier connections are gone", way.server.log_tail)
        descriptors = way.server.descriptors()
        client = way.start(flags=["-N"])
        wait_until(lambda: "Accepted publickey" in way.server.log()[before:], "a login", way.server.log_tail)
        expect_equal(client.poll(), None, "the client has ended")
        end_process(client)
        # Not by the log: an sshd whose client ends while it is still sending says only "Broken pipe".
        wait_until(lambda: way.server.descriptors() <= descriptors and not way.server.children(), "the end",
                   way.server.log_tail)
        expect("Starting session" not in way.server.log()[before:], way.server.log_tail)


def many_sessions(cases, workspace, way, count=200, at_once=20):
    """Through OpenSSH's ControlMaster; glassh has none yet."""
    with cases.case(f"{way.name}: {count} sessions, {at_once} at a time, over one connection"):
        before = way.server.descriptors()
        log_before = len(way.server.log())
        path = workspace.file("mux")
        master = way.start(flags=["-M", "-N", "-S", path])
        wait_until(lambda: os.path.exists(path), "the master's socket", way.server.log_tail)
        idle = way.server.descriptors()

        def one(number):
            data = os.urandom(1000) * (1 + number)
            status = 1 + number % 200
            result = workspace.run(ssh("-S", path, *way.options, "127.0.0.1", f"cat; echo {number} >&2; exit {status}"),
                                   input=data)
            said = result.err.splitlines()[-1:]
            right = (result.status, result.out == data, said) == (status, True, [str(number)])
            return None if right else f"session {number}: {len(data)} bytes sent, {len(result.out)} back\n{result}"

        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            wrong = [text for text in pool.map(one, range(count)) if text]
        expect(not wrong, f"{len(wrong)} sessions went wrong; the first:", *wrong[:1], way.server.log_tail)
        expect_equal(way.server.log()[log_before:].count("Connection from"), 1)
        wait_until(lambda: way.server.descriptors() <= idle, "the sessions' descriptors are closed")
        wait_until(lambda: not way.server.children(), "the commands are reaped", way.server.children)
        end_process(master)
        wait_until(lambda: way.server.descriptors() <= before, "the connection's descriptors are closed")


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}")


def command_of(pid):
    with open(f"/proc/{pid}/comm") as file:
        return file.read().strip()


def vanishing_client(cases, workspace, way):
    before = way.server.descriptors()
    for round_number in range(3):
        with cases.case(f"{way.name}: a client that vanishes leaves nothing behind, round {round_number + 1}"):
            told = workspace.fresh("hangup")
            client = way.start(f"trap 'echo hangup > {told}; exit' HUP; sleep 1000 & echo $$ $!; wait",
                               stdout=subprocess.PIPE)
            pids = [int(word) for word in client.stdout.readline().split()]
            expect_equal(len(pids), 2)
            # Between fork and exec a shell's child loses a signal that its parent traps; that race is not ours.
            wait_until(lambda: command_of(pids[1]) == "sleep", "the sleep is one")
            client.send_signal(signal.SIGKILL)
            client.wait()
            wait_until(lambda: os.path.exists(told), "the command gets a hangup", way.server.log_tail)
            wait_until(lambda: all(is_gone(pid) for pid in pids), f"the processes {pids} are gone")
            wait_until(lambda: way.server.descriptors() <= before, "the server's descriptors are closed",
                       lambda: f"before: {before}, now: {way.server.descriptors()}")
            wait_until(lambda: not way.server.children(), "the command is reaped", way.server.children)


def sftp(cases, workspace, server):
    with cases.case("sftp to glasshd: a file goes there and comes back"):
        sent, there, back = (workspace.fresh(name) for name in ("sent", "there", "back"))
        data = os.urandom(3 << 20)
        with open(sent, "wb") as file:
            file.write(data)
        batch = f"put {sent} {there}\nget {there} {back}\n".encode()
        flags = [flag for flag in client_options(workspace, server) if flag != "-T"]
        flags[flags.index("-p")] = "-P"
        user = flags.index("-l")
        del flags[user:user + 2]
        result = workspace.run([find_program("sftp"), "-b", "-", *flags, f"{USER}@127.0.0.1"], input=batch)
        expect_equal(result.status, 0, result, server.log_tail)
        with open(back, "rb") as file:
            expect(file.read() == data, "another content came back")


def proxy_command(cases, workspace):
    """A server without a socket: the client starts it."""
    log = workspace.fresh("inetd.log")
    configuration = glasshd_configuration(workspace)
    known_hosts = workspace.file("proxied", "".join(
        f"proxied {workspace.public_key('host-' + kind, kind)}\n" for kind in HOST_KEY_KINDS))
    for name, client in (("ssh", ssh), ("glassh", glassh)):
        with cases.case(f"{name}: ProxyCommand='glasshd -i'"):
            proxy = f"ProxyCommand={our_program('glasshd')} -i -E {log} -f {configuration}"
            options = client_options(workspace, known_hosts=known_hosts)
            data = os.urandom(1 << 20)
            result = workspace.run(client("-o", proxy, *options, "proxied", "cat; exit 9"), input=data)
            expect_equal((result.status, result.out == data), (9, True), result)


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("glasshd starts, serves and ends"):
            server = start_glasshd(workspace, SETTINGS)
            way = Way(workspace, "ssh to glasshd", ssh, server)
            both_ways(cases, way)
            many_sessions(cases, workspace, way)
            vanishing_client(cases, workspace, way)
            sftp(cases, workspace, server)
            expect_equal(server.process.poll(), None, server.log_tail)
            server.stop()
            expect_equal(server.process.returncode, 0, server.log_tail)
        with cases.case("sshd starts and serves"):
            both_ways(cases, Way(workspace, "glassh to sshd", glassh, start_sshd(workspace, SETTINGS)))
        with cases.case("glasshd serves glassh"):
            both_ways(cases, Way(workspace, "glassh to glasshd", glassh, start_glasshd(workspace, SETTINGS)))
        proxy_command(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
