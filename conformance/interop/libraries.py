"""Peers that are libraries. Around each is a small program, <name>_peer.*, that is told what to do in lines; between
the fields of a line are tabs.

    <program> client
        hears    login PORT USER KEY INPUT OUTPUT REKEY COMPRESS COMMAND
        answers  ok STATUS HOST_KEY STDERR
        or       failed WHY

        It runs COMMAND at 127.0.0.1 with the file INPUT as its input, writes what comes into the file OUTPUT, and
        changes keys on the way if REKEY is not 0.

    <program> server REKEY AUTHORIZED_KEYS HOST_KEY…
        says     listening PORT

        It lets in whoever has one of the keys, answers COMMAND by sending back what it gets and then what COMMAND would
        say, and ends with its standard input.

REKEY is the number of bytes after which keys shall change. To a peer that can offer other algorithms for each direction
it may also be NUMBER/CIPHER/MAC/CIPHER/MAC, first those from the client to the server. A key is a file as ssh-keygen writes
it; HOST_KEY in an answer is the one the server showed, in base64.
"""

import os
import subprocess
import threading

from interop.ours import COMMAND, STATUS, STDERR
from interop.programs import Peer
from peers import PATIENCE, USER, expect, expect_equal, find_program
from peers.cases import Failure
from peers.servers import authorized_keys
from peers.workspace import end_process, our_program

HERE = os.path.dirname(os.path.abspath(__file__))
REKEY_BYTES = 64 * 1024


class Library(Peer):
    def __init__(self):
        self._client = None
        self._client_log = None

    def command(self, workspace):
        """What runs the program."""
        raise NotImplementedError

    def log_in(self, workspace, login):
        source, target = workspace.fresh("input"), workspace.fresh("output")
        with open(source, "wb") as file:
            file.write(login.data)
        rekey = told(login.rekey, login.directions)
        key = workspace.key("user-" + login.user_key, login.user_key)
        answer = self._ask(workspace, "login", login.port, USER, key, source, target, rekey, int(login.compress),
                           COMMAND)
        if answer[0] != "ok":
            raise Failure(" ".join(answer) + "\n" + self._log())
        expect_equal(int(answer[1]), STATUS, answer)
        expect_equal(answer[2], workspace.public_key("host-" + login.host_key_kind, login.host_key_kind).split()[1],
                     "the host key that the peer saw")
        expect(STDERR in answer[3].split(), "what the command wrote to stderr did not arrive", answer)
        with open(target, "rb") as file:
            got = file.read()
        expect_equal(len(got), len(login.data))
        expect(got == login.data, "what came back is not what was sent")

    def serve(self, workspace, rekey, kinds, directions=()):
        keys = [workspace.key("host-" + kind, kind) for kind in kinds]
        log_path = workspace.fresh(self.name + "-server.log")
        with open(log_path, "wb") as log:
            process = workspace.start([*self.command(workspace), "server", told(rekey, directions),
                                       authorized_keys(workspace), *keys],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        return LibraryServer(process, log_path)

    def _ask(self, workspace, *fields):
        """One process answers many questions; if it dies of one, the next question finds another."""
        if self._client is None or self._client.poll() is not None:
            self._client_log = workspace.fresh(self.name + "-client.log")
            with open(self._client_log, "wb") as log:
                self._client = workspace.start([*self.command(workspace), "client"], stdin=subprocess.PIPE,
                                               stdout=subprocess.PIPE, stderr=log)
        late = threading.Timer(60, self._client.kill)
        late.start()
        try:
            self._client.stdin.write("\t".join(map(str, fields)).encode() + b"\n")
            self._client.stdin.flush()
            line = self._client.stdout.readline().decode(errors="replace")
        except BrokenPipeError:
            line = ""
        finally:
            late.cancel()
        if not line.endswith("\n"):
            status = self._client.wait(PATIENCE)
            self._client = None
            return ["failed", f"the peer's program ended with status {status}, or was ended after 60 seconds"]
        return line.rstrip("\n").split("\t")

    def _log(self):
        with open(self._client_log, encoding="utf-8", errors="replace") as file:
            return "the peer says:\n" + "".join(file.readlines()[-30:])

    def end(self):
        if self._client is not None:
            end_process(self._client)
            self._client = None


def told(rekey, directions):
    return "/".join((str(REKEY_BYTES if rekey else 0), *directions))


class LibraryServer:
    def __init__(self, process, log_path):
        self.process, self._log_path = process, log_path
        late = threading.Timer(30, process.kill)
        late.start()
        line = process.stdout.readline().decode(errors="replace").split()
        late.cancel()
        if len(line) != 2 or line[0] != "listening":
            raise Failure(f"the server did not start: {line}\n{self.log_tail()}")
        self.port = int(line[1])

    def log_tail(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return "the peer's log:\n" + "".join(file.readlines()[-30:])

    def stop(self):
        self.process.stdin.close()
        end_process(self.process)


class PythonLibrary(Library):
    def command(self, workspace):
        return ["/usr/bin/python3", "-W", "ignore", "-u", os.path.join(HERE, f"{self.name}_peer.py")]


class Paramiko(PythonLibrary):
    name = "paramiko"


class AsyncSsh(PythonLibrary):
    name = "asyncssh"

    def talks_during_rekey(self):
        """Debian 12's 2.10.1 has lost the lines that kept data back until the new keys. OpenSSH 10.4 refuses it, too."""
        code = ("import asyncssh.connection, inspect; "
                "print('MSG_KEX_LAST' in inspect.getsource(asyncssh.connection.SSHConnection.send_packet))")
        answer = subprocess.run(["/usr/bin/python3", "-W", "ignore", "-c", code], capture_output=True, text=True,
                                check=True)
        return answer.stdout.strip() == "False"


class BuiltLibrary(Library):
    """Its program is built beside our own programs when it is first needed or has changed, and is kept there."""

    source = ""

    def build(self, source, target):
        """The command, and variables for it."""
        raise NotImplementedError

    def command(self, workspace):
        return [os.path.join(built(), self.name)]

    def prepare(self, workspace):
        source = os.path.join(HERE, self.source)
        target = os.path.join(built(), self.name)
        with _building:
            newest = max(os.path.getmtime(os.path.join(HERE, name)) for name in (self.source, "peer_lines.h"))
            if not os.path.exists(target) or os.path.getmtime(target) <= newest:
                command, environment = self.build(source, target)
                result = workspace.run(command, env=environment, timeout=300)
                expect_equal(result.status, 0, result)


_building = threading.Lock()


def built():
    path = os.path.join(os.path.dirname(os.path.dirname(our_program("glassh"))), "interop")
    os.makedirs(path, exist_ok=True)
    return path


class CppLibrary(BuiltLibrary):
    libraries = ()

    def build(self, source, target):
        # What one version recommends a later one deprecates.
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-deprecated-declarations"]
        root = os.path.dirname(os.path.dirname(HERE))
        flags = ["-std=c++20", "-O1", *warnings, "-I", root]
        return [find_program("c++"), *flags, "-o", target, source, *self.libraries], {}


class LibSsh(CppLibrary):
    name = "libssh"
    key_groups = (("ed25519", "ecdsa", "rsa"), ("ecdsa384",), ("ecdsa521",))  # one of each type
    source = "libssh_peer.cpp"
    has_directions = True
    libraries = ("-lssh",)


class LibSsh2(CppLibrary):
    name = "libssh2"
    roles = ("client",)
    rekeys = ()
    source = "libssh2_peer.cpp"
    has_directions = True
    mixes_aead = False  # libssh2 1.11 asks the cipher of one direction what both are like: libssh2 issue 1580
    libraries = ("-lssh2",)
    notes = ("libssh2 is a client only, and has no way to begin a rekey",)


class Go(BuiltLibrary):
    name = "Go"
    source = "go_peer.go"
    rekeys_late = True  # by a thread of its own, which a busy machine keeps waiting

    def build(self, source, target):
        # Debian's package is a source tree, not a module. -w: the linker knows no types of the tables we look into.
        cache = os.path.join(built(), "go-cache")
        environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": cache, "GOFLAGS": "",
                       "GOTOOLCHAIN": "local"}
        return [find_program("go"), "build", "-ldflags=-w", "-o", target, source], environment

    def version(self, identification):
        answer = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "golang-golang-x-crypto-dev"],
                                capture_output=True, text=True, check=False)
        return f"{identification}, golang.org/x/crypto {answer.stdout or 'of an unknown version'}"


class Ssh2(Library):
    """From npm, into a directory that ./dev test fills."""

    name = "ssh2"

    def command(self, workspace):
        modules = os.path.join(built(), "ssh2", "node_modules")
        if not os.path.isdir(os.path.join(modules, "ssh2")):
            raise Failure(f"node's ssh2 is not in {modules}; ./dev test fetches it there")
        return ["/usr/bin/env", f"NODE_PATH={modules}", find_program("node"), os.path.join(HERE, "ssh2_peer.js")]
