"""Peers that are programs. Each looks for its files in a home of its own, and none asks questions.

A peer has `name` and `roles`; `log_in(workspace, login)` for the role of the client, which raises Failure if the login does not go as
it should; `serve(workspace, rekey)` for the server's. What a peer cannot be made to do is in its `notes`.
"""

import dataclasses
import os

from interop.ours import COMMAND, REKEY, STATUS, STDERR
from interop.plan import HOST_KEY_KINDS
from peers import USER, client_options, expect, expect_equal, find_program, start_sshd

ALL_KINDS = tuple(dict.fromkeys(HOST_KEY_KINDS.values()))


@dataclasses.dataclass(frozen=True)
class Login:
    """What a peer's client shall do: send `data`, which comes back. Keys are changed in the middle if `rekey`."""

    port: int
    host_key_kind: str
    user_key: str
    data: bytes
    rekey: bool = False
    compress: bool = False


class Peer:
    name = ""
    roles = ("client", "server")
    rekeys = ("client", "server")  # the roles in which it can be told to change keys
    notes = ()

    def user(self):
        """Whom its server lets in."""
        return USER

    def version(self, identification):
        return identification

    def talks_during_rekey(self):
        """Whether it sends on after its KEXINIT, which RFC 4253 section 7.1 forbids and we do not take."""
        return False

    def end(self):
        """Whatever it still has running is ended."""


class Program(Peer):
    """A client's way to run: its command line does everything."""

    def arguments(self, workspace, login):
        raise NotImplementedError

    def environment(self, workspace):
        return {}

    def log_in(self, workspace, login):
        result = workspace.run(self.arguments(workspace, login), input=login.data, env=self.environment(workspace))
        expect_equal(result.status, STATUS, result)
        expect(STDERR in result.err.split(), "what the command wrote to stderr did not arrive", result)
        expect_equal(len(result.out), len(login.data), result)
        expect(result.out == login.data, "what came back is not what was sent", result)


class OpenSsh(Program):
    name = "OpenSSH"

    def arguments(self, workspace, login):
        known_hosts = workspace.fresh("known_hosts")
        line = f"[127.0.0.1]:{login.port} {workspace.public_key('host-' + login.host_key_kind, login.host_key_kind)}\n"
        workspace.file(os.path.basename(known_hosts), line)
        options = client_options(workspace, known_hosts=known_hosts, key=login.user_key)
        flags = ["-p", str(login.port), "-o", f"KexAlgorithms={self._kex(workspace)}"]
        flags += ["-C"] if login.compress else []
        flags += ["-o", f"RekeyLimit={REKEY}"] if login.rekey else []
        return [find_program("ssh"), *flags, *options, "127.0.0.1", COMMAND]

    def serve(self, workspace, rekey):
        lines = [f"KexAlgorithms {self._kex(workspace)}", "Compression yes"] + ([f"RekeyLimit {REKEY}"] if rekey else [])
        return start_sshd(workspace, lines, ALL_KINDS)

    def _kex(self, workspace):
        """All that it has; some are not proposed unless one asks for them."""
        return ",".join(workspace.run([find_program("ssh"), "-Q", "kex"]).out.decode().split())
