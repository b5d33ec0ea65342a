"""Agent forwarding: through three hosts with our programs and OpenSSH's in any mixture, and where it is not permitted."""

import os
import shlex
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (Cases, Workspace, client_options, expect, expect_equal, expect_log, find_program, start_glasshd, start_sshd,
                   wait_until)
from peers.servers import HOST_KEY_KINDS
from peers.workspace import our_program

SHOW = 'echo "sock=$SSH_AUTH_SOCK"'


def program(name):
    return our_program(name) if name.startswith("glassh") else find_program(name)


class Agent:
    def __init__(self, workspace, name, env=None):
        self.path = workspace.fresh("agent")
        workspace.start([program(name), "-D", "-a", self.path], stdout=subprocess.DEVNULL, env=env or {})
        wait_until(self.listens, f"{name} listens")
        self.env = {"SSH_AUTH_SOCK": self.path}

    def listens(self):
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(self.path) == 0

    def add(self, workspace, *arguments):
        result = workspace.run([program("glassh-add"), *arguments], env=self.env)
        expect_equal(result.status, 0, result)


def agent_options(workspace, server):
    """Log in with what the agent has, and nothing else."""
    changed = {"IdentitiesOnly=yes": "IdentitiesOnly=no", "IdentityAgent=none": "IdentityAgent=SSH_AUTH_SOCK"}
    known_hosts = workspace.fresh("known_hosts")
    workspace.file(os.path.basename(known_hosts), server.known_hosts(getattr(server, "host_kinds", HOST_KEY_KINDS)))
    options = client_options(workspace, server, known_hosts=known_hosts, key=None)
    return ["-o", "IdentityFile=none", *(changed.get(flag, flag) for flag in options)]


def file_options(workspace, server):
    """Log in with a key from a file; the agent is there to be forwarded."""
    return [flag.replace("IdentityAgent=none", "IdentityAgent=SSH_AUTH_SOCK") for flag in client_options(workspace, server)]


def through(workspace, clients, servers, command, flags=("-A",)):
    """The command line that runs `command` on the last of the servers, each reached from the one before."""
    for client, server in reversed(list(zip(clients, servers, strict=True))):
        words = [program(client), *flags, *agent_options(workspace, server), "127.0.0.1", command]
        command = shlex.join(words)
    return words


def cascades(cases, workspace, glasshds, sshds):
    ours, theirs = ("glassh",) * 3, ("ssh",) * 3
    for what, agent, clients, servers in (
        ("glassh, glasshd and glassh-agent alone", "glassh-agent", ours, glasshds),
        ("OpenSSH's clients and agent on glasshd", "ssh-agent", theirs, glasshds),
        ("our clients and agent on sshd", "glassh-agent", ours, sshds),
        ("glassh to sshd, ssh to glasshd, glassh to sshd", "ssh-agent", ("glassh", "ssh", "glassh"),
         (sshds[0], glasshds[1], sshds[2])),
        ("ssh to glasshd, glassh to sshd, ssh to glasshd", "glassh-agent", ("ssh", "glassh", "ssh"),
         (glasshds[0], sshds[1], glasshds[2])),
    ):
        with cases.case(f"one agent for a cascade of three hosts: {what}"):
            holder = Agent(workspace, agent)
            holder.add(workspace, "-q", workspace.key("user-ed25519"))
            before = [server.log() for server in servers]
            result = workspace.run(through(workspace, clients, servers, "echo far away; exit 7"), env=holder.env)
            expect_equal((result.status, result.out), (7, b"far away\n"), result)
            for server, earlier in zip(servers, before, strict=True):
                expect_equal(server.log()[len(earlier):].count("Accepted publickey for "), 1, server.log_tail())


def consent(cases, workspace, servers):
    with cases.case("an agent that asks before each use asks once for each of three hosts, and a no ends it there"):
        asked, askpass = workspace.fresh("asked"), workspace.fresh("askpass")
        workspace.file(os.path.basename(asked), "")
        workspace.file(os.path.basename(askpass),
                       f'#!/bin/sh\necho "$SSH_ASKPASS_PROMPT" >> {asked}\ntest $(wc -l < {asked}) -le 5\n')
        os.chmod(askpass, 0o755)
        agent = Agent(workspace, "glassh-agent", {"SSH_ASKPASS": askpass, "DISPLAY": "none:0"})
        agent.add(workspace, "-q", "-c", workspace.key("user-ed25519"))
        result = workspace.run(through(workspace, ("ssh",) * 3, servers, "echo far away"), env=agent.env)
        expect_equal((result.status, result.out), (0, b"far away\n"), result)
        with open(asked, encoding="ascii") as file:
            expect_equal(file.read(), "confirm\n" * 3)
        result = workspace.run(through(workspace, ("ssh",) * 3, servers, "echo far away"), env=agent.env)
        expect_equal((result.status, result.out), (255, b""), result)
        with open(asked, encoding="ascii") as file:
            expect_equal(file.read(), "confirm\n" * 6)


def destinations(cases, workspace, server_name, servers):
    first, second, third = servers
    known_hosts = workspace.file("hosts", "".join(
        f"host{number} {workspace.public_key(f'host-{number}')}\n" for number in (1, 2, 3)))
    for client in ("ssh", "glassh"):
        with cases.case(f"{client}, {server_name}: a key that may go to the second host from the first goes no other way"):
            agent = Agent(workspace, "glassh-agent")
            agent.add(workspace, "-q", "-H", known_hosts, "-h", "host1", "-h", "host1>host2", workspace.key("user-ed25519"))

            def run(path, command="echo there", client=client, agent=agent):
                return workspace.run(through(workspace, (client,) * len(path), path, command), env=agent.env)

            for path in ([first], [first, second]):
                result = run(path)
                expect_equal((result.status, result.out), (0, b"there\n"), len(path), result)
            for path in ([second], [third], [first, third], [first, second, third]):
                result = run(path)
                expect_equal((result.status, result.out), (255, b""), [path[0] is first, len(path)], result)
                expect("Permission denied" in result.err, result)
            # It is not shown where it may not be used.
            shown = run([first], program("ssh-add") + " -l")
            expect("ED25519" in shown.out.decode(), shown)
            shown = run([first, second], f"{program('ssh-add')} -l")
            expect_equal(shown.out, b"The agent has no identities.\n", shown)


def refusals(cases, workspace, server):
    agent = Agent(workspace, "glassh-agent")
    agent.add(workspace, "-q", workspace.key("user-ed25519"))

    def socket_of(client, server, *flags):
        result = workspace.run([program(client), *flags, *file_options(workspace, server), "127.0.0.1", SHOW], env=agent.env)
        expect_equal(result.status, 0, result)
        return result.out.decode().strip().removeprefix("sock=")

    for client in ("glassh", "ssh"):
        with cases.case(f"{client}: -A, -a, ForwardAgent with yes, a path and a variable"):
            other = Agent(workspace, "glassh-agent")
            expect_equal(socket_of(client, server), "")
            expect(socket_of(client, server, "-A"))
            expect_equal(socket_of(client, server, "-A", "-a"), "")
            expect(socket_of(client, server, "-o", "ForwardAgent=yes"))
            for value in (other.path, "$OTHER"):
                result = workspace.run([program(client), "-o", f"ForwardAgent={value}", *file_options(workspace, server),
                                        "127.0.0.1", program("ssh-add") + " -l"], env={**agent.env, "OTHER": other.path})
                expect_equal((result.status, result.out), (1, b"The agent has no identities.\n"), value, result)
            expect_equal(socket_of(client, server, "-o", "ForwardAgent=$NO_SUCH_VARIABLE"), "")
            if client == "glassh":  # ssh looks only whether its own agent is there
                expect_equal(socket_of(client, server, "-o", f"ForwardAgent={workspace.file('no-agent-here')}"), "")
        if client == "glassh":
            with cases.case("ForwardAgent with an agent that is not there: glassh says which, and goes on"):
                for value in ("$NO_SUCH_VARIABLE", workspace.file("no-agent-here")):
                    result = workspace.run([our_program(client), "-o", f"ForwardAgent={value}", *file_options(workspace, server),
                                            "127.0.0.1", "exit 6"])
                    expect(f'Cannot forward agent socket path "{value}": ' in result.err, result)
                    expect_equal(result.status, 6, result)
        with cases.case(f"{client}: the server's socket is for its user alone and goes with the session"):
            result = workspace.run([program(client), "-A", *file_options(workspace, server), "127.0.0.1",
                                    SHOW + '; stat -c %a "$SSH_AUTH_SOCK" "$(dirname "$SSH_AUTH_SOCK")"'], env=agent.env)
            lines = result.out.decode().split()
            expect_equal((result.status, lines[1:]), (0, ["600", "700"]), result)
            path = lines[0].removeprefix("sock=")
            wait_until(lambda path=path: not os.path.exists(os.path.dirname(path)), f"{path} is gone")
        with cases.case(f"{client}: a server whose key has changed gets no agent, even if it is let pass"):
            known_hosts = workspace.fresh("known_hosts")
            workspace.file(os.path.basename(known_hosts),
                           f"[127.0.0.1]:{server.port} {workspace.public_key('somebody-else')}\n")
            changed = {"StrictHostKeyChecking=yes": "StrictHostKeyChecking=no", "IdentityAgent=none": "IdentityAgent=SSH_AUTH_SOCK"}
            options = [changed.get(flag, flag) for flag in client_options(workspace, server, known_hosts=known_hosts)]
            result = workspace.run([program(client), "-A", *options, "127.0.0.1", SHOW], env=agent.env)
            expect_equal((result.status, result.out), (0, b"sock=\n"), result)
            expect("Agent forwarding is disabled" in result.err, result)
    for setting in ("AllowAgentForwarding no", "DisableForwarding yes"):
        with cases.case(f"{setting}: no agent, and the session works"):
            closed = start_glasshd(workspace, [setting])
            for client in ("glassh", "ssh"):
                expect_equal(socket_of(client, closed, "-A"), "")
            expect_log(closed, "agent forwarding is not permitted")
            closed.stop()
    key = workspace.public_key("user-ed25519")
    for options, forwarded in (("restrict", False), ("no-agent-forwarding", False), ("restrict,agent-forwarding", True)):
        with cases.case(f"authorized_keys with {options}: {'an' if forwarded else 'no'} agent, and the session works"):
            path = workspace.fresh("authorized_keys")
            workspace.file(os.path.basename(path), f"{options} {key}\n")
            limited = start_glasshd(workspace, [f"AuthorizedKeysFile {path}"])
            for client in ("glassh", "ssh"):
                expect_equal(bool(socket_of(client, limited, "-A")), forwarded)
            limited.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        for number in (1, 2, 3):
            workspace.key(f"host-{number}")  # each host has its own
        glasshds = tuple(start_glasshd(workspace, host_kinds=(str(number),)) for number in (1, 2, 3))
        sshds = tuple(start_sshd(workspace, host_kinds=(str(number),)) for number in (1, 2, 3))
        for server, number in zip(glasshds + sshds, "123123", strict=True):
            server.host_kinds = (number,)
        cascades(cases, workspace, glasshds, sshds)
        consent(cases, workspace, glasshds)
        destinations(cases, workspace, "sshd", sshds)
        destinations(cases, workspace, "glasshd", glasshds)
        refusals(cases, workspace, start_glasshd(workspace))
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
