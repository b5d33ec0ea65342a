"""Agents: glassh-agent and OpenSSH's, with glassh-add, ssh-add, ssh and git, in any mixture."""

import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, find_program, ssh, start_glasshd, start_sshd,
                   wait_until)
from peers.terminal import Terminal
from peers.workspace import our_program

AGENTS = ("ssh-agent", "glassh-agent")
TOOLS = ("ssh-add", "glassh-add")


def program(name):
    return our_program(name) if name.startswith("glassh") else find_program(name)


class Agent:
    """An agent of that program in the foreground, which ends with the workspace."""

    def __init__(self, workspace, name, flags=(), env=None):
        self.workspace = workspace
        self.path = workspace.fresh("agent")
        self.process = workspace.start([program(name), "-D", "-a", self.path, *flags], stdout=subprocess.DEVNULL,
                                       env=env or {})
        wait_until(self.listens, f"{name} listens")

    def listens(self):
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(self.path) == 0

    def env(self, **more):
        return {"SSH_AUTH_SOCK": self.path, "HOME": self.workspace.path, **more}

    def run(self, name, *arguments, input=b"", **more):
        return self.workspace.run([program(name), *arguments], input=input, env=self.env(**more))

    def ask(self, *frames):
        """Sends those bytes and gives back what comes until the agent hangs up or has answered each frame."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(self.path)
            answers = []
            for frame in frames:
                connection.sendall(frame)
                length = receive(connection, 4)
                if len(length) < 4:
                    return answers
                answers.append(receive(connection, struct.unpack(">I", length)[0]))
            return answers


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            break
        data += more
    return data


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def string(value):
    return struct.pack(">I", len(value)) + value


def fingerprint(workspace, path):
    return workspace.run([find_program("ssh-keygen"), "-l", "-f", path]).out.decode().split()[1]


def text(result):
    """What ssh-add says, without the CR that OpenSSH's fatal errors have."""
    return (result.out.decode() + result.err).replace("\r", "")


def adding_and_removing(cases, workspace, agent_name, tool):
    with cases.case(f"{agent_name}, {tool}: keys are added, listed, tested, removed one by one and all"):
        agent = Agent(workspace, agent_name)
        result = agent.run(tool, "-l")
        expect_equal((result.status, text(result)), (1, "The agent has no identities.\n"))
        for kind in ("ed25519", "ecdsa", "rsa"):
            key = workspace.key("user-" + kind, kind)
            result = agent.run(tool, key)
            expect_equal((result.status, text(result)), (0, f"Identity added: {key} (user-{kind})\n"))
            expect_equal(agent.run(tool, "-T", key + ".pub").status, 0)
            expect(f" {fingerprint(workspace, key)} user-{kind} ({kind.upper()})\n" in text(agent.run(tool, "-l")))
            expect(workspace.public_key("user-" + kind, kind) + f" user-{kind}\n" in text(agent.run(tool, "-L")))
        expect_equal(len(text(agent.run(tool, "-l", "-E", "md5")).splitlines()), 3)
        key = workspace.key("user-ecdsa", "ecdsa")
        result = agent.run(tool, "-d", key)
        expect_equal((result.status, text(result)), (0, f"Identity removed: {key} ECDSA (user-ecdsa)\n"))
        result = agent.run(tool, "-d", key)
        expect_equal((result.status, text(result)), (1, f'Could not remove identity "{key}": agent refused operation\n'))
        expect_equal(agent.run(tool, "-T", key + ".pub").status, 1)
        listed = agent.run(tool, "-L").out
        expect_equal(agent.run(tool, "-q", "-d", "-", input=listed.splitlines()[0] + b"\n").status, 0)
        expect_equal(text(agent.run(tool, "-D")), "All identities removed.\n")
        expect_equal(agent.run(tool, "-l").status, 1)
    with cases.case(f"{agent_name}, {tool}: what cannot be added is said, and the rest is added"):
        agent = Agent(workspace, agent_name)
        open_key = workspace.fresh("open-key")
        shutil.copy(workspace.key("user-ed25519"), open_key)
        os.chmod(open_key, 0o644)
        missing = workspace.file("no-such-key")
        result = agent.run(tool, open_key, missing, workspace.key("user-ecdsa", "ecdsa"))
        expect_equal(result.status, 1, result)
        for words in ("UNPROTECTED PRIVATE KEY FILE!", f"Permissions 0644 for '{open_key}' are too open.",
                      f"{missing}: No such file or directory", "Identity added: "):
            expect(words in text(result), f"no '{words}' in:", result)
        expect_equal(len(text(agent.run(tool, "-l")).splitlines()), 1)


def without_an_agent(cases, workspace, tool):
    with cases.case(f"{tool}: without an agent, status 2"):
        result = workspace.run([program(tool), "-l"])
        expect_equal((result.status, text(result)), (2, "Could not open a connection to your authentication agent.\n"))
        result = workspace.run([program(tool), "-l"], env={"SSH_AUTH_SOCK": workspace.file("no-such-socket")})
        expect_equal((result.status, text(result)), (2, "Error connecting to agent: No such file or directory\n"))


def lifetimes(cases, workspace, agent_name, tool):
    with cases.case(f"{agent_name}, {tool}: a key is gone when its time is over"):
        agent = Agent(workspace, agent_name, ["-t", "2"])
        result = agent.run(tool, "-t", "1h", workspace.key("user-ecdsa", "ecdsa"))
        expect("Lifetime set to 3600 seconds\n" in text(result), result)
        begun = time.monotonic()
        result = agent.run(tool, workspace.key("user-ed25519"))  # the agent's own limit
        expect("Identity added: " in text(result), result)
        wait_until(lambda: "ED25519" not in text(agent.run(tool, "-l")), "the key's time is over")
        expect(time.monotonic() - begun > 0.9, "it is gone too early")  # ssh-agent counts whole seconds of its clock
        expect("ECDSA" in text(agent.run(tool, "-l")))


def locking(cases, workspace, agent_name, tool):
    with cases.case(f"{agent_name}, {tool}: a locked agent shows nothing, signs nothing and is opened by its password"):
        agent = Agent(workspace, agent_name)
        key = workspace.key("user-ed25519")
        agent.run(tool, key)
        result = agent.run(tool, "-x", input=b"one\nanother\n")
        expect_equal((result.status, "Passwords do not match." in text(result)), (1, True), result)
        result = agent.run(tool, "-x", input=b"secret\nsecret\n")
        expect_equal((result.status, "Agent locked." in text(result)), (0, True), result)
        expect_equal(text(agent.run(tool, "-l")), "The agent has no identities.\n")
        expect_equal(agent.run(tool, "-T", key + ".pub").status, 1)
        expect_equal(agent.run(tool, key).status, 1)
        result = agent.run(tool, "-X", input=b"wrong\n")
        expect_equal((result.status, "Failed to unlock agent: " in text(result)), (1, True), result)
        result = agent.run(tool, "-X", input=b"secret\n")
        expect_equal((result.status, "Agent unlocked." in text(result)), (0, True), result)
        expect_equal(agent.run(tool, "-T", key + ".pub").status, 0)


def confirmation(cases, workspace, agent_name, tool):
    with cases.case(f"{agent_name}, {tool}: a key with -c signs only when the person at askpass agrees"):
        asked, answer = workspace.fresh("asked"), workspace.fresh("answer")
        askpass = workspace.fresh("askpass")
        workspace.file(os.path.basename(askpass),
                       f'#!/bin/sh\necho "$SSH_ASKPASS_PROMPT: $1" >> {asked}\nexit $(cat {answer})\n')
        os.chmod(askpass, 0o755)
        workspace.file(os.path.basename(asked), "")
        agent = Agent(workspace, agent_name, env={"SSH_ASKPASS": askpass, "DISPLAY": "none:0"})
        key = workspace.key("user-ed25519")
        result = agent.run(tool, "-c", key)
        expect("The user must confirm each use of the key\n" in text(result), result)
        for status in ("1", "0"):
            workspace.file(os.path.basename(answer), status)
            expect_equal(agent.run(tool, "-T", key + ".pub").status, int(status))
        with open(asked, encoding="utf-8") as file:
            questions = file.read()
        expect_equal(questions.count("confirm: Allow use of key user-ed25519?"), 2, questions)
        expect_equal(questions.count(f"Key fingerprint {fingerprint(workspace, key)}."), 2, questions)


def passphrases(cases, workspace, tool):
    first, second = workspace.fresh("key"), workspace.fresh("key")
    for path in (first, second):
        workspace.run([find_program("ssh-keygen"), "-q", "-t", "ed25519", "-a", "1", "-N", "open sesame", "-C", "locked",
                       "-f", path])
    agent = Agent(workspace, "glassh-agent")
    with cases.case(f"{tool}: a passphrase is asked for on the terminal, and tried on the files that follow"):
        with Terminal([program(tool), first, second], env=agent.env()) as terminal:
            terminal.answer(f"Enter passphrase for {first}: ", "wrong")
            terminal.answer(f"Bad passphrase, try again for {first}: ", "open sesame")
            expect_equal(terminal.end(), 0, terminal.text)
        expect("sesame" not in terminal.text and "wrong" not in terminal.text, terminal.text)
        expect_equal(terminal.text.count("Identity added: "), 2, terminal.text)
        expect(f"passphrase for {second}" not in terminal.text, terminal.text)
    with cases.case(f"{tool}: no passphrase, no key"):
        agent.run(tool, "-D")
        with Terminal([program(tool), first], env=agent.env()) as terminal:
            terminal.answer(f"Enter passphrase for {first}: ", "")
            expect_equal(terminal.end(), 1, terminal.text)
        expect_equal(agent.run(tool, "-l").status, 1)
    with cases.case(f"{tool}: a passphrase from SSH_ASKPASS"):
        askpass = workspace.fresh("askpass")
        workspace.file(os.path.basename(askpass), "#!/bin/sh\necho open sesame\n")
        os.chmod(askpass, 0o755)
        result = agent.run(tool, first, SSH_ASKPASS=askpass, SSH_ASKPASS_REQUIRE="force")
        expect_equal(result.status, 0, result)


def logins(cases, workspace, agent_name, client, servers):
    """With a key that only the agent has."""
    for kind in ("ed25519", "ecdsa", "rsa"):
        with cases.case(f"{agent_name}, {client}: logs in with a key of type {kind} that only the agent has"):
            agent = Agent(workspace, agent_name)
            agent.run("glassh-add", workspace.key("user-" + kind, kind))
            for server in servers:
                kinds = ["ed25519"] if server is servers[0] else ["other"]
                known_hosts = workspace.fresh("known_hosts")
                workspace.file(os.path.basename(known_hosts), server.known_hosts(kinds))
                result = login(workspace, client, agent, server, known_hosts)
                expect_equal((result.status, result.out), (0, b"in\n"), result, server.log_tail())


def agent_options(workspace, server, known_hosts=None):
    changed = {"IdentityAgent=none": "IdentityAgent=SSH_AUTH_SOCK", "IdentitiesOnly=yes": "IdentitiesOnly=no"}
    options = client_options(workspace, server, known_hosts=known_hosts, key=None)
    return ["-o", "IdentityFile=none", *(changed.get(flag, flag) for flag in options)]


def login(workspace, client, agent, server, known_hosts, *flags):
    return workspace.run([program(client), *flags, *agent_options(workspace, server, known_hosts), "127.0.0.1", "echo in"],
                         env=agent.env())


def destinations(cases, workspace, agent_name, tool, client, right, wrong):
    with cases.case(f"{agent_name}, {tool}, {client}: a key with -h logs in to its host and is not shown to another"):
        agent = Agent(workspace, agent_name)
        known_hosts = workspace.fresh("known_hosts")
        workspace.file(os.path.basename(known_hosts), right.known_hosts(["ed25519"]) + wrong.known_hosts(["other"]))
        result = agent.run(tool, "-H", known_hosts, "-h", f"[127.0.0.1]:{right.port}", workspace.key("user-ed25519"))
        expect_equal(result.status, 0, result)
        expect_equal(agent.run(tool, "-T", workspace.key("user-ed25519") + ".pub").status, 1, "signed for anybody")
        result = login(workspace, client, agent, right, known_hosts)
        expect_equal((result.status, result.out), (0, b"in\n"), result)
        result = login(workspace, client, agent, wrong, known_hosts, "-v")
        expect_equal((result.status, result.out), (255, b""), result)
        expect("Permission denied" in result.err, result)
        expect("Offering public key" not in result.err, result)
    with cases.case(f"{agent_name}, {tool}: a destination without a known key is refused before anything is added"):
        result = agent.run(tool, "-H", known_hosts, "-h", "elsewhere.example", workspace.key("user-ed25519"))
        expect_equal((result.status, text(result)), (255, 'No host keys found for destination "elsewhere.example"\n'))


def the_program(cases, workspace):
    """How glassh-agent starts and ends."""
    home = {"TMPDIR": workspace.path, "SHELL": "/bin/sh"}
    with cases.case("glassh-agent: eval in a shell sets the variables, -k ends it and takes them back"):
        script = ('eval "$(\"$0\")" || exit 1; test -S "$SSH_AUTH_SOCK" || exit 2; stat -c "%a" "$(dirname "$SSH_AUTH_SOCK")" '
                  '"$SSH_AUTH_SOCK"; pid=$SSH_AGENT_PID; kill -0 $pid || exit 3; eval "$(\"$0\" -k)"; '
                  'test -z "$SSH_AUTH_SOCK$SSH_AGENT_PID" || exit 4; echo $pid')
        result = workspace.run(["/bin/sh", "-c", script, program("glassh-agent")], env=home)
        lines = result.out.decode().split("\n")
        expect_equal((result.status, lines[1:3]), (0, ["700", "600"]), result)
        pid = int(lines[4])
        expect(re.fullmatch(r"Agent pid \d+", lines[0]) and lines[3] == f"Agent pid {pid} killed", result)
        wait_until(lambda: is_gone(pid), "the agent has ended")
        expect_equal([name for name in os.listdir(workspace.path) if name.startswith("ssh-")], [])
    with cases.case("glassh-agent: variables for csh"):
        result = workspace.run([program("glassh-agent"), "-c"], env=home)
        found = re.fullmatch(r"setenv SSH_AUTH_SOCK (\S+);\nsetenv SSH_AGENT_PID (\d+);\necho Agent pid \2;\n",
                             result.out.decode())
        expect(found, result)
        expect_equal(workspace.run([program("glassh-agent"), "-c", "-k"], env={"SSH_AGENT_PID": found[2]}).out.decode(),
                     f"unsetenv SSH_AUTH_SOCK;\nunsetenv SSH_AGENT_PID;\necho Agent pid {found[2]} killed;\n")
        wait_until(lambda: not os.path.exists(found[1]), "its socket is gone")
    with cases.case("glassh-agent: a command under it has its agent and its exit status, and the agent ends with it"):
        result = workspace.run([program("glassh-agent"), "/bin/sh", "-c",
                                f"{program('glassh-add')} -q {workspace.key('user-ed25519')} && {find_program('ssh-add')} -l; "
                                "echo $SSH_AGENT_PID; exit 7"], env=home)
        lines = result.out.decode().splitlines()
        expect_equal((result.status, len(lines), "ED25519" in lines[0]), (7, 2, True), result)
        wait_until(lambda: is_gone(int(lines[1])), "the agent has ended")
        expect_equal([name for name in os.listdir(workspace.path) if name.startswith("ssh-")], [])
    with cases.case("glassh-agent: wrong use is said, with status 1"):
        for arguments, env, words in (
            (["-k"], {}, "SSH_AGENT_PID not set, cannot kill agent"),
            (["-k"], {"SSH_AGENT_PID": "-1"}, 'SSH_AGENT_PID="-1" is no process number'),
            (["-t", "soon"], {}, "Invalid lifetime 'soon'"),
            (["-c", "-s"], {}, "usage: glassh-agent"),
            (["-a", workspace.file("no/such/dir/socket")], {}, "No such file or directory"),
            (["/no/such/program"], {}, "/no/such/program: No such file or directory"),
        ):
            result = workspace.run([program("glassh-agent"), *arguments], env={**home, **env})
            expect_equal((result.status, words in result.err), (1, True), result)


def is_gone(pid):
    """Ended; whether anybody has reaped it is not ours to say."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may be reaped before the file is read
        return True


def protection(cases, workspace):
    agent = Agent(workspace, "glassh-agent")
    agent.run("glassh-add", workspace.key("user-ed25519"))
    with cases.case("glassh-agent: its memory is in no core file"):
        with open(f"/proc/{agent.process.pid}/limits", encoding="ascii") as file:
            limits = file.read()
        expect(re.search(r"Max core file size +0 ", limits), limits)  # the hard one stays, for the programs that it starts
        # A process that may be dumped belongs to its user, one that may not to root; and so it is 0 where we are root.
        expect_equal(os.stat(f"/proc/{agent.process.pid}/environ").st_uid, 0)
    with cases.case("past vulnerability 94: the socket's mode is 0600, and a stranger who gets at it is hung up on"):
        expect_equal(stat.S_IMODE(os.stat(agent.path).st_mode), 0o600)
        if os.getuid() == 0:  # only root can be somebody else
            os.chmod(agent.path, 0o777)
            os.chmod(workspace.path, 0o711)
            stranger = ("import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
                        f"s.connect({agent.path!r}); s.sendall(bytes([0, 0, 0, 1, 11])); sys.exit(len(s.recv(100)))")
            result = workspace.run(["/usr/bin/python3", "-c", stranger])
            expect(result.status == 0 or "ConnectionResetError" in result.err or "BrokenPipeError" in result.err, result)
            os.chmod(agent.path, 0o600)
            os.chmod(workspace.path, 0o700)
        expect_equal(agent.run("ssh-add", "-l").status, 0)
    with cases.case("past vulnerability 58: a length of 4 gigabytes ends the connection, and the agent goes on"):
        for length in (0, 256 * 1024 + 1, 0x7fffffff, 0xffffffff):
            expect_equal(agent.ask(struct.pack(">I", length) + b"x"), [])
        with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
            memory = int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])
        expect(memory < 64 * 1024, f"{memory} kB")
        expect_equal(agent.ask(frame(bytes([11])))[0][:5], bytes([12, 0, 0, 0, 1]))
    with cases.case("past vulnerability 92: constraints that it does not know refuse the key"):
        private = bytes(range(32))
        public = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
        key = string(b"ssh-ed25519") + string(public) + string(private + public) + string(b"comment")
        good = bytes([25]) + key + bytes([1, 0, 0, 0, 60])
        expect_equal(agent.ask(frame(good)), [bytes([6])])
        agent.run("glassh-add", "-D")
        for constraint in (bytes([4]), bytes([0]), bytes([255]) + string(b"unknown@example.com"),
                           bytes([255]) + string(b"sk-provider@openssh.com") + string(b"/lib/x.so"),
                           bytes([1, 0, 0, 0, 60, 99])):
            expect_equal(agent.ask(frame(bytes([25]) + key + constraint)), [bytes([5])])
        expect_equal(agent.run("glassh-add", "-l").status, 1)


def git(cases, workspace, server):
    agent = Agent(workspace, "glassh-agent")
    agent.run("glassh-add", workspace.key("user-ed25519"))
    home = workspace.fresh("home")
    os.mkdir(home)
    env = {"HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.invalid",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.invalid"}
    def run(*arguments):
        return workspace.run([find_program("git"), *arguments],
                             env={**agent.env(), **env, "GIT_SSH_COMMAND": " ".join(ssh(*agent_options(workspace, server)))})

    source, bare, copy = (workspace.fresh(name) for name in ("source", "bare.git", "copy"))
    with cases.case("git: signs a commit with a key in glassh-agent, and verifies it"):
        expect_equal(run("init", "-q", source).status, 0)
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey=key::{workspace.public_key('user-ed25519')}", "-c",
                   f"gpg.ssh.allowedSignersFile={workspace.file('signers', 'a@b.invalid ' + workspace.public_key('user-ed25519'))}")
        result = run("-C", source, *signing, "commit", "-q", "-S", "--allow-empty", "-m", "one")
        expect_equal(result.status, 0, result)
        result = run("-C", source, *signing, "verify-commit", "HEAD")
        expect_equal((result.status, 'Good "git" signature' in result.err), (0, True), result)
    with cases.case("git: pushes and clones over ssh with a key in glassh-agent"):
        expect_equal(run("init", "-q", "--bare", bare).status, 0)
        result = run("-C", source, "push", "-q", f"127.0.0.1:{bare}", "HEAD:refs/heads/main")
        expect_equal(result.status, 0, result)
        result = run("clone", "-q", "-b", "main", f"127.0.0.1:{bare}", copy)
        expect_equal(result.status, 0, result)
        expect_equal(run("-C", copy, "rev-parse", "HEAD").out, run("-C", source, "rev-parse", "HEAD").out)


def main():
    cases = Cases()
    with Workspace() as workspace:
        glasshd = start_glasshd(workspace, host_kinds=("ed25519",))
        workspace.key("host-other")  # of another host, so that the two can be told apart
        sshd = start_sshd(workspace, host_kinds=("other",))
        for agent in AGENTS:
            for tool in TOOLS:
                if "glassh" not in agent + tool:
                    continue
                adding_and_removing(cases, workspace, agent, tool)
                lifetimes(cases, workspace, agent, tool)
                locking(cases, workspace, agent, tool)
                confirmation(cases, workspace, agent, tool)
                for client in ("ssh", "glassh"):
                    destinations(cases, workspace, agent, tool, client, glasshd, sshd)
        without_an_agent(cases, workspace, "glassh-add")
        passphrases(cases, workspace, "glassh-add")
        the_program(cases, workspace)
        protection(cases, workspace)
        for agent, client in (("glassh-agent", "ssh"), ("glassh-agent", "glassh"), ("ssh-agent", "glassh")):
            logins(cases, workspace, agent, client, (glasshd, sshd))
        git(cases, workspace, glasshd)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
