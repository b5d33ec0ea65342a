"""Readers of the log, the trace and the key log that do not read: glasshd goes on, and says how many lines it dropped."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect, expect_equal, ssh, start_glasshd
from peers.servers import Server, glasshd_configuration
from peers.victims import attacking
from peers.workspace import our_program

LINES = 40_000  # of 100 bytes: more than the queue takes
SMALL_PIPE = 4096


def start_unread(workspace):
    """A glasshd whose log goes into a pipe, of which only the beginning was read."""
    configuration = glasshd_configuration(workspace, level="DEBUG")
    process = workspace.start([our_program("glasshd"), "-D", "-e", "-f", configuration], stderr=subprocess.PIPE)
    for line in process.stderr:
        if found := re.match(rb"Server listening on 127\.0\.0\.1 port (\d+)\.", line):
            return Server(workspace, process, workspace.file("no-log", ""), int(found[1]))
    raise AssertionError("glasshd does not listen")


def log_in(workspace, server, command="echo in"):
    done = workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", command), timeout=PATIENCE)
    expect_equal(done.status, 0, done)
    return done.out


def unread_log(cases, workspace):
    server = start_unread(workspace)
    with cases.case("no program reads the log: a client that fills it is served, and others log in"):
        with attacking(workspace, server, "many-lines", LINES):
            expect_equal(log_in(workspace, server), b"in\n")
    with cases.case("when it is read again, it says how many lines were dropped, and so do the counters"):
        dropped = counted = 0
        late = threading.Timer(PATIENCE, server.process.kill)
        late.start()
        for line in server.process.stderr:
            if found := re.match(rb"(\d+) lines of this log were dropped", line):
                dropped += int(found[1])  # a short line may have found room between long ones
                server.process.send_signal(signal.SIGUSR1)
            elif found := re.match(rb"holdings: .*dropped lines (\d+)", line):
                counted = int(found[1])
                break
        late.cancel()
        print(f"# {dropped} of {LINES} lines were dropped", flush=True)
        expect(1000 < dropped == counted < LINES, f"{dropped} are said to be dropped, {counted} were counted")
    with cases.case("SIGTERM ends a server whose log is not read"):
        with attacking(workspace, server, "many-lines", LINES):
            pass
        server.process.terminate()
        expect_equal(server.process.wait(PATIENCE), 0)


def unread_fifo(workspace, name):
    """A FIFO that has a reader and little room, and what keeps it open."""
    path = workspace.fresh(name)
    os.mkfifo(path, 0o600)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
    workspace.at_end(lambda: os.close(reader))
    return path


def unread_files(cases, workspace):
    for flag in ("--trace", "--keylog"):
        with cases.case(f"no program reads {flag}: others log in, and SIGTERM ends the server"):
            server = start_glasshd(workspace, flags=[flag, unread_fifo(workspace, "fifo")])
            for _ in range(20):
                expect_equal(log_in(workspace, server), b"in\n")
            expect_equal(len(log_in(workspace, server, "head -c 3000000 /dev/zero")), 3_000_000)
            server.process.terminate()
            expect_equal(server.process.wait(PATIENCE), 0, server.log_tail)


def main():
    cases = Cases()
    with Workspace() as workspace:
        unread_log(cases, workspace)
        unread_files(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
