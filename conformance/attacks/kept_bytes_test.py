"""Bytes for readers who do not take them: channels to a Unix socket whose owner does not read, filled and then closed, or left.

They are delivered within the budget, dropped beyond it, and after the connection's end within a minute.
"""

import contextlib
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, expect_equal, start_glasshd, wait_until
from peers.cases import Failure
from peers.victims import SilentListener, Victims, attacking, expect_no_growth, given_back, start_attack

CHANNELS = 150
FILL = 2 * 1024 * 1024
BUDGET = 16 * 1024 * 1024  # of one connection
SINKS = 64  # alike
IN_THE_KERNEL = 256 * 1024  # more than a Unix socket's buffer


def size_to_the_end(connection):
    connection.settimeout(60)
    size = 0
    while True:
        got = connection.recv(1 << 20)
        if not got:
            return size
        size += len(got)


def dropped_bytes(server):
    return sum(int(number) for number in re.findall(r": dropped (\d+) bytes", server.log()))


def closed_cases(cases, workspace):
    server, silent = start_glasshd(workspace), SilentListener(workspace)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("closed channels keep at most 16 MiB and 64 descriptors, while the connection lives"):
        with attacking(workspace, server, "closed-readers", CHANNELS, silent.path, FILL, "close"):
            wait_until(lambda: server.holdings()["kept bytes"] <= BUDGET, "the rest is dropped", server.log_tail)
            held = server.holdings()
            print(f"# kept {held['kept bytes']} bytes, dropped {dropped_bytes(server)} so far", flush=True)
            expect(held["kept bytes"] > BUDGET // 2, f"only {held['kept bytes']} bytes are kept")
            expect(held["descriptors"] - before["descriptors"] <= SINKS + 8, f"{held['descriptors']} descriptors")
            victims.work()
            readers = silent.accept_all()
            expect_equal(len(readers), CHANNELS)
            sizes = [size_to_the_end(reader) for reader in readers]
            for reader in readers:
                reader.close()
            delivered = sum(size > IN_THE_KERNEL for size in sizes)
            print(f"# {delivered} readers got all, of the others' bytes the kernel had some", flush=True)
            expect(8 <= delivered <= SINKS, f"{delivered} readers got all", sizes)
        print(f"# {victims.waited()}", flush=True)
    with cases.case("and the log says how many bytes were dropped"):
        given_back(server, before, descriptors)
        wait_until(lambda: dropped_bytes(server) > BUDGET, "the log says it", server.log_tail)
    with cases.case("150 channels ten times, in the same memory"):
        def once():
            with attacking(workspace, server, "closed-readers", CHANNELS, silent.path, FILL, "close"):
                pass
            silent.hang_up_all()
            given_back(server, before, descriptors)
        expect_no_growth(server, once)
    victims.end()
    server.stop()


def left_cases(cases, workspace):
    server, silent = start_glasshd(workspace), SilentListener(workspace)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("what the end of a connection leaves is delivered to a reader who comes late [4254-5.3-6]"):
        with attacking(workspace, server, "closed-readers", 1, silent.path, FILL, "leave"):
            victims.work(1)
            (reader,) = silent.accept_all()
            expect_equal(size_to_the_end(reader), FILL)
            reader.close()
        given_back(server, before, descriptors)
    with cases.case("and dropped after a minute in which its reader takes nothing"):
        with attacking(workspace, server, "closed-readers", CHANNELS, silent.path, FILL, "leave"):
            wait_until(lambda: server.holdings()["kept bytes"] <= BUDGET, "the rest is dropped", server.log_tail)
            expect(server.holdings()["timers"] > 0, "no deadline")
            victims.work()
        with contextlib.suppress(Failure):  # a minute passes before anything may be dropped
            given_back(server, before, descriptors)
        given_back(server, before, descriptors)
        wait_until(lambda: dropped_bytes(server) > BUDGET, "the log says it", server.log_tail)
    victims.end()
    server.stop()


def living_cases(cases, workspace):
    """Four connections, each with as many full channels as the windows permit."""
    server, silent = start_glasshd(workspace), SilentListener(workspace)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("open channels whose readers take nothing keep at most 384 MiB in the process"):
        tools = [start_attack(workspace, server, "closed-readers", CHANNELS, silent.path, FILL, "stay", wait=False)
                 for _ in range(4)]
        wait_until(lambda: server.holdings()["kept bytes"] > 300 << 20, "they are filled", server.log_tail)
        victims.work()
        held = server.holdings()
        print(f"# kept {held['kept bytes'] >> 20} MiB; {victims.waited()}", flush=True)
        expect(held["kept bytes"] < 400 << 20, f"{held['kept bytes']} bytes are kept")
        for tool in tools:
            tool.stdin.close()

        def ended():
            silent.hang_up_all()
            return all(tool.poll() is not None for tool in tools)
        wait_until(ended, "the attack ends", server.log_tail)
        given_back(server, before, descriptors)
    victims.end()
    server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        closed_cases(cases, workspace)
        left_cases(cases, workspace)
        living_cases(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
