"""Peers that are programs. Each looks for its files in a home of its own, and none asks questions.

A peer has `name` and `roles`. As a client it has `log_in(workspace, login)`, which raises Failure if the login does not
go as it should; as a server `serve(workspace, rekey, kinds)`, with host keys of those kinds. What it cannot be made to do
is in its `notes`.
"""

import base64
import contextlib
import dataclasses
import hashlib
import os
import threading

from interop.ours import COMMAND, REKEY, STATUS, STDERR
from interop.plan import HOST_KEY_KINDS
from peers import USER, client_options, expect, expect_equal, find_program, start_sshd
from peers.people import person
from peers.servers import authorized_keys
from peers.streams import Service
from peers.workspace import end_process

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
    directions: tuple = ()  # what to offer for each; empty: everything for both


class Peer:
    name = ""
    roles = ("client", "server")
    rekeys = ("client", "server")  # the roles in which it can be told to change keys
    rekeys_late = False  # only after much data, it may be
    has_directions = False  # whether it can be told to offer other algorithms for each
    mixes_aead = True  # with directions: whether an AEAD cipher one way goes with another kind of cipher the other way
    key_groups = (ALL_KINDS,)  # which host keys one server can have
    notes = ()

    def prepare(self, workspace):
        """Whatever takes longer than a peer is waited for."""

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

    def serve(self, workspace, rekey, kinds):
        lines = [f"KexAlgorithms {self._kex(workspace)}", "Compression yes"]
        lines += [f"RekeyLimit {REKEY}"] if rekey else []
        return start_sshd(workspace, lines, kinds)

    def _kex(self, workspace):
        """All that it has; some are not proposed unless one asks for them."""
        return ",".join(workspace.run([find_program("ssh"), "-Q", "kex"]).out.decode().split())


class Dropbear(Program):
    """Its server takes no port 0 and looks for keys in a user's home only: so it is started for each connection, and the
    user is made for it."""

    name = "dropbear"
    rekeys = ()
    key_groups = (tuple(kind for kind in ALL_KINDS if kind != "ecdsa521"), ("ecdsa521",))  # it takes four at most
    notes = ("dropbear begins a rekey after a GiB or eight hours, and neither can be changed",)

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self._account = None

    def arguments(self, workspace, login):
        self._home = workspace.fresh("home")
        os.makedirs(os.path.join(self._home, ".ssh"))
        key = workspace.public_key("host-" + login.host_key_kind, login.host_key_kind)
        with open(os.path.join(self._home, ".ssh", "known_hosts"), "w", encoding="utf-8") as file:
            file.write(f"127.0.0.1 {key}\n[127.0.0.1]:{login.port} {key}\n")
        # -K: where its last output waits as the channel closes, it waits on until something happens; then it does. That is
        # so with sshd, too.
        return [find_program("dbclient"), "-T", "-K", "5", "-p", str(login.port), "-l", USER,
                "-i", converted(workspace, "user-" + login.user_key, login.user_key), "127.0.0.1", COMMAND]

    def environment(self, workspace):
        return {"HOME": self._home}

    def user(self):
        return self._account.name

    def serve(self, workspace, rekey, kinds):
        if self._account is None:
            self._make_account(workspace)
        keys = [part for kind in kinds for part in ("-r", converted(workspace, "host-" + kind, kind))]
        return StartedForEach(workspace, [find_program("dropbear"), "-i", "-m", "-s", *keys])

    def _make_account(self, workspace):
        os.chmod(workspace.path, 0o711)  # the way to the home in it
        self._account = self._stack.enter_context(person(workspace.path, "dropbear"))
        os.makedirs(self._account.file(".ssh"), 0o700)
        os.chown(self._account.file(".ssh"), self._account.uid, self._account.gid)
        with open(authorized_keys(workspace), encoding="utf-8") as file:
            self._account.write(".ssh/authorized_keys", file.read(), 0o600)

    def end(self):
        self._stack.close()


def converted(workspace, name, kind):
    """The path of the key in dropbear's format."""
    path = workspace.key(name, kind) + ".dropbear"
    with _converting:
        if not os.path.exists(path):
            convert = [find_program("dropbearconvert"), "openssh", "dropbear"]
            result = workspace.run([*convert, workspace.key(name, kind), path])
            expect_equal(result.status, 0, result)
    return path


_converting = threading.Lock()


class StartedForEach:
    """Listens, and starts a program with each connection as its standard input and output, as inetd does."""

    def __init__(self, workspace, arguments):
        self._log_path = workspace.fresh("started.log")
        self._workspace, self._arguments = workspace, arguments
        self._processes = []
        self._service = Service(workspace, self._start)
        self.port = self._service.port

    def _start(self, connection):
        with open(self._log_path, "ab") as log:
            process = self._workspace.start(self._arguments, stdin=connection, stdout=connection, stderr=log)
        self._processes.append(process)
        connection.close()
        process.wait()

    def log_tail(self):
        if not os.path.exists(self._log_path):
            return "nobody has connected"
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return "server's log:\n" + "".join(file.readlines()[-30:])

    def stop(self):
        self._service.close()
        for process in self._processes:
            end_process(process)


class Plink(Program):
    """PuTTY's client. Its own server for tests, uppity, is in none of Debian's packages."""

    name = "plink"
    roles = ("client",)
    rekeys = ("client",)
    notes = ("PuTTY's test server, uppity, is not packaged",)

    def arguments(self, workspace, login):
        self._home = workspace.fresh("putty")
        os.makedirs(os.path.join(self._home, "sessions"))
        with open(os.path.join(self._home, "sessions", "interop"), "w", encoding="utf-8") as file:
            file.write("Protocol=ssh\n" + (f"RekeyBytes={REKEY}\n" if login.rekey else ""))
        blob = workspace.public_key("host-" + login.host_key_kind, login.host_key_kind).split()[1]
        digest = base64.b64encode(hashlib.sha256(base64.b64decode(blob)).digest()).decode().rstrip("=")
        return [find_program("plink"), "-load", "interop", "-batch", "-ssh", "-T", "-noagent", "-no-antispoof",
                *(["-C"] if login.compress else []), "-P", str(login.port), "-l", USER,
                "-i", self._key(workspace, login.user_key), "-hostkey", f"SHA256:{digest}", "127.0.0.1", COMMAND]

    def environment(self, workspace):
        return {"PUTTYDIR": self._home, "HOME": self._home}

    def _key(self, workspace, kind):
        path = workspace.key("user-" + kind, kind) + ".ppk"
        if not os.path.exists(path):
            key = workspace.key("user-" + kind, kind)
            result = workspace.run([find_program("puttygen"), key, "-O", "private", "-o", path])
            expect_equal(result.status, 0, result)
        return path
