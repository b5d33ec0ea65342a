"""Processes with keys in their memory leave no core file; the programs that they start may. Reads /proc, so it runs as root
or as the user of all its processes.
"""

import os
import resource
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers.cases import PATIENCE, Cases, expect_equal
from peers.clients import client_options, ssh
from peers.servers import start_glasshd
from peers.workspace import Workspace, our_program

HARD = resource.getrlimit(resource.RLIMIT_CORE)[1]
# In the words of `ulimit -c`: blocks of 512 or 1024 bytes.
SOFT = 1 << 20 if HARD == resource.RLIM_INFINITY else min(1 << 20, HARD)


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("Max core file size"))
    return line.split()[4]


def in_session(workspace, server, command):
    """The limit may come a moment after the program has begun, so it waits until it is not 0 any more."""
    wait = "" if SOFT == 0 else 'while [ "$(ulimit -c)" = 0 ]; do :; done; '
    return workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", wait + command), timeout=PATIENCE)


def main():
    cases = Cases()
    resource.setrlimit(resource.RLIMIT_CORE, (SOFT, HARD))
    with Workspace() as workspace:
        server = start_glasshd(workspace)
        with cases.case("glasshd may leave no core file"):
            expect_equal(core_limit(server.process.pid), "0")
        with cases.case("a program of a session has the limit with which glasshd was started"):
            done = in_session(workspace, server, "grep 'Max core' /proc/self/limits")
            expect_equal(done.out.split()[4], str(SOFT).encode(), done)
        with cases.case("a glasshd that is killed by SIGABRT leaves none"):
            server.process.send_signal(signal.SIGABRT)
            end = os.waitid(os.P_PID, server.process.pid, os.WEXITED | os.WNOWAIT)
            expect_equal((end.si_code, end.si_status), (os.CLD_KILLED, signal.SIGABRT), "rather than CLD_DUMPED")
        debugged = start_glasshd(workspace, flags=["-d"])
        with cases.case("glasshd -d keeps the limit, for a debugger's sake"):
            expect_equal(core_limit(debugged.process.pid), str(SOFT))
        with cases.case("glassh may leave no core file either"):
            server = start_glasshd(workspace)
            client = workspace.start([our_program("glassh"), *client_options(workspace, server), "127.0.0.1", "echo in; cat"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            expect_equal(client.stdout.readline(), b"in\n", server.log_tail)
            expect_equal(core_limit(client.pid), "0")
            client.stdin.close()
            expect_equal(client.wait(PATIENCE), 0)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
