"""glasshd and Debian's sshd, each with a configuration of its own, on a port of 127.0.0.1 that the system chose."""

import contextlib
import fcntl
import os
import random
import re
import signal
import socket
import time

from peers.cases import Failure, wait_until
from peers.openssh_versions import openssh_has
from peers.workspace import end_process, find_program, our_program

UNTRACED = {"GLASSH_UNTRACED": "1"}  # a process has one tracer: test/checks/traced_programs.py
HOLDINGS = re.compile(r"^holdings: (.*)\n", re.MULTILINE)
HOST_KEY_KINDS = ("ed25519", "ecdsa", "rsa")


class Server:
    def __init__(self, workspace, process, log_path, port=0):
        self.workspace, self.process, self.log_path, self.port = workspace, process, log_path, port
        self.configuration = None  # a path; known of a glasshd
        self.tells_holdings = False  # a glasshd that listens, and whose log has such lines

    def log(self):
        """All that the server has said until now. glasshd's log is written by a thread of its own, in order."""
        if self.tells_holdings:
            self._wait_for_holdings()
        return HOLDINGS.sub("", self._log_so_far())

    def log_tail(self):
        return "server's log:\n" + "\n".join(self._log_so_far().splitlines()[-30:])

    def _log_so_far(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def _wait_for_holdings(self):
        """Until a new line tells what glasshd holds, or it has ended. Signals that come while it ends are lost."""
        before = len(HOLDINGS.findall(self._log_so_far()))

        def told():
            if self.process.poll() is not None:
                return True
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(0.002)
            return len(HOLDINGS.findall(self._log_so_far())) > before
        wait_until(told, "glasshd tells its holdings", self.log_tail)

    def known_hosts(self, kinds=HOST_KEY_KINDS, host=None):
        """Lines for a known_hosts file."""
        host = host or f"[127.0.0.1]:{self.port}"
        return "".join(f"{host} {self.workspace.public_key('host-' + kind, kind)}\n" for kind in kinds)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def sockets(self):
        """How many it holds, the one that it listens on included."""
        count = 0
        for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                count += os.readlink(entry.path).startswith("socket:")
        return count

    def holdings(self):
        """Counters of what glasshd holds for its peers, by the name of the counter."""
        self._wait_for_holdings()
        line = HOLDINGS.findall(self._log_so_far())[-1]
        return {name: int(number) for name, number in (each.rsplit(" ", 1) for each in line.split(", "))}

    def children(self):
        """The ids of the processes that the server started and that are still there."""
        return children_of(self.process.pid)

    def stop(self):
        end_process(self.process)


def children_of(pid):
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile, or one of its threads
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                    open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def authorized_keys(workspace):
    """One user key of each type logs in."""
    path = workspace.file("authorized_keys")
    if not os.path.exists(path):
        keys = "".join(workspace.public_key("user-" + kind, kind) + "\n" for kind in HOST_KEY_KINDS)
        workspace.file("authorized_keys", keys)
    return path


def common_configuration(workspace, host_kinds, level):
    lines = [f"HostKey {workspace.key('host-' + kind, kind)}" for kind in host_kinds]
    lines += [f"AuthorizedKeysFile {authorized_keys(workspace)}", "StrictModes no", "PidFile none", f"LogLevel {level}",
              "MaxStartups 200", "MaxSessions 500", "AcceptEnv SHLVL"]
    return lines


def glasshd_configuration(workspace, settings=(), host_kinds=HOST_KEY_KINDS, level="VERBOSE"):
    """The path of a new configuration file, in which any free port of 127.0.0.1 is asked for."""
    path = workspace.fresh("glasshd.conf")
    # Each test comes from 127.0.0.1, and none may pay for what another did: PerSourcePenalties are on by default.
    # Whether a password is asked for must not depend on who may read /etc/shadow.
    lines = [*settings, *common_configuration(workspace, host_kinds, level), "ListenAddress 127.0.0.1", "Port 0",
             "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PerSourcePenalties no"]
    workspace.file(os.path.basename(path), "\n".join(lines) + "\n")
    return path


def start_glasshd(workspace, settings=(), flags=(), host_kinds=HOST_KEY_KINDS, level="VERBOSE", under=(),
                  env=None):
    """Settings come first in the file, so they win. `under` is a command that becomes glasshd: a strace, a prlimit."""
    log_path = workspace.fresh("glasshd.log")
    configuration = glasshd_configuration(workspace, settings, host_kinds, level)
    with open(log_path, "wb") as log:
        process = workspace.start([*under, our_program("glasshd"), "-D", "-e", "-f", configuration, *flags], stderr=log,
                                  env={**(env or {}), **(UNTRACED if under else {})})
    server = Server(workspace, process, log_path)
    server.configuration = configuration

    def listening():
        if process.poll() is not None:
            raise Failure(f"glasshd ended with status {process.returncode}\n{server.log_tail()}")
        return re.search(r"^Server listening on 127\.0\.0\.1 port (\d+)\.", server.log(), re.MULTILINE)

    server.port = int(wait_until(listening, "glasshd listens", server.log_tail)[1])
    server.tells_holdings = "-d" not in flags and not any("QUIET" in words or "FATAL" in words for words in (*settings, level))
    server.log()  # waits until it serves: then it has the descriptors that it always has
    return server


def sshd_without_penalties():
    """Each test comes from 127.0.0.1, and none may pay for what another did."""
    return ["PerSourcePenalties no"] if openssh_has("penalties for sources") else []


def start_sshd(workspace, settings=(), host_kinds=HOST_KEY_KINDS, level="VERBOSE"):
    """sshd takes no port 0; another process may take the free one that we found, and then we look for another."""
    need_separation_directory(workspace)
    for _ in range(5):
        port = free_port()
        log_path = workspace.fresh("sshd.log")
        configuration = workspace.fresh("sshd.conf")
        # Without PAM an sshd that is not root takes every account for a locked one: it cannot read /etc/shadow.
        # Of MaxStartups sshd takes the last value, whatever its manual says of all keywords.
        limited = any(line.startswith("MaxStartups ") for line in settings)
        common = [line for line in common_configuration(workspace, host_kinds, level)
                  if not (limited and line.startswith("MaxStartups "))]
        # Else a port that it chooses for -R 0 is free at ::1, and at 127.0.0.1 it may be another test's.
        lines = [*settings, *common, f"ListenAddress 127.0.0.1:{port}", "AddressFamily inet",
                 f"UsePAM {'no' if os.getuid() == 0 else 'yes'}", "PermitRootLogin yes", "PermitUserRC no", "PasswordAuthentication no",
                 "KbdInteractiveAuthentication no", "PrintMotd no", *sshd_without_penalties()]
        workspace.file(os.path.basename(configuration), "\n".join(lines) + "\n")
        with open(log_path, "wb") as log:
            process = workspace.start([find_program("sshd"), "-D", "-e", "-f", configuration], stderr=log)
        server = Server(workspace, process, log_path, port)
        while process.poll() is None:
            if "Server listening on" in server.log():
                return server
            time.sleep(0.02)
        if "in use" not in server.log():
            break
    raise Failure(f"sshd did not start\n{server.log_tail()}")


def listening_at(port):
    """The addresses on which this machine listens at a port."""
    found = []
    for family, name, size in ((socket.AF_INET, "tcp", 4), (socket.AF_INET6, "tcp6", 16)):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in file.readlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                digits, digits_of_port = local.split(":")
                if state == "0A" and int(digits_of_port, 16) == port:
                    words = bytes.fromhex(digits)
                    address = b"".join(words[i:i + 4][::-1] for i in range(0, size, 4))
                    found.append(socket.inet_ntop(family, address))
    return sorted(found)


given_ports = []


def expect_log(server, *parts):
    """Waits: a client may see the end of a connection before its server has said all about it."""
    for part in parts:
        wait_until(lambda: part in server.log(), f"the log says '{part}'", server.log_tail)


def free_port():
    """For a program that must be told a port. The system picks from others, and no test that runs beside gets it: each
    holds a name for its ports, in the abstract name space of unix(7), which goes with the test."""
    while True:
        port = random.randrange(16384, 32768)
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as probe, contextlib.suppress(OSError):
            name.bind(f"\0glassh-test-port-{port}")
            probe.bind(("", port))
            given_ports.append(name)
            return port
        name.close()


def need_separation_directory(workspace, path="/run/sshd"):
    """An sshd that root starts wants this directory. If we make it, we remove it, when nobody else holds its lock."""
    if os.getuid() != 0 or getattr(workspace, "separation_directory", None):
        return
    while True:
        try:
            os.mkdir(path, 0o755)
            made = True
        except FileExistsError:
            made = False
        directory = None
        with contextlib.suppress(FileNotFoundError):
            directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(directory, fcntl.LOCK_SH)
            if os.path.samestat(os.fstat(directory), os.stat(path)):
                break
        if directory is not None:
            os.close(directory)
    workspace.separation_directory = path

    def release():
        if made:
            fcntl.flock(directory, fcntl.LOCK_EX)
            with contextlib.suppress(OSError):  # not empty: somebody else's by now
                os.rmdir(path)
        os.close(directory)

    workspace.at_end(release)
