"""Whom glassh trusts: the question at first contact, a key that has changed, and known_hosts files shared with OpenSSH."""

import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_sshd)
from peers.servers import HOST_KEY_KINDS
from peers.terminal import Terminal
from peers.workspace import our_program

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
        with cases.case(f"first contact, answered with {what}: {'accepted and remembered' if accepted else 'refused'} [4251-4.1-6]"):
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


def no_contact_without_proof(cases, workspace, server):
    """A setting that trusts only the keys that are known already."""
    with cases.case("StrictHostKeyChecking yes: an unknown key is refused without a question, a known one is not [4251-4.1-7]"):
        unknown = workspace.file("unknown", f"elsewhere {workspace.public_key('host-ed25519')}\n")
        for known_hosts, status in ((unknown, 255), (None, 7)):
            options = client_options(workspace, server, known_hosts=known_hosts, batch=False)
            with Terminal(glassh("-o", "StrictHostKeyChecking=yes", *options, "127.0.0.1", "echo the-command-ran; exit 7")) as terminal:
                expect_equal((terminal.end(), "the-command-ran" in terminal.text), (status, status == 7), terminal.text)
            expect(QUESTION not in terminal.text, terminal.text)
            expect_equal("you have requested strict checking" in terminal.text, status == 255, terminal.text)
        expect_equal(read(unknown), f"elsewhere {workspace.public_key('host-ed25519')}\n")


def same_question(cases, workspace, server):
    """What ssh and glassh ask, word by word."""
    key = workspace.public_key("host-ed25519", "ed25519")
    other_names = "a,b.example " + key + "\n" + "".join(f"host{number} {key}\n" for number in range(9))
    for what, known, flags in (
        ("a key that is not known at all", "", []),
        ("a key that is known under other names", other_names, []),
        ("a picture of the key", "", ["-o", "VisualHostKey=yes"]),
        ("a fingerprint by MD5", "", ["-o", "FingerprintHash=md5"]),
    ):
        with cases.case(f"{what}: glassh asks as ssh does"):
            questions = []
            for client in (ssh, glassh):
                known_hosts = workspace.file("asked", known)
                options = client_options(workspace, server, known_hosts=known_hosts, batch=False)
                with Terminal(client("-o", "HostKeyAlgorithms=ssh-ed25519", *flags, *options, "127.0.0.1", "exit 7")) as terminal:
                    terminal.answer(QUESTION, "yes")
                    expect_equal(terminal.end(), 7, terminal.text)
                begin = terminal.text.index("The authenticity")
                questions.append(terminal.text[begin:terminal.text.index(QUESTION)])
                expect_equal(read(known_hosts), known + server.known_hosts(["ed25519"]))
            expect_equal(questions[1], questions[0])
    with cases.case("whoever interrupts the question ends glassh by that signal, as ssh, so that a shell's loop ends too"):
        for client in (ssh, glassh):
            options = client_options(workspace, server, known_hosts=workspace.fresh("known_hosts"), batch=False)
            with Terminal(client(*options, "127.0.0.1", "exit 7")) as terminal:
                terminal.see(QUESTION)
                terminal.until_it_waits()
                terminal.type("\x03")
                expect_equal(terminal.end(), -signal.SIGINT, terminal.text)
    with cases.case("a picture is shown for a known key as well, as ssh shows it"):
        shown = []
        for client in (ssh, glassh):
            result = workspace.run(client("-o", "VisualHostKey=yes", *client_options(workspace, server), "127.0.0.1", "exit 6"))
            shown.append((result.status, [line for line in result.err.splitlines() if line]))
        expect_equal(shown[1], shown[0])


def changed_key(cases, workspace, server):
    host = f"[127.0.0.1]:{server.port}"
    for kind in HOST_KEY_KINDS:
        with cases.case(f"a changed {kind} host key is refused loudly, with file and line [4251-4.1-5] [4251-9.3.4-1] [4251-9.3.4-2]"):
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
    with cases.case("a known key of another type makes an unknown one a change, for ssh and for glassh"):
        known_hosts = workspace.file("other-type", f"{host} {workspace.public_key('other-rsa', 'rsa')}\n")
        for client in (ssh, glassh):
            result = workspace.run(client("-o", "HostKeyAlgorithms=ssh-ed25519",
                                          *client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1", "echo ran"))
            expect_equal((result.status, result.out), (255, b""), result)
            expect(f"Offending RSA key in {known_hosts}:1" in result.err, result)
    with cases.case("the command in the warning removes the key, and then it is a first contact"):
        known_hosts = workspace.file("with 'quotes'", f"elsewhere {workspace.public_key('other', 'ed25519')}\n"
                                                      f"{host} {workspace.public_key('other', 'ed25519')}\n")
        options = client_options(workspace, server, known_hosts=f"\"{known_hosts}\"")
        result = workspace.run(glassh(*options, "127.0.0.1", "exit 6"))
        command = re.search(r"^  (glassh-keygen -f .*)$", result.err, re.MULTILINE)
        expect(result.status == 255 and command, result)
        programs = os.path.dirname(our_program("glassh-keygen"))
        removed = workspace.run(["/bin/sh", "-c", command[1]], env={"PATH": programs + ":" + os.environ["PATH"]})
        expect_equal(removed.status, 0, removed)
        expect(host not in read(known_hosts) and "elsewhere" in read(known_hosts), read(known_hosts))
        result = workspace.run(glassh("-o", "StrictHostKeyChecking=accept-new", *options, "127.0.0.1", "exit 6"))
        expect_equal(result.status, 6, result)
    with cases.case("without checking a changed key is let pass, loudly, and not remembered: as ssh does it"):
        before = f"{host} {workspace.public_key('other', 'ed25519')}\n"
        for client in (ssh, glassh):
            known_hosts = workspace.file("not-checked", before)
            result = workspace.run(client("-o", "StrictHostKeyChecking=no", "-o", "PasswordAuthentication=yes",
                                          "-o", "KbdInteractiveAuthentication=yes", *client_options(workspace, server, known_hosts=known_hosts), "127.0.0.1", "exit 6"))
            expect_equal((result.status, read(known_hosts)), (6, before), result)
            for words in ("REMOTE HOST IDENTIFICATION HAS CHANGED!", "Password authentication is disabled to avoid",
                          "Keyboard-interactive authentication is disabled to avoid"):
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


def many_writers(cases, workspace, server):
    with cases.case("ssh and glassh add to one file at the same time, and each line is whole"):
        known_hosts = workspace.file("shared", "elsewhere " + workspace.public_key("other", "ed25519"))  # and no end
        options = client_options(workspace, server, known_hosts=known_hosts)
        running = [workspace.start(client("-o", "StrictHostKeyChecking=accept-new", "-o", f"HostKeyAlias=host{number}",
                                          "-o", "HostKeyAlgorithms=ssh-ed25519", *options, "127.0.0.1", "exit 6"),
                                   stderr=subprocess.DEVNULL)
                   for number, client in enumerate([ssh, glassh] * 8)]
        expect_equal([process.wait(60) for process in running], [6] * len(running))
        key = workspace.public_key("host-ed25519", "ed25519")
        wanted = [f"elsewhere {workspace.public_key('other', 'ed25519')}"] + [f"host{number} {key}" for number in range(16)]
        expect_equal(sorted(line for line in read(known_hosts).splitlines() if line), sorted(wanted))


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("sshd starts and serves"):
            server = start_sshd(workspace)
            first_contact(cases, workspace, server)
            no_contact_without_proof(cases, workspace, server)
            same_question(cases, workspace, server)
            changed_key(cases, workspace, server)
            many_writers(cases, workspace, server)
            hashed_names(cases, workspace, server)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
