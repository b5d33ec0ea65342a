"""Host keys that come and go: ssh and glassh against sshd and glasshd, with one known_hosts file, compared line for line."""

import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, expect_log, glassh, ssh, start_glasshd, start_sshd, wait_until
from peers.terminal import Terminal

CHANGES = re.compile(r"^(?:Learned new hostkey|Deprecating obsolete hostkey|Adding new key for|\S+:\d+: (?:Removed|invalid)).*$", re.MULTILINE)
# Instead of a shell, which may throw away what is typed before it reads.
INSTEAD_OF_A_SHELL = "ForceCommand echo ready; read line; echo got-$line; exit 9"
ASKED = "Accept updated hostkeys? (yes/no): "


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_hashes(text):
    """Each hash has a salt of its own."""
    return re.sub(r"^\|1\|\S+", "|1|", text, flags=re.MULTILINE)


def what_changed(text):
    return CHANGES.findall(text.replace("\r", ""))


class Keys:
    """The server logs in with `login`, has `next` of the same type, an ECDSA and an RSA key; `old` it has no more."""

    def __init__(self, workspace):
        self.login = workspace.public_key("login")
        self.next, self.ecdsa, self.rsa = (workspace.public_key("host-" + kind, kind) for kind in ("ed25519", "ecdsa", "rsa"))
        self.old = workspace.public_key("old", "ecdsa521")
        self.other = workspace.public_key("other")


def files(keys, host):
    """What is tried: its name, the known_hosts file, flags, and whether the file changes."""
    login = f"{host} {keys.login}\n"
    rich = (f"# a comment\n{login}\n  other.example {keys.other}   with a comment \n{host} {keys.old} gone\n"
            f"nonsense\n@revoked elsewhere {keys.other}\nno end")
    yield "new keys are learned and an old one is forgotten", rich, [], True
    yield "names are hashed where HashKnownHosts says so", login, ["HashKnownHosts=yes"], True
    yield "all is known already", "".join(f"{host} {key}\n" for key in (keys.login, keys.next, keys.ecdsa, keys.rsa)), [], False
    yield "nothing is new, one is old", "".join(
        f"{host} {key}\n" for key in (keys.next, keys.old, keys.login, keys.ecdsa, keys.rsa)), [], True
    yield "a type that HostKeyAlgorithms leaves out", login + f"{host} {keys.old}\n", ["HostKeyAlgorithms=ssh-ed25519"], True
    # [openssh-hostkeys-2.5-5] keeps
    yield "an RSA key, by the key exchange's algorithm", f"{host} {keys.rsa}\n", ["HostKeyAlgorithms=rsa-sha2-256,ssh-ed25519"], True
    yield "two names in a line", f"{host},other.example {keys.login}\n", [], True
    yield "a list of names", f"{host},b.example,c.example {keys.login}\n", [], False
    yield "a pattern", f"[127.0.0.*]:* {keys.login}\n", [], False
    yield "a revoked key of this host", login + f"@revoked {host} {keys.other}\n", [], False
    yield "an announced key that is revoked everywhere", login + f"@revoked * {keys.ecdsa}\n", [], False
    yield "an announced key that another host has", login + f"other.example {keys.ecdsa}\n", [], False
    yield "an old key that another host has", login + f"{host} {keys.old}\nother.example {keys.old}\n", [], False
    yield "a key that is known without the port", f"127.0.0.1 {keys.login}\n", [], False
    yield "a host alias", f"some.host {keys.login}\n", ["HostKeyAlias=Some.Host"], True
    yield "a host that nobody was asked about", "", ["StrictHostKeyChecking=accept-new"], None
    yield "NoHostAuthenticationForLocalhost", login, ["NoHostAuthenticationForLocalhost=yes"], False
    yield "UpdateHostKeys no", login, ["UpdateHostKeys=no"], False
    yield "UpdateHostKeys ask and a command", login, ["UpdateHostKeys=ask"], False


def run(workspace, client, server, path, flags):
    options = [word for flag in [*flags, "UpdateHostKeys=yes"] for word in ("-o", flag)]
    result = workspace.run(client("-v", *options, *client_options(workspace, server, known_hosts=path), "127.0.0.1", "exit 7"))
    expect_equal(result.status, 7, result)
    return result


def same_files(cases, workspace, keys, server, peer, most):
    for number, (what, before, flags, changes) in enumerate(list(files(keys, f"[127.0.0.1]:{server.port}"))[:most]):
        with cases.case(f"{peer}: {what}: glassh does as ssh"):
            path = workspace.file(f"{peer}-{number}")
            outcomes = []
            for client in (ssh, glassh):
                workspace.file(os.path.basename(path), before)
                result = run(workspace, client, server, path, flags)
                outcomes.append((without_hashes(read(path)), what_changed(result.err)))
                if changes is not None:
                    expect_equal(read(path) != before, changes, result)
            expect_equal(outcomes[1], outcomes[0])
            expect_equal("nobody was asked" in what and len(outcomes[1][0].splitlines()) != 1, False)


def several_files(cases, workspace, keys, server, peer):
    with cases.case(f"{peer}: with two files, all keys of the host move into the first: glassh does as ssh"):
        outcomes = []
        host = f"[127.0.0.1]:{server.port}"
        for client in (ssh, glassh):
            first = workspace.file("first", f"{host} {keys.ecdsa}\n")
            second = workspace.file("second", f"a {keys.other}\n{host} {keys.login} here\n{host} {keys.old}\n")
            run(workspace, client, server, f"{first} {second}", [])
            outcomes.append((read(first), read(second)))
        expect_equal(outcomes[1], outcomes[0])
        expect(keys.rsa in outcomes[1][0], outcomes[1])
    with cases.case(f"{peer}: a host that only the system's file knows stays there"):
        for client in (ssh, glassh):
            own = workspace.file("own", "")
            system = workspace.file("system", f"{host} {keys.login}\n")
            run(workspace, client, server, own, [f"GlobalKnownHostsFile={system}"])
            expect_equal((read(own), read(system)), ("", f"{host} {keys.login}\n"))


def asked(cases, workspace, keys, server, peer, dialogues):
    """With a terminal and a shell, UpdateHostKeys ask."""
    host = f"[127.0.0.1]:{server.port}"
    before = f"{host} {keys.login}\n{host} {keys.old}\n"
    for answers in dialogues:
        with cases.case(f"{peer}: asked and answered with {answers}: glassh does as ssh, and the session goes on"):
            outcomes = []
            for client in (ssh, glassh):
                path = workspace.file("asked", before)
                options = [word for word in client_options(workspace, server, known_hosts=path) if word != "-T"]
                options = ["-o", "UpdateHostKeys=ask", "-o", "BatchMode=no", *options]
                with Terminal(client(*options, "127.0.0.1")) as terminal:
                    terminal.see("The server has updated its host keys.")
                    said = ""
                    for answer in answers:
                        said += terminal.see(ASKED)
                        terminal.type(answer + "\n")
                    terminal.see("ready")
                    terminal.type("word\n")
                    terminal.see("got-word")
                    expect_equal(terminal.end(), 9, terminal.text)
                outcomes.append((said.replace("\r", ""), read(path)))
            expect_equal(outcomes[1], outcomes[0])
            expect_equal(outcomes[1][1] != before, answers[-1].lower() == "yes")


def short_rsa_keys(cases, workspace, peer, start):
    """RequiredRSASize, which is above the 2048 bits of our RSA keys."""
    with cases.case(f"{peer}: an RSA host key that is shorter than RequiredRSASize is refused, as by ssh"):
        server = start(workspace, host_kinds=["rsa"])
        for client in (ssh, glassh):
            result = workspace.run(client("-o", "RequiredRSASize=2049", *client_options(workspace, server), "127.0.0.1", "exit 7"))
            expect_equal((result.status, "Bad server host key: Invalid key length" in result.err), (255, True), result)
            result = workspace.run(client("-o", "RequiredRSASize=2048", *client_options(workspace, server), "127.0.0.1", "exit 7"))
            expect_equal(result.status, 7, result)
    with cases.case(f"{peer}: the user's own RSA key that is shorter is not tried, and a server that wants more refuses it"):
        for client in (ssh, glassh):
            options = client_options(workspace, server, key="rsa")
            result = workspace.run(client("-v", "-o", "HostKeyAlgorithms=rsa-sha2-512", "-o", "RequiredRSASize=2048", *options, "127.0.0.1", "exit 7"))
            expect_equal(result.status, 7, result)
        strict = start(workspace, ["RequiredRSASize 2049"], host_kinds=["ed25519", "rsa"])
        for client in (ssh, glassh):
            options = client_options(workspace, strict, key="rsa")
            result = workspace.run(client(*options, "127.0.0.1", "exit 7"))
            expect_equal(result.status, 255, result)
            result = workspace.run(client("-v", "-o", "RequiredRSASize=2049", *options, "127.0.0.1", "exit 7"))
            expect_equal((result.status, "Invalid key length" in result.err), (255, True), result)
        expect_log(strict, "refusing RSA key: Invalid key length")
        wait_until(lambda: re.search(r"[Hh]ost key .*: Invalid key length", strict.log()), "refused at the start", strict.log_tail)


def main():
    cases = Cases()
    with Workspace() as workspace:
        keys = Keys(workspace)
        settings = [f"HostKey {workspace.key('login')}"]
        # What the files say does not depend on the server; that it announces and proves its keys does.
        with cases.case("sshd starts and serves"):
            server = start_sshd(workspace, settings)
            same_files(cases, workspace, keys, server, "sshd", 100)
            several_files(cases, workspace, keys, server, "sshd")
            server.stop()
            server = start_sshd(workspace, [*settings, INSTEAD_OF_A_SHELL])
            asked(cases, workspace, keys, server, "sshd", (["yes"], ["perhaps", "", "YES"], ["no"], ["a", "b", "c"]))
        with cases.case("glasshd starts and serves"):
            server = start_glasshd(workspace, settings)
            same_files(cases, workspace, keys, server, "glasshd", 6)
            server.stop()
            server = start_glasshd(workspace, [*settings, INSTEAD_OF_A_SHELL])
            asked(cases, workspace, keys, server, "glasshd", (["yes"],))
        for peer, start in (("sshd", start_sshd), ("glasshd", start_glasshd)):
            short_rsa_keys(cases, workspace, peer, start)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
