#!/usr/bin/python3
"""Each peer, both ways, with every algorithm that it and we have: a login, a command, data there and back, new keys meanwhile.

What the peer has is read from its KEXINIT, what we have is asked of glassh -Q; nothing is listed here. Our side then offers
one algorithm of each kind and the peer all of its own, and our trace shows whether that was what was negotiated.

    interop_test.py [PEER…]     only these
"""

import concurrent.futures
import dataclasses
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from interop import kexinit, libraries, ours, plan, programs
from interop.table import Table
from peers import Cases, Workspace, expect, expect_equal, glassh
from peers.cases import Failure
from peers.people import become_root

PEERS = (libraries.AsyncSsh, libraries.Paramiko, libraries.Ssh2, programs.OpenSsh, libraries.LibSsh, libraries.Go,
         programs.Dropbear, libraries.LibSsh2, programs.Plink)


class Interop:
    def __init__(self, cases, workspace):
        self.cases, self.workspace, self.table = cases, workspace, Table()
        self.some_data, self.much_data = os.urandom(ours.SIZE), os.urandom(ours.SIZE_FOR_A_LATE_REKEY)
        self.ours = plan.our_lists(self._ask_glassh)
        self.aead = self._ask_glassh("-Q", "cipher-auth")

    def _data(self, peer, choice):
        return self.much_data if choice.rekey == "peer" and peer.rekeys_late else self.some_data

    def _ask_glassh(self, *arguments):
        result = self.workspace.run(glassh(*arguments))
        expect_equal(result.status, 0, result)
        return result.out.decode().split()

    def try_client(self, peer):
        failures = []

        def probe(port):
            try:
                peer.log_in(self.workspace, programs.Login(port, "ed25519", "ed25519", b"", compress=True))
            except Exception as failure:  # that there is no login is known
                failures.append(said(failure))

        def ask():
            try:
                return kexinit.offered_by_client(probe, self.ours)
            except TimeoutError:
                raise Failure(f"the client did not connect: {' '.join(failures)}") from None

        def one(choice):
            server = ours.serve(self.workspace, choice)
            try:
                peer.log_in(self.workspace, programs.Login(
                    server.port, plan.HOST_KEY_KINDS[choice.host_key], choice.user_key, self._data(peer, choice),
                    choice.rekey == "peer", choice.compression != plan.NO_COMPRESSION,
                    choice.directions() if choice.back else ()))
                server.stop()  # it may have something to read yet
                ours.expect_negotiated(server.trace, choice, self.aead)
            except Exception as failure:
                raise Failure(f"{said(failure)}\n{server.log_tail()}\n{ours.tail(server.trace)}") from failure
            finally:
                server.stop()

        self._try(peer, "client", ask, one)

    def try_server(self, peer):
        servers = {}

        def server(*options):
            if options not in servers:
                servers[options] = peer.serve(self.workspace, *options)
            return servers[options]

        def ask():
            lists = [kexinit.offered_by_server(server(False, kinds).port, self.ours) for kinds in peer.key_groups]
            return dataclasses.replace(lists[0], host_key=sum((each.host_key for each in lists), ()))

        def one(choice):
            kind = plan.HOST_KEY_KINDS[choice.host_key]
            options = [choice.rekey == "peer", next(kinds for kinds in peer.key_groups if kind in kinds)]
            peer_server = server(*options, *([choice.directions()] if choice.back else []))
            known = f"[127.0.0.1]:{peer_server.port} {self.workspace.public_key('host-' + kind, kind)}\n"
            try:
                trace = ours.log_in(self.workspace, choice, peer_server.port, known, peer.user(),
                                    self._data(peer, choice))
            except Exception as failure:
                raise Failure(f"{said(failure)}\n{peer_server.log_tail()}") from failure
            ours.expect_negotiated(trace, choice, self.aead)

        self._try(peer, "server", ask, one)
        for each in servers.values():
            each.stop()

    def _try(self, peer, role, ask, one):
        self.table.begin(peer.name, role, "nothing was heard of it", ())
        attempts = []
        started = time.monotonic()
        talks = False
        with self.cases.case(f"{peer.name} as {role} says what it offers"):
            peer.prepare(self.workspace)
            talks = peer.talks_during_rekey()
            theirs = ask()
            attempts = plan.attempts(self.ours, theirs, self.aead, role in peer.rekeys, talks,
                                     peer.has_directions, peer.mixes_aead)
            self.table.begin(peer.name, role, peer.version(theirs.identification), theirs.manners + peer.notes)
        for attempt in attempts:
            passed, value = False, attempt.value
            with self.cases.case(f"{peer.name} as {role}: {attempt.axis} {attempt.value} ({attempt.choice})"):
                try:
                    one(attempt.choice)
                except Failure as failure:
                    if not (talks and attempt.axis == "rekey" and ours.was_talked_to_during_rekey(str(failure))):
                        raise
                    value += " (refused: it sends data after its KEXINIT)"
                passed = True
            self.table.add(peer.name, role, attempt.axis, value, passed)
        peer.end()
        print(f"{peer.name} as {role}: {time.monotonic() - started:.1f} seconds", flush=True)

    def run(self, peers):
        """Two at a time, the long ones first."""
        jobs = [(peer, role) for peer in peers for role in peer.roles]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(self.try_client if role == "client" else self.try_server, peer()) for peer, role in jobs]:
                with self.cases.case("what was started for a peer is ended"):
                    done.result()


def said(failure):
    return str(failure) if isinstance(failure, Failure) else repr(failure)


def main():
    become_root()
    cases = Cases()
    wanted = [peer for peer in PEERS if not sys.argv[1:] or peer.name in sys.argv[1:]]
    expect(wanted, f"no such peer; there are {', '.join(peer.name for peer in PEERS)}")
    with Workspace() as workspace:
        for kind in programs.ALL_KINDS:
            workspace.key("host-" + kind, kind)
        for kind in plan.USER_KEYS:
            workspace.key("user-" + kind, kind)
        interop = Interop(cases, workspace)
        interop.run(wanted)
        print(interop.table.text(), flush=True)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
