"""Whom glassh trusts: the question at first contact, a key that has changed, and known_hosts files shared with OpenSSH."""

import subprocess
import sys

sys.dont_write_bytecode = True

from peers import (Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_sshd)
from peers.servers import HOST_KEY_KINDS
from peers.terminal import Terminal

QUESTION = "(yes/no/[fingerprint])? "
AGAIN = "Please type 'yes', 'no' or the fingerprint: "


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def fingerprint(workspace, kind):
    shown = subprocess.run([find_program("ssh-keygen"), "-l", "-f", workspace.key("host-" + kind, kind) + ".pub"],
                           check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def first_contact(cases, workspace, server):
    right = fingerprint(workspace, "ed25519")
    for what, answers, accepted in (
        ("yes", ["yes"], True),
        ("YES after a word that is no answer", ["perhaps", "YES"], True),
        ("the fingerprint", [right], True),
        ("another fingerprint, then no", [right[:-1] + ("A" if right[-1] != "A" else "B"), "no"], False),
        ("no", ["no"], False),
    ):
        with cases.case(f"first contact, answered with {what}: {'accepted and remembered' if accepted else 'refused'}"):
            known_hosts = workspace.fresh("known_hosts")
            options = client_options(workspace, server, known_hosts=known_hosts, batch=False)
            with Terminal(glassh(*options, "127.0.0.1", "echo the-command-ran; exit 7")) as terminal:
                terminal.answer(QUESTION, answers[0])
                for answer in answers[1:]:
                    terminal.answer(AGAIN, answer)
                status = terminal.end()
            expect(f"ED25519 key fingerprint is {right}." in terminal.text, terminal.text)
            if accepted:
                expect_equal((status, "the-command-ran" in terminal.text), (7, True), terminal.text)
                expect_equal(read(known_hosts), server.known_hosts(["ed25519"]))
                result = workspace.run(glassh(*client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1",
                                              "exit 8"))
                expect_equal(result.status, 8, "the second login:", result)
            else:
                expect_equal((status, "the-command-ran" in terminal.text), (255, False), terminal.text)
                expect("Host key verification failed." in terminal.text, terminal.text)
    with cases.case("first contact without anybody to ask: refused"):
        result = workspace.run(glassh(*client_options(workspace, server, known_hosts="/dev/null"), "127.0.0.1", "echo ran"))
        expect_equal((result.status, result.out), (255, b""), result)
        expect("Host key verification failed." in result.err, result)


def changed_key(cases, workspace, server):
    host = f"[127.0.0.1]:{server.port}"
    for kind in HOST_KEY_KINDS:
        with cases.case(f"a changed {kind} host key is refused loudly, with file and line"):
            known_hosts = workspace.fresh("known_hosts")
            other = workspace.public_key("other-" + kind, kind)
            with open(known_hosts, "w", encoding="utf-8") as file:
                file.write(f"# some comment\nelsewhere.example {other}\n\n{host} {other}\n")
            for strict in ("yes", "ask", "accept-new"):
                result = workspace.run(glassh("-o", f"StrictHostKeyChecking={strict}",
                                              *client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1",
                                              "echo ran"))
                expect_equal((result.status, result.out), (255, b""), result)
                for words in ("REMOTE HOST IDENTIFICATION HAS CHANGED!", f"{known_hosts}:4", fingerprint(workspace, kind),
                              "Host key verification failed."):
                    expect(words in result.err, f"no '{words}' in:", result)
    with cases.case("a revoked host key is refused loudly, with file and line"):
        known_hosts = workspace.file("revoked", server.known_hosts() + "".join(
            f"@revoked * {workspace.public_key('host-' + kind, kind)}\n" for kind in HOST_KEY_KINDS))
        result = workspace.run(glassh(*client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1", "echo ran"))
        expect_equal((result.status, result.out), (255, b""), result)
        expect("REVOKED" in result.err and f"{known_hosts}:4" in result.err, result)


def hashed_names(cases, workspace, server):
    host = f"[127.0.0.1]:{server.port}"
    keygen = find_program("ssh-keygen")
    with cases.case("a known_hosts file that ssh-keygen -H hashed is understood by glassh"):
        known_hosts = workspace.file("hashed-by-openssh", server.known_hosts())
        expect_equal(workspace.run([keygen, "-H", "-f", known_hosts]).status, 0)
        expect(host not in read(known_hosts) and "|1|" in read(known_hosts), read(known_hosts))
        for kind, algorithm in (("ed25519", "ssh-ed25519"), ("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "rsa-sha2-512")):
            result = workspace.run(glassh("-o", f"HostKeyAlgorithms={algorithm}",
                                          *client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1", "exit 6"))
            expect_equal(result.status, 6, kind, result)
    for hashes in ("yes", "no"):
        with cases.case(f"a known_hosts file that glassh wrote (HashKnownHosts={hashes}) is understood by ssh and ssh-keygen"):
            known_hosts = workspace.fresh("known_hosts")
            options = client_options(workspace, server, known_hosts=known_hosts)
            result = workspace.run(glassh("-o", "StrictHostKeyChecking=accept-new", "-o", f"HashKnownHosts={hashes}", *options,
                                          "127.0.0.1", "exit 5"))
            expect_equal(result.status, 5, result)
            expect_equal((host in read(known_hosts), "|1|" in read(known_hosts)), (hashes == "no", hashes == "yes"))
            result = workspace.run(ssh(*options, "127.0.0.1", "exit 6"))
            expect_equal(result.status, 6, result)
            found = workspace.run([keygen, "-F", host, "-f", known_hosts])
            expect_equal((found.status, b"found: line 1" in found.out), (0, True), found)


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("sshd starts and serves"):
            server = start_sshd(workspace)
            first_contact(cases, workspace, server)
            changed_key(cases, workspace, server)
            hashed_names(cases, workspace, server)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
