"""Requests of one client with an ordinary key that ended, or emptied, the server of all others.

The answers that wait for a key exchange which never ends are one client's trouble, and so is a request with a string that
fills a packet. Packets that compression made small are much work, which their connection does between that of the others.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers.cases import Cases, expect, expect_equal, wait_until
from peers.servers import start_glasshd
from peers.victims import Victims, attacking, expect_no_growth, given_back
from peers.workspace import Workspace

REPEATS = 10


def start(workspace):
    return start_glasshd(workspace, ["AllowTcpForwarding yes", "RekeyLimit 1M", "AcceptEnv *"])


def attack(cases, what, *words, ended=None):
    """The attack ten times, with victims before, meanwhile and afterwards."""
    with Workspace() as workspace:
        server = start(workspace)
        before = server.holdings()
        victims = Victims(workspace, server)

        def once():
            seen = server.log().count(ended) if ended else 0
            with attacking(workspace, server, *words):
                if ended:
                    wait_until(lambda: server.log().count(ended) > seen, f"the server says: {ended}", server.log_tail)
                victims.work(1)

        with cases.case(f"{what}: the others go on"):
            once()
        with cases.case(f"{what}: {REPEATS} times"):
            expect_no_growth(server, once, REPEATS)
        with cases.case(f"{what}: all is given back"):
            victims.end()
            given_back(server, before)
            expect_equal(server.process.poll(), None, server.log_tail)
            expect("internal error" not in server.log(), server.log_tail)
        print(f"# {what}: {victims.waited()}", flush=True)


def main():
    cases = Cases()
    attack(cases, "a key exchange that is not answered", "unanswered-rekey",
           ended="answers wait for the key exchange to end: too many requests")
    attack(cases, "strings that fill a packet", "long-strings")
    attack(cases, "1500 packets that are 1000 times larger when they are inflated", "compressed", 1500, 100_000)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
