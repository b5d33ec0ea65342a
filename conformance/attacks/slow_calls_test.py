"""Name servers, group lists, homes and paths that hang: who waits for them, and who must not notice.

GLASSH_SLOW_LIBRARY names the library made of test/support/preload/slow_system.cpp, with which a test says what hangs.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, expect_log, ssh, start_glasshd, wait_until
from peers.servers import authorized_keys
from peers.slow_system import SlowSystem
from peers.victims import Victims, end_attack, expect_no_growth, given_back, start_attack

LOOKUPS_OF_A_CONNECTION = 64
RUNNING_LOOKUPS = 12  # of one user or source: channels/io/slow_calls.h
FILES_OF_A_USER = 4
SOCKETS_OF_A_USER = 4
LOOKUPS_WANTED = 4090
ATTACKERS = 4


class Greeter:
    """Says hello to each connection."""

    def __init__(self, workspace):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        workspace.at_end(self._listener.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    connection.sendall(b"hello\n")


def expect_forward(workspace, server, host, port):
    options = client_options(workspace, server)
    done = workspace.run(ssh(*options, "-W", f"{host}:{port}", "127.0.0.1"), timeout=PATIENCE)
    expect_equal(done.out, b"hello\n", done, server.log_tail)


def attack_with_lookups(workspace, server):
    """Four connections, each with as many lookups as it may have pending."""
    attackers = [start_attack(workspace, server, "lookups", LOOKUPS_WANTED) for _ in range(ATTACKERS)]
    wanted = ATTACKERS * LOOKUPS_OF_A_CONNECTION
    wait_until(lambda: server.holdings()["lookups"] == wanted, f"{wanted} lookups are pending",
               lambda: str(server.holdings()), server.log_tail)
    return attackers


def leave(server, attackers):
    for attacker in attackers:
        end_attack(attacker)
    wait_until(lambda: server.holdings()["lookups"] <= RUNNING_LOOKUPS, "the lookups leave the queue",
               lambda: str(server.holdings()), server.log_tail)


def lookups(cases, workspace):
    slow = SlowSystem(workspace)
    server = start_glasshd(workspace, env=slow.environment)
    greeter = Greeter(workspace)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("4 connections with 4090 lookups each at a silent name server: sessions, logins and forwards go on"):
        slow.hang()
        attackers = attack_with_lookups(workspace, server)
        victims.work()
        expect_forward(workspace, server, "localhost", greeter.port)
        expect_forward(workspace, server, "127.0.0.1", greeter.port)
        expect_log(server, "too many lookups are pending")
    with cases.case("when they have left, at most the threads of one source are still looking up, without a descriptor"):
        leave(server, attackers)
        wait_until(lambda: server.descriptors() <= descriptors, "the descriptors are given back")
        victims.work()
    with cases.case("when the name server speaks again, all is given back"):
        slow.go_on()
        given_back(server, before, descriptors)

    def once():
        slow.hang()
        leave(server, attack_with_lookups(workspace, server))
        slow.go_on()
        given_back(server, before, descriptors)

    with cases.case("ten such attacks do not add to the memory"):
        expect_no_growth(server, once)
    victims.end()
    print(f"# lookups: {victims.waited()}", flush=True)


ELSEWHERE = ("-b", "127.0.0.2")  # another source than the victims'


def start_clients(workspace, server, count, *words, user=USER):
    """Clients whose end the test does not wait for."""
    options = client_options(workspace, server, user=user)
    return [workspace.start(ssh(*options, *ELSEWHERE, "127.0.0.1", *words), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(count)]


def end_clients(clients):
    for client in clients:
        client.kill()
        client.wait(PATIENCE)
        client.stdin.close()
        client.stdout.close()


def group_lists(cases, workspace):
    slow = SlowSystem(workspace)
    groups = workspace.file("groups.conf", "Match Group no-such-group\n  Banner none\n")
    server = start_glasshd(workspace, [f"Include {groups}"], env=slow.environment)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("Match Group and a name service that hangs: clients that have not logged in do not stall sessions"):
        slow.hang("groups")
        clients = start_clients(workspace, server, 2, user="nobody-here") + start_clients(workspace, server, 2)
        slow.wait_for(4, server.log_tail)
        for _ in range(5):
            victims.echo()
    with cases.case("when it answers again and they have gone, all is given back"):
        end_clients(clients)
        slow.go_on("groups")
        given_back(server, before, descriptors)
        victims.work(1)
    victims.end()


def homes(cases, workspace):
    slow = SlowSystem(workspace)
    keys = os.path.join(slow.directory, "authorized_keys")
    hanging = workspace.file("hanging.conf", f"Match User hanging\n  AuthorizedKeysFile {keys}\n")
    server = start_glasshd(workspace, [f"Include {hanging}"], env=slow.environment)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("a home that hangs, and 10 clients that want to log in there: sessions and other logins go on"):
        slow.hang()
        clients = start_clients(workspace, server, 10, user="hanging")
        slow.wait_for(FILES_OF_A_USER, server.log_tail)
        wait_until(lambda: server.holdings()["slow calls"] == 10, "10 wait", lambda: str(server.holdings()))
        victims.work()
        expect_equal(len(slow.hanging()), FILES_OF_A_USER)
    with cases.case("when the home is back and they have gone, all is given back"):
        end_clients(clients)
        slow.go_on()
        given_back(server, before, descriptors)
    victims.end()
    print(f"# homes: {victims.waited()}", flush=True)


def programs(cases, workspace):
    slow = SlowSystem(workspace)
    server = start_glasshd(workspace, env=slow.environment)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    with cases.case("6 programs whose start hangs do not stall other sessions and logins"):
        slow.hang()
        clients = start_clients(workspace, server, 6, f"cat; : {slow.directory}")
        slow.wait_for(6, server.log_tail)
        victims.work()
    with cases.case("a program gets what arrived while its start hung"):
        clients[0].stdin.write(b"early\n")
        clients[0].stdin.flush()
        end_clients(clients[1:])
        slow.go_on()
        expect_equal(clients[0].stdout.readline(), b"early\n", server.log_tail)
        end_clients(clients[:1])
    with cases.case("programs whose clients went meanwhile are hung up, and all is given back"):
        given_back(server, before, descriptors)
        wait_until(lambda: len(server.children()) == 1, "only the victim's program is left", server.log_tail)
    victims.end()
    print(f"# programs: {victims.waited()}", flush=True)


def paths(cases, workspace):
    slow = SlowSystem(workspace)
    server = start_glasshd(workspace, env=slow.environment)
    victims = Victims(workspace, server)
    before, descriptors = server.holdings(), server.descriptors()
    path = os.path.join(slow.directory, "socket")

    def attack():
        slow.hang()
        attackers = [start_attack(workspace, server, "paths", 500, path) for _ in range(2)]
        listener = workspace.start(ssh(*client_options(workspace, server), "-N", "-R", f"{path}:{path}", "127.0.0.1"))
        slow.wait_for(SOCKETS_OF_A_USER, server.log_tail)
        return attackers, listener

    def end(attackers, listener):
        for attacker in attackers:
            end_attack(attacker)
        slow.go_on()
        listener.kill()
        listener.wait(PATIENCE)
        given_back(server, before, descriptors)

    with cases.case("1000 channels to a Unix socket whose path hangs, and a listener there: sessions and logins go on"):
        attacked = attack()
        victims.work()
        expect(len(slow.hanging()) <= SOCKETS_OF_A_USER, slow.hanging())
    with cases.case("when they have left and the path answers, all is given back"):
        end(*attacked)
        wait_until(lambda: not os.path.exists(path), "the listener's path is gone", server.log_tail)
    leave_while_paths_hang(cases, workspace, slow, server, victims)
    with cases.case("a listener's path that hangs when its client leaves is removed later, and no client waits for that"):
        listener = workspace.start(ssh(*client_options(workspace, server), "-N", "-R", f"{path}:{path}", "127.0.0.1"))
        wait_until(lambda: os.path.exists(path), "the listener is there", server.log_tail)
        slow.hang()
        listener.kill()
        listener.wait(PATIENCE)
        slow.wait_for(1, server.log_tail)
        victims.work(1)
        slow.go_on()
        wait_until(lambda: not os.path.exists(path), "the path is gone", server.log_tail)
        given_back(server, before, descriptors)
    with cases.case("ten such attacks do not add to the memory"):
        expect_no_growth(server, lambda: end(*attack()))
    victims.end()
    print(f"# paths: {victims.waited()}", flush=True)


def leave_while_paths_hang(cases, workspace, slow, server, victims):
    """A call that hangs cannot be cancelled, but the connection that wanted it need not wait for it."""
    before, descriptors = server.holdings(), server.descriptors()
    path = os.path.join(slow.directory, "left")
    kinds = {"a Unix socket that is connected to": ("paths", 1, path), "a Unix socket that is listened at": ("listener", path)}

    def back(name):
        wait_until(lambda: server.holdings()[name] <= before[name], f"{name} are given back", lambda: str(server.holdings()))

    for what, words in kinds.items():
        def once(words=words):
            slow.hang()
            attackers = [start_attack(workspace, server, *words) for _ in range(SOCKETS_OF_A_USER + 1)]
            slow.wait_for(SOCKETS_OF_A_USER, server.log_tail)
            for attacker in attackers:
                end_attack(attacker)
            for name in ("connections", "channels", "timers"):
                back(name)
            expect_equal(len(slow.hanging()), SOCKETS_OF_A_USER, "the calls hang no more")
            slow.go_on()
            given_back(server, before, descriptors)
            wait_until(lambda: not os.path.exists(path), "nothing is left at the path", server.log_tail)

        with cases.case(f"{what}, with a path that hangs: its client leaves, and its connection is given back meanwhile"):
            once()
            victims.work(1)
        with cases.case(f"{what}, with a path that hangs, and clients that leave: ten times"):
            expect_no_growth(server, once)


def special_files(cases, workspace):
    fifo = workspace.fresh("fifo")
    os.mkfifo(fifo)
    for name, keyword in (("a FIFO", f"AuthorizedKeysFile {fifo} "), ("a device", "AuthorizedKeysFile /dev/zero ")):
        server = start_glasshd(workspace, [keyword + authorized_keys(workspace), f"Banner {fifo}"])
        with cases.case(f"{name} in the place of authorized_keys and a FIFO as Banner: a line in the log, and no waiting"):
            victims = Victims(workspace, server)
            victims.work(1)
            victims.end()
            path = keyword.split()[1]
            expect_log(server, f"Authentication refused: {path} is not used: {path} is not a regular file")
            expect_log(server, f"Banner: {fifo} is not a regular file")


def main():
    cases = Cases()
    with Workspace() as workspace:
        lookups(cases, workspace)
        group_lists(cases, workspace)
        homes(cases, workspace)
        programs(cases, workspace)
        paths(cases, workspace)
        special_files(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
