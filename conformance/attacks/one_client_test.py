"""All attacks of a client with one ordinary key at the same time: the others go on, and everything is given back.

Each attack has a script of its own beside this one, which looks at that attack alone. GLASSH_ATTACK_SECONDS says how long the
attacks go on here. Waiting times are printed, and never judged: they depend on the machine.
"""

import os
import socket
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, Cases, Workspace, client_options, expect_equal, glassh, ssh, start_glasshd
from peers.slow_system import SlowSystem
from peers.victims import SilentListener, Victims, end_attack, given_back, resident_kib, start_attack

SECONDS = float(os.environ.get("GLASSH_ATTACK_SECONDS", "10"))
FILL = 2 * 1024 * 1024


def attacks_on(target, silent, slow):
    """The words for attack_tool."""
    return [
        ("channels", 3, 4090, target.port),
        ("closed-readers", 150, silent.path, FILL, "close"),
        ("closed-readers", 150, silent.path, FILL, "leave"),
        ("lookups", 4090),
        ("paths", 500, os.path.join(slow.directory, "socket")),
        ("listener", os.path.join(slow.directory, "listener")),
        ("stuck-terminals", 4),
        ("unanswered-rekey",),
        ("long-strings",),
        ("many-lines", 10_000),
        ("compressed", 1500, 100_000),
    ]


class Repeated(threading.Thread):
    """One attack, begun again each time that it has ended, until stop()."""

    def __init__(self, workspace, server, words):
        super().__init__(name=words[0])
        self._workspace, self._server, self._words = workspace, server, words
        self._over = threading.Event()
        self._tool = None
        self.times, self.failure = 0, None

    def run(self):
        try:
            while not self._over.is_set():
                self._tool = start_attack(self._workspace, self._server, *self._words, wait=False)
                self._tool.stdout.readline()  # "ready", or nothing where the server has ended the connection
                self._over.wait(0.5)
                end_attack(self._tool)
                self.times += 1
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def stop(self):
        self._over.set()
        while self.is_alive():
            if self._tool:
                self._tool.terminate()  # one may wait for answers that need long
            self.join(1)
        if self.failure:
            raise self.failure


class Logins(threading.Thread):
    """One login after the other, until stop()."""

    def __init__(self, workspace, server, client):
        super().__init__()
        self._workspace, self._server, self._client = workspace, server, client
        self._over = threading.Event()
        self.waited, self.failure = [], None

    def run(self):
        options = client_options(self._workspace, self._server)
        try:
            while not self._over.is_set():
                begun = time.monotonic()
                done = self._workspace.run(self._client(*options, "127.0.0.1", "echo in"), timeout=PATIENCE)
                expect_equal(done.out, b"in\n", done, self._server.log_tail)
                self.waited.append(time.monotonic() - begun)
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def stop(self):
        self._over.set()
        self.join(2 * PATIENCE)
        if self.failure:
            raise self.failure


def say_times(what, times):
    ordered = sorted(times)
    print(f"# {what}: {len(times)}, median {statistics.median(ordered) * 1000:.0f} ms, "
          f"longest {ordered[-1] * 1000:.0f} ms", flush=True)


def main():
    cases = Cases()
    with Workspace() as workspace:
        slow = SlowSystem(workspace)
        silent, target = SilentListener(workspace), SilentListener(workspace, socket.AF_INET)
        server = start_glasshd(workspace, ["RekeyLimit 1M"], env=slow.environment, under=("prlimit", "--nofile=4000"))
        victims = [Victims(workspace, server) for _ in range(4)]
        before, descriptors, resident = server.holdings(), server.descriptors(), resident_kib(server.process.pid)
        slow.hang()
        words = attacks_on(target, silent, slow)
        with cases.case(f"{len(words)} attacks at the same time for {SECONDS:.0f} seconds: the others finish their work"):
            attacks = [Repeated(workspace, server, each) for each in words]
            logins = [Logins(workspace, server, client) for client in (ssh, glassh)]
            for each in attacks + logins:
                each.start()
            echoes, end = [], time.monotonic() + SECONDS
            while time.monotonic() < end:
                for victim in victims:
                    begun = time.monotonic()
                    victim.echo()
                    echoes.append(time.monotonic() - begun)
            for each in attacks + logins:
                each.stop()
            say_times("echoes of sessions that were there before", echoes)
            say_times("logins", [time for each in logins for time in each.waited])
            print("# attacks: " + ", ".join(f"{each.name} {each.times}" for each in attacks), flush=True)
        with cases.case("afterwards everything is given back"):
            slow.go_on()
            silent.hang_up_all()
            target.hang_up_all()
            given_back(server, before, descriptors)
            print(f"# resident memory: {resident} KiB before, {resident_kib(server.process.pid)} KiB after; "
                  f"{server.holdings()}", flush=True)
        with cases.case("and the server ends when it is told to"):
            for victim in victims:
                victim.end()
            server.process.terminate()
            expect_equal(server.process.wait(PATIENCE), 0, server.log_tail)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
