"""Cascades: through jump hosts, a ProxyCommand, one client inside another and a forwarded port, and the tools that run over
a session: tar, rsync and git.

Four servers stand for the hosts a, b, c and inner. Each takes a user key of its own and none of the others, so that a
hop which used another host's configuration could not log in.
"""

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, expect, expect_equal, find_program, glassh, ssh, start_glasshd, start_sshd, wait_until
from peers.logins import PASSWORD, start_with_passwords
from peers.servers import free_port
from peers.terminal import Terminal
from peers.workspace import end_process

HOSTS = ("a", "b", "c", "inner")
ROUNDS = (("glassh to glasshd", glassh, start_glasshd), ("glassh to sshd", glassh, start_sshd),
          ("ssh to glasshd", ssh, start_glasshd))


class Cascade:
    """The four servers, and a configuration that knows them."""

    def __init__(self, workspace, name, client, start):
        self.workspace, self.name, self.client = workspace, name, client
        self.servers = {}
        for host in HOSTS:
            keys = workspace.file(f"authorized-{host}", workspace.public_key(f"only-{host}") + "\n")
            self.servers[host] = start(workspace, [f"AuthorizedKeysFile {keys}"], host_kinds=("ed25519",))
        self.known_hosts = workspace.fresh("known_hosts")
        lines = [f"{host} {workspace.public_key('host-ed25519')}\n" for host in HOSTS]
        workspace.file(os.path.basename(self.known_hosts), "".join(lines))
        self.program = client()[0]

    def block(self, host, *lines):
        """What the configuration has for one host."""
        settings = ["HostName 127.0.0.1", f"Port {self.servers[host].port}", f"HostKeyAlias {host}",
                    f"IdentityFile {self.workspace.key(f'only-{host}')}", *lines]
        return "\n    ".join([f"Host {host}", *settings]) + "\n"

    def configuration(self, more=None, top=""):
        """A file with a block for each host; `more` has further lines for some of them."""
        path = self.workspace.fresh("ssh_config")
        blocks = [self.block(host, *(more or {}).get(host, ())) for host in HOSTS]
        common = [f"User {USER}", f"UserKnownHostsFile {self.known_hosts}", "GlobalKnownHostsFile /dev/null",
                  "StrictHostKeyChecking yes", "BatchMode yes", "IdentitiesOnly yes", "IdentityAgent none", "RequestTTY no",
                  "SendEnv SHLVL"]
        text = top + "".join(blocks) + "Host *\n    " + "\n    ".join(common) + "\n"
        return self.workspace.file(os.path.basename(path), text)

    def run(self, *arguments, config=None, **how):
        return self.workspace.run(self.client("-F", config or self.configuration(), *arguments), **how)

    def logins(self):
        """How many there have been at each server."""
        return {host: server.log().count("Accepted publickey") for host, server in self.servers.items()}

    @contextlib.contextmanager
    def expect_logins(self, **wanted):
        before = self.logins()
        yield
        after = self.logins()
        expect_equal({host: after[host] - before[host] for host in HOSTS if after[host] != before[host]}, wanted,
                     *(server.log_tail for server in self.servers.values()))


def expect_result(result, status=0, out=None):
    expect_equal(result.status, status, result)
    if out is not None:
        expect_equal(result.out, out, result)


# ---- jump hosts

def jump_cases(cases, cascade):
    name = cascade.name
    data = bytes(range(256)) * 4096
    with cases.case(f"{name}: -J over three hops, each with its own port, key and configuration; 1 MiB both ways"):
        with cascade.expect_logins(a=1, b=1, c=1, inner=1):
            result = cascade.run("-J", "a,b,c", "inner", "cat; echo over there >&2; exit 42", input=data)
        expect_result(result, 42, data)
        expect("over there" in result.err, result)

    with cases.case(f"{name}: ProxyJump from the file, one hop after the other"):
        config = cascade.configuration({"inner": ["ProxyJump c"], "c": ["ProxyJump b"], "b": ["ProxyJump a"]})
        with cascade.expect_logins(a=1, b=1, c=1, inner=1):
            expect_result(cascade.run("inner", "echo here", config=config), 0, b"here\n")

    with cases.case(f"{name}: -J none takes the direct way past ProxyJump of the file"):
        config = cascade.configuration({"inner": ["ProxyJump c"]})
        with cascade.expect_logins(inner=1):
            expect_result(cascade.run("-J", "none", "inner", "exit 3", config=config), 3)

    with cases.case(f"{name}: user and port of -J go before the file's, as a URI too"):
        config = cascade.configuration(top="Match host a,b\n    User nobody-here\n    Port 1\n")
        hops = f"{USER}@a:{cascade.servers['a'].port},ssh://{USER}@b:{cascade.servers['b'].port}"
        with cascade.expect_logins(a=1, b=1, inner=1):
            expect_result(cascade.run("-J", hops, "inner", "exit 4", config=config), 4)

    with cases.case(f"{name}: Match exec chooses the way"):
        top = "Match originalhost inner exec \"test %n = inner\"\n    ProxyJump b\n"
        with cascade.expect_logins(b=1, inner=1):
            expect_result(cascade.run("inner", "exit 5", config=cascade.configuration(top=top)), 5)

    with cases.case(f"{name}: a hop that lets nobody in ends it, with 255"):
        config = cascade.configuration(top=f"Match host b\n    IdentityFile {cascade.workspace.key('only-c')}\n"
                                           "    IdentitiesOnly yes\n    User nobody-here\n")
        with cascade.expect_logins(a=1):
            result = cascade.run("-J", "a,b", "inner", "true", config=config)
        expect_result(result, 255, b"")
        expect("Permission denied" in result.err, result)

    with cases.case(f"{name}: a hop whose host key is another's ends it"):
        wrong = cascade.workspace.file("known_wrong", f"b {cascade.workspace.public_key('only-a')}\n")
        config = cascade.configuration(top=f"Match host b\n    UserKnownHostsFile {wrong}\n")
        result = cascade.run("-J", "a,b", "inner", "true", config=config)
        expect_result(result, 255, b"")
        expect("REMOTE HOST IDENTIFICATION HAS CHANGED" in result.err, result)

    with cases.case(f"{name}: a target port where nobody listens ends it"):
        result = cascade.run("-J", "a", "-p", str(free_port()), "inner", "true")
        expect_result(result, 255, b"")

    with cases.case(f"{name}: no hop stays behind when the client is ended"):
        process = cascade.workspace.start(cascade.client("-F", cascade.configuration(), "-J", "a,b", "inner", "echo up; sleep 60"),
                                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        expect_equal(process.stdout.readline(), b"up\n")
        hops = hops_of(process.pid)
        expect_equal(len(hops), 2)
        end_process(process)
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in hops), "the hops have ended")


def hops_of(pid):
    """The clients below a client, its hops and theirs."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            for child in file.read().split():
                found += [int(child), *hops_of(int(child))]
    return found


def password_case(cases, workspace, name, client):
    with cases.case(f"{name}: the hops ask on the terminal, one after the other, who they are and for a password"):
        servers = [start_with_passwords(workspace) for _ in range(2)]
        known = workspace.fresh("known_by_hops")
        words = client("-F", hop_configuration(workspace, servers, known), "-J", "gate", "inner", "echo in; exit 12")
        with Terminal(words) as terminal:
            for host in ("gate", "inner"):
                terminal.answer("(yes/no/[fingerprint])? ", "yes")
                terminal.answer(f"{USER}@{host}'s password: ", PASSWORD)
            expect_equal(terminal.end(), 12, terminal.text)
            expect("in\n" in terminal.text, terminal.text)
        with open(known, encoding="utf-8") as file:
            expect_equal([line.split()[0] for line in file], ["gate", "inner"])


def hop_configuration(workspace, servers, known):
    blocks = [f"Host {host}\n    HostName 127.0.0.1\n    Port {server.port}\n    HostKeyAlias {host}\n"
              for host, server in zip(("gate", "inner"), servers)]
    common = ["Host *", f"User {USER}", f"UserKnownHostsFile {known}", "GlobalKnownHostsFile /dev/null", "HostKeyAlgorithms ssh-ed25519",
              "IdentityFile none", "IdentityAgent none", "PreferredAuthentications password", "UpdateHostKeys no"]
    path = workspace.fresh("ssh_config")
    return workspace.file(os.path.basename(path), "".join(blocks) + "\n    ".join(common) + "\n")


# Past vulnerability 73: what is in a name never becomes a command.
def name_cases(cases, cascade):
    marker = cascade.workspace.fresh("owned")
    with cases.case(f"{cascade.name}: no name makes a shell do anything"):
        for bad in (f"a;touch {marker}", f"$(touch {marker})", f"`touch {marker}`", f"-oProxyCommand=touch {marker}",
                    f"x\ntouch {marker}\n", f"a|touch {marker}"):
            for arguments in (["-J", bad, "inner"], ["-J", f"{bad}@a", "inner"], ["-J", f"a,{bad}", "inner"],
                              ["-oProxyCommand=true %h", "--", bad], ["-oProxyCommand=true %r", "-l", bad, "inner"],
                              ["-oProxyCommand=true %r", "--", f"{bad}@inner"]):
                result = cascade.run(*arguments, "true")
                expect_equal(result.status, 255, result)
                expect(not os.path.exists(marker), f"a command ran: {arguments}")
        from_file = cascade.configuration({"inner": [f"ProxyJump a;touch${{IFS}}{marker}"]})
        result = cascade.run("inner", "true", config=from_file)
        expect_equal(result.status, 255, result)
        expect(f"{from_file}:" in result.err, result)
        expect(not os.path.exists(marker), "a command ran")


# ---- other ways through

def way_cases(cases, cascade):
    name, program = cascade.name, cascade.program
    with cases.case(f"{name}: ProxyCommand with -W, its tokens expanded"):
        config = cascade.configuration()
        proxy = f"ProxyCommand={program} -F {config} -W %h:%p c"
        with cascade.expect_logins(c=1, inner=1):
            expect_result(cascade.run("-o", proxy, "inner", "echo through; exit 6", config=config), 6, b"through\n")

    with cases.case(f"{name}: ProxyCommand none takes the direct way"):
        config = cascade.configuration({"inner": ["ProxyCommand false"]})
        with cascade.expect_logins(inner=1):
            expect_result(cascade.run("-oProxyCommand=none", "inner", "exit 7", config=config), 7)
        expect_result(cascade.run("inner", "exit 7", config=config), 255)

    with cases.case(f"{name}: a client inside a client"):
        config = cascade.configuration()
        command = f"{program} -F {config} b '{program} -F {config} inner \"cat; exit 8\"'"
        with cascade.expect_logins(a=1, b=1, inner=1):
            expect_result(cascade.run("a", command, config=config, input=b"deep down"), 8, b"deep down")

    with cases.case(f"{name}: -L to an inner host, and then through the port"):
        port = free_port()
        inner = cascade.servers["inner"].port
        tunnel = cascade.workspace.start(
            cascade.client("-F", cascade.configuration(), "-N", "-o", "ExitOnForwardFailure=yes", "-L",
                           f"{port}:127.0.0.1:{inner}", "a"), stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(port, tunnel), "the forwarded port answers")
        with cascade.expect_logins(inner=1):
            expect_result(cascade.run("-p", str(port), "inner", "echo out; exit 9"), 9, b"out\n")
        end_process(tunnel)


def answers(port, tunnel):
    expect_equal(tunnel.poll(), None, "the tunnel's client has ended")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


# ---- tools over a session

def make_tree(path):
    """Files of several sizes and names, one with bits that must survive."""
    os.makedirs(os.path.join(path, "deep", "er"))
    for name, size in (("empty", 0), ("small", 10), ("deep/big", 3_000_001), ("deep/er/with blank", 70_000)):
        with open(os.path.join(path, name), "wb") as file:
            file.write(hashlib.sha512(name.encode()).digest() * (size // 64) + b"x" * (size % 64))
    os.chmod(os.path.join(path, "small"), 0o750)
    return path


def tree_of(path):
    found = {}
    for directory, _, names in os.walk(path):
        for name in names:
            full = os.path.join(directory, name)
            with open(full, "rb") as file:
                found[os.path.relpath(full, path)] = (os.stat(full).st_mode & 0o777, hashlib.sha256(file.read()).hexdigest())
    return found


def tool_cases(cases, cascade):
    workspace, name = cascade.workspace, cascade.name
    tree = make_tree(workspace.fresh("tree"))
    config = cascade.configuration({"inner": ["ProxyJump a"]})
    shell = f"{cascade.program} -F {config}"

    with cases.case(f"{name}: tar c | client tar x, through a hop"):
        there = workspace.fresh("there")
        os.mkdir(there)
        with cascade.expect_logins(a=1, inner=1):
            packed = subprocess.run(["tar", "-C", tree, "-c", "."], capture_output=True, check=True).stdout
            expect_result(cascade.run("inner", f"tar -C {there} -x", config=config, input=packed))
        expect_equal(tree_of(there), tree_of(tree))
        back = cascade.run("inner", f"tar -C {there} -c .", config=config)
        again = workspace.fresh("again")
        os.mkdir(again)
        subprocess.run(["tar", "-C", again, "-x"], input=back.out, check=True)
        expect_equal(tree_of(again), tree_of(tree))

    with cases.case(f"{name}: rsync there and back, and what changed only"):
        there, back = workspace.fresh("there"), workspace.fresh("back")
        rsync = [find_program("rsync"), "-a", "--stats", "-e", shell]
        expect_result(workspace.run([*rsync, f"{tree}/", f"inner:{there}/"]))
        expect_equal(tree_of(there), tree_of(tree))
        second = workspace.run([*rsync, f"{tree}/", f"inner:{there}/"])
        expect(b"Number of regular files transferred: 0" in second.out, second)
        expect_result(workspace.run([*rsync, f"inner:{there}/", f"{back}/"]))
        expect_equal(tree_of(back), tree_of(tree))

    with cases.case(f"{name}: git clone, fetch and push"):
        git_case(cascade, config, tree)


def git_case(cascade, config, tree):
    workspace = cascade.workspace
    home = workspace.fresh("home")
    os.mkdir(home)
    wrapper = workspace.file(os.path.basename(workspace.fresh("git-ssh")), f"#!/bin/sh\nexec {cascade.program} -F {config} \"$@\"\n")
    os.chmod(wrapper, 0o755)
    # git finds out by -G that it can say -p and -o SendEnv=GIT_PROTOCOL.
    environment = {"HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_SSH": wrapper,
                   "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}

    def git(*arguments):
        result = workspace.run([find_program("git"), *arguments], env=environment)
        expect_equal(result.status, 0, result)
        return result.out.decode().strip()

    origin, clone = workspace.fresh("origin.git"), workspace.fresh("clone")
    git("init", "-q", "--bare", "-b", "main", origin)
    git("init", "-q", "-b", "main", tree)
    git("-C", tree, "add", "-A")
    git("-C", tree, "commit", "-q", "-m", "first")
    git("-C", tree, "push", "-q", f"inner:{origin}", "main")
    git("clone", "-q", f"ssh://{USER}@inner{origin}", clone)
    expect_equal(git("-C", clone, "rev-parse", "HEAD"), git("-C", tree, "rev-parse", "HEAD"))
    git("-C", clone, "commit", "-q", "--allow-empty", "-m", "second")
    git("-C", clone, "push", "-q", "origin", "main")
    git("-C", tree, "fetch", "-q", f"inner:{origin}", "main")
    expect_equal(git("-C", tree, "rev-parse", "FETCH_HEAD"), git("-C", clone, "rev-parse", "HEAD"))


def one_round(cases, name, client, start):
    with cases.case(f"{name}: nothing is left"), Workspace() as workspace:
        cascade = Cascade(workspace, name, client, start)
        jump_cases(cases, cascade)
        if client is glassh and start is start_glasshd:
            name_cases(cases, cascade)
        if start is start_glasshd:
            password_case(cases, workspace, name, client)
        way_cases(cases, cascade)
        tool_cases(cases, cascade)


def main():
    cases = Cases()
    rounds = [threading.Thread(target=one_round, args=(cases, *each)) for each in ROUNDS]
    for each in rounds:
        each.start()
    for each in rounds:
        each.join()
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
