"""Connections that take all the descriptors that they can get: others work and log in, and all is given back.

glasshd has 2,000 descriptors here, so that three connections with 4,090 channels each run out of them soon.
"""

import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, start_glasshd
from peers.victims import SilentListener, Victims, attacking, expect_no_growth, given_back

LIMIT = 2000
RESERVE = LIMIT // 8


def start_limited(workspace):
    return start_glasshd(workspace, under=("prlimit", f"--nofile={LIMIT}"))


def channels_cases(cases, workspace):
    server, target = start_limited(workspace), SilentListener(workspace, socket.AF_INET)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    words = ("channels", 3, 4090, target.port)
    with cases.case("three connections with 4,090 channels each leave descriptors for others"):
        with attacking(workspace, server, *words):
            held = server.holdings()
            print(f"# {held['descriptors']} descriptors are claimed, {server.descriptors()} are open", flush=True)
            expect(held["channels"] > 1000, f"only {held['channels']} channels were opened")
            expect(server.descriptors() < LIMIT - RESERVE, f"{server.descriptors()} descriptors are open")
            victims.work()
            log = server.log()
        print(f"# {victims.waited()}", flush=True)
        expect(log.count("out of descriptors: user ") == 1, "the log says it once a minute", server.log_tail)
    with cases.case("and give all of them back"):
        target.hang_up_all()
        given_back(server, before, descriptors)
    with cases.case("ten times, in the same memory"):
        def once():
            with attacking(workspace, server, *words):
                pass
            target.hang_up_all()
            given_back(server, before, descriptors)
        expect_no_growth(server, once)
    with cases.case("many greedy connections leave descriptors for others"):
        with attacking(workspace, server, "channels", 20, 1000, target.port):
            victims.work()
        given_back(server, before, descriptors)
    victims.end()
    server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        channels_cases(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
