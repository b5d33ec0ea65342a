"""How glassh logs in: passwords, questions, passphrases and agents, against Debian's sshd and against glasshd.

Where OpenSSH's ssh can be asked the same, both stand side by side: the same answers on a pseudo-terminal must give the same
screen. Passwords are those of a user made for the test, which takes root; without root glasshd's PasswordFile has them.
"""

import ctypes
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (USER, Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd,
                   start_sshd, wait_until)
from peers.account import Account
from peers.terminal import Terminal

PASSWORD = "correct horse"
PASSPHRASE = "open sesame"
STATUS = 42
COMMAND = f"exit {STATUS}"


def options(**values):
    """-o flags; they stand in front, where they win."""
    return [part for name, value in values.items() for part in ("-o", f"{name}={value}")]


def asking(**values):
    return options(BatchMode="no", PasswordAuthentication="yes", KbdInteractiveAuthentication="yes", **values)


class Scene:
    """A server, who logs in there, and with which key if any."""

    def __init__(self, workspace, server, user=USER, key=None):
        self.workspace, self.server, self.user, self.key = workspace, server, user, key

    def arguments(self, client, *flags):
        return client(*flags, *client_options(self.workspace, self.server, user=self.user, key=self.key), "127.0.0.1", COMMAND)

    def at_terminal(self, client, dialogue, *flags, env=None):
        """The exit status and the screen, for these questions and answers."""
        with Terminal(self.arguments(client, *flags), env=env) as terminal:
            for question, answer in dialogue:
                terminal.answer(question, answer)
            return terminal.end(), terminal.text

    def run(self, client, *flags, env=None):
        return self.workspace.run(self.arguments(client, *flags), env=env)


def expect_same(scene, dialogue, *flags, status=STATUS):
    ours = scene.at_terminal(glassh, dialogue, *flags)
    expect_equal(ours[0], status, ours[1], scene.server.log_tail)
    theirs = scene.at_terminal(ssh, dialogue, *flags)
    expect_equal(ours[1], theirs[1], scene.server.log_tail)


def expect_login(result, *details, status=STATUS):
    expect_equal(result.status, status, result, *details)


# --- passwords ------------------------------------------------------------------------------------------------------


def passwords(cases, scene, name):
    question = f"{scene.user}@127.0.0.1's password: "
    only = asking(PreferredAuthentications="password")
    with cases.case(f"{name}: a password logs in"):
        expect_same(scene, [(question, PASSWORD)], *only)
    with cases.case(f"{name}: a wrong one may be typed again"):
        expect_same(scene, [(question, "wrong"), (question, ""), (question, PASSWORD)], *only)
    with cases.case(f"{name}: three wrong ones end it"):
        expect_same(scene, [(question, "wrong")] * 3, *only, status=255)
    with cases.case(f"{name}: one wrong one ends it with NumberOfPasswordPrompts=1"):
        expect_same(scene, [(question, "wrong")], *only, *options(NumberOfPasswordPrompts=1), status=255)
    with cases.case(f"{name}: BatchMode asks nobody"):
        flags = asking(PreferredAuthentications="password,keyboard-interactive")
        flags = options(BatchMode="yes") + flags
        expect_same(scene, [], *flags, status=255)
    with cases.case(f"{name}: the trace and -vvv show everything but the password"):
        trace = scene.workspace.fresh("trace")
        status, screen = scene.at_terminal(glassh, [(question, PASSWORD)], *only, "-vvv", "--trace", trace)
        expect_equal(status, STATUS, screen)
        with open(trace, encoding="utf-8") as file:
            text = file.read()
        expect("PasswordRequest" in text or "password" in text, text[-3000:])
        for shown, where in ((text, "the trace"), (screen, "the screen")):
            for secret in (PASSWORD, PASSWORD.encode().hex(), PASSWORD.encode().hex(" ")):
                expect(secret not in shown, f"{where} has '{secret}'", shown[-3000:])


def windows(cases, scene, name):
    """SSH_ASKPASS, with nobody at a terminal."""
    only = asking(PreferredAuthentications="password")
    asked = scene.workspace.fresh("asked")
    script = scene.workspace.file(os.path.basename(scene.workspace.fresh("askpass")),
                                  f"#!/bin/sh\necho \"$1\" >> {asked}\necho '{PASSWORD}'\n")
    os.chmod(script, 0o700)
    with cases.case(f"{name}: SSH_ASKPASS answers where it is forced"):
        result = scene.run(glassh, *only, env={"SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "force"})
        expect_login(result)
        with open(asked, encoding="utf-8") as file:
            expect_equal(file.read(), f"{scene.user}@127.0.0.1's password: \n")
    with cases.case(f"{name}: and in front of a terminal if it is preferred"):
        env = {"SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "prefer", "DISPLAY": ":0"}
        status, screen = scene.at_terminal(glassh, [], *only, env=env)
        expect_equal((status, screen), (STATUS, ""))
    with cases.case(f"{name}: but not where it must never be"):
        env = {"SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "never", "DISPLAY": ":0"}
        status, screen = scene.at_terminal(glassh, [("password: ", PASSWORD)], *only, env=env)
        expect_equal(status, STATUS, screen)


def questions(cases, scene, name):
    question = f"({scene.user}@127.0.0.1) Password: "
    only = asking(PreferredAuthentications="keyboard-interactive")
    with cases.case(f"{name}: keyboard-interactive asks the server's question"):
        expect_same(scene, [(question, PASSWORD)], *only)
    with cases.case(f"{name}: and again when the answer was wrong"):
        expect_same(scene, [(question, "wrong"), (question, PASSWORD)], *only)


def several(cases, scene, name):
    question = f"{scene.user}@127.0.0.1's password: "
    with cases.case(f"{name}: a key and then a password"):
        expect_same(scene, [(question, PASSWORD)], *asking())
    with cases.case(f"{name}: the key alone is not enough"):
        result = scene.run(glassh, *options(BatchMode="yes"))
        expect_equal(result.status, 255, result)
        expect("Permission denied (password)." in result.err, result)


# --- keys with a passphrase -----------------------------------------------------------------------------------------


def passphrases(cases, workspace, server, name):
    locked = workspace.fresh("locked")
    authorized = workspace.key("user-ed25519")
    workspace.run([find_program("cp"), authorized, locked])
    os.chmod(locked, 0o600)
    changed = workspace.run([find_program("ssh-keygen"), "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", locked])
    expect_equal(changed.status, 0, changed)
    question = f"Enter passphrase for key '{locked}': "
    scene = Scene(workspace, server, key=locked)
    keys = options(BatchMode="no", PreferredAuthentications="publickey")
    with cases.case(f"{name}: a passphrase opens the key"):
        expect_same(scene, [(question, PASSPHRASE)], *keys)
    with cases.case(f"{name}: a wrong one may be typed again"):
        expect_same(scene, [(question, "wrong"), (question, PASSPHRASE)], *keys)
    with cases.case(f"{name}: after three wrong ones it is over"):
        expect_same(scene, [(question, "wrong")] * 3, *keys, status=255)
    with cases.case(f"{name}: BatchMode does not ask for it"):
        expect_same(scene, [], *options(BatchMode="yes"), status=255)
    with cases.case(f"{name}: a key that the server would not take is not opened"):
        stranger = workspace.fresh("stranger")
        workspace.run([find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", stranger])
        expect_same(Scene(workspace, server, key=stranger), [], *keys, status=255)
    return locked


# --- agents ---------------------------------------------------------------------------------------------------------


class Agent:
    def __init__(self, workspace):
        self.workspace = workspace
        self.socket = workspace.fresh("agent.sock")
        self.process = workspace.start([find_program("ssh-agent"), "-D", "-a", self.socket], stdout=open(os.devnull, "wb"))
        wait_until(lambda: os.path.exists(self.socket), "the agent listens")

    def add(self, *arguments):
        result = self.workspace.run([find_program("ssh-add"), "-q", *arguments], env={"SSH_AUTH_SOCK": self.socket})
        expect_equal(result.status, 0, result)

    def list(self):
        return self.workspace.run([find_program("ssh-add"), "-L"], env={"SSH_AUTH_SOCK": self.socket}).out.decode()


def agents(cases, workspace, server, name, locked):
    agent = Agent(workspace)
    nokey = Scene(workspace, server)
    free = options(IdentitiesOnly="no", IdentityAgent=agent.socket, IdentityFile="none")
    for kind in ("ed25519", "ecdsa", "rsa"):
        with cases.case(f"{name}: the agent's {kind} key logs in"):
            agent.add("-D")
            agent.add(workspace.key("user-" + kind, kind))
            expect_login(nokey.run(glassh, *free), server.log_tail)
    with cases.case(f"{name}: SSH_AUTH_SOCK and $NAME lead to it"):
        for value, env in (("SSH_AUTH_SOCK", {"SSH_AUTH_SOCK": agent.socket}), ("$OTHER", {"OTHER": agent.socket})):
            flags = options(IdentitiesOnly="no", IdentityAgent=value, IdentityFile="none")
            expect_login(nokey.run(glassh, *flags, env=env))
    with cases.case(f"{name}: with IdentitiesOnly its other keys are not used"):
        result = nokey.run(glassh, *options(IdentitiesOnly="yes"), *free)
        expect_equal(result.status, 255, result)
    with cases.case(f"{name}: a .pub file selects its key"):
        alone = workspace.file(os.path.basename(workspace.fresh("selected.pub")), workspace.public_key("user-rsa", "rsa") + "\n")
        scene = Scene(workspace, server, key=alone)
        expect_login(scene.run(glassh, *options(IdentityAgent=agent.socket, IdentitiesOnly="yes")), server.log_tail)
    with cases.case(f"{name}: keys that a file names come first"):
        agent.add("-D")
        stranger = workspace.key("stranger")
        agent.add(stranger)
        agent.add(workspace.key("user-ed25519"))
        scene = Scene(workspace, server, key="ed25519")
        result = scene.run(glassh, "-v", *options(IdentitiesOnly="no", IdentityAgent=agent.socket))
        expect_login(result)
        order = re.findall(r"Will attempt key: (\S+)", result.err)
        expect_equal(order, [workspace.key("user-ed25519"), "stranger"], result)
    with cases.case(f"{name}: AddKeysToAgent adds what was opened"):
        agent.add("-D")
        scene = Scene(workspace, server, key=locked)
        flags = options(BatchMode="no", IdentityAgent=agent.socket, AddKeysToAgent="yes")
        expect_equal(scene.at_terminal(glassh, [("Enter passphrase", PASSPHRASE)], *flags)[0], STATUS, server.log_tail)
        expect(workspace.public_key("user-ed25519") in agent.list(), agent.list)
        # And now nobody is asked any more.
        expect_login(scene.run(glassh, *options(IdentityAgent=agent.socket)))
    with cases.case(f"{name}: without AddKeysToAgent it adds nothing"):
        agent.add("-D")
        flags = options(BatchMode="no", IdentityAgent=agent.socket)
        scene.at_terminal(glassh, [("Enter passphrase", PASSPHRASE)], *flags)
        expect("ssh-ed25519" not in agent.list(), agent.list)


# --- the servers ----------------------------------------------------------------------------------------------------


def against_sshd_with_passwords(cases):
    """Needs root: the passwords are an account's of this machine."""
    with Workspace() as workspace, Account(PASSWORD) as account:
        account.authorize(workspace.public_key("user-ed25519"))
        common = ["AuthorizedKeysFile .ssh/authorized_keys"]
        server = start_sshd(workspace, ["PasswordAuthentication yes", *common])
        scene = Scene(workspace, server, account.name)
        passwords(cases, scene, "sshd")
        windows(cases, scene, "sshd")
        with cases.case("sshd: PreferredAuthentications puts the password in front of a key that would do"):
            scene = Scene(workspace, server, account.name, "ed25519")
            question = f"{account.name}@127.0.0.1's password: "
            expect_same(scene, [(question, PASSWORD)], *asking(PreferredAuthentications="password,publickey"))
            expect_same(scene, [], *asking(PreferredAuthentications="publickey,password"))
        server = start_sshd(workspace, ["UsePAM yes", "KbdInteractiveAuthentication yes", *common])
        questions(cases, Scene(workspace, server, account.name), "sshd with PAM")
        server = start_sshd(workspace, ["PasswordAuthentication yes", "AuthenticationMethods publickey,password", *common])
        several(cases, Scene(workspace, server, account.name, "ed25519"), "sshd")


def crypt(password):
    function = ctypes.CDLL("libcrypt.so.1").crypt
    function.restype = ctypes.c_char_p
    return function(password.encode(), b"$6$rounds=1000$conformance$").decode()


def against_glasshd_with_passwords(cases):
    with Workspace() as workspace:
        path = workspace.file(os.path.basename(workspace.fresh("passwords")), f"{USER}:{crypt(PASSWORD)}\n")
        os.chmod(path, 0o600)
        common = [f"PasswordFile {path}", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "PermitRootLogin yes"]
        server = start_glasshd(workspace, common)
        scene = Scene(workspace, server)
        passwords(cases, scene, "glasshd")
        questions(cases, scene, "glasshd")
        server = start_glasshd(workspace, ["AuthenticationMethods publickey,password", *common])
        several(cases, Scene(workspace, server, key="ed25519"), "glasshd")


def encodings(cases):
    """glassh sends UTF-8, whatever the terminal's encoding is; glasshd compares the bytes."""
    password = "g\u00e4stezimmer"
    with Workspace() as workspace:
        path = workspace.file(os.path.basename(workspace.fresh("passwords")), f"{USER}:{crypt(password)}\n")
        os.chmod(path, 0o600)
        server = start_glasshd(workspace, [f"PasswordFile {path}", "PasswordAuthentication yes",
                                           "KbdInteractiveAuthentication yes", "PermitRootLogin yes"])
        scene = Scene(workspace, server)
        locales = workspace.fresh("locales")
        os.mkdir(locales)
        made = workspace.run([find_program("localedef"), "--no-archive", "-c", "-i", "en_US", "-f", "ISO-8859-1", f"{locales}/latin"])
        expect(os.path.isdir(f"{locales}/latin"), made)
        for locale, typed in (("latin", password.encode("latin-1")), ("C.UTF-8", password.encode())):
            for method, question, rule in (("password", f"{USER}@127.0.0.1's password: ", "[4252-8-3]"),
                                           ("keyboard-interactive", "Password: ", "[4256-3.4-2]")):
                with cases.case(f"{method}: what is typed in the encoding of {locale} is sent in UTF-8 {rule}"):
                    env = {"LC_ALL": locale} | ({"LOCPATH": locales} if locale == "latin" else {})
                    status, screen = scene.at_terminal(glassh, [(question, typed)], *asking(PreferredAuthentications=method), env=env)
                    expect_equal(status, STATUS, screen, server.log_tail)


def with_keys(cases):
    with Workspace() as workspace:
        for name, server in (("sshd", start_sshd(workspace)), ("glasshd", start_glasshd(workspace, ["PermitRootLogin yes"]))):
            locked = passphrases(cases, workspace, server, name)
            agents(cases, workspace, server, name, locked)


def main():
    cases = Cases()
    with_keys(cases)
    against_glasshd_with_passwords(cases)
    encodings(cases)
    if os.getuid() == 0:
        against_sshd_with_passwords(cases)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
