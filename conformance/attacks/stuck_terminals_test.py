"""One client fills terminals that no program reads: the threads that serve connections must not wait for these."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, expect_equal, start_glasshd, wait_until
from peers.victims import Victims, attacking, expect_no_growth, given_back

CONNECTIONS = 2 * os.cpu_count()  # two for each thread that serves connections
NO_READER = "exec sleep 1000"


def others_work(cases, workspace, what, *command):
    server = start_glasshd(workspace)
    with cases.case(f"{what}: others work and log in, and all is given back"):
        victims = Victims(workspace, server)
        before = server.holdings()
        with attacking(workspace, server, "stuck-terminals", CONNECTIONS, *command):
            victims.work()
        given_back(server, before)
        print(f"# {what}: {victims.waited()}", flush=True)
        victims.end()
    with cases.case(f"{what}: ten repeats do not raise the resident memory"):
        def once():
            with attacking(workspace, server, "stuck-terminals", CONNECTIONS, *command):
                pass
            given_back(server, before)
        expect_no_growth(server, once)
    server.stop()


def ends_at_sigterm(cases, workspace):
    server = start_glasshd(workspace)
    with cases.case("SIGTERM, once and again, ends the server under the attack"):
        with attacking(workspace, server, "stuck-terminals", CONNECTIONS):
            server.process.terminate()
            wait_until(lambda: "Received signal 15" in server.log(), "it has seen the first one", server.log_tail)
            server.process.terminate()
            expect_equal(server.process.wait(PATIENCE), 0, server.log_tail)


def main():
    cases = Cases()
    with Workspace() as workspace:
        others_work(cases, workspace, "terminals without a program")
        others_work(cases, workspace, "terminals whose program does not read", NO_READER)
        ends_at_sigterm(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
