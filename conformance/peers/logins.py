"""Passwords for glasshd, and OpenSSH's ssh on a terminal, whose questions are answered as a person would.

    server = start_with_passwords(workspace, "AuthenticationMethods publickey,password")
    Login(workspace, server, ["publickey", "password"], [(prompt(), PASSWORD)], key="ed25519").expect(42)
"""

import ctypes
import os

from peers.cases import expect, expect_equal
from peers.clients import client_options, ssh
from peers.servers import start_glasshd
from peers.terminal import Terminal
from peers.workspace import USER

PASSWORD = "s3cret: schön"

_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p


def crypt(password, rounds=1000):
    return _crypt(password.encode(), f"$6$rounds={rounds}$conformance$".encode()).decode()


def password_file(workspace, *lines):
    path = workspace.file(os.path.basename(workspace.fresh("passwords")), "".join(line + "\n" for line in lines))
    os.chmod(path, 0o600)
    return path


def start_with_passwords(workspace, *settings, line=None, flags=(), env=None):
    """glasshd with a PasswordFile of one line, and root let in where root runs the test."""
    path = password_file(workspace, line if line is not None else f"{USER}:{crypt(PASSWORD)}")
    return start_glasshd(workspace, [*settings, *with_passwords(path)], flags, env=env)


def with_passwords(path):
    return [f"PasswordFile {path}", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "PermitRootLogin yes"]


def flags(*methods, prompts=3):
    """ssh's options for these methods; the first value counts, so they stand in front."""
    options = {"PreferredAuthentications": ",".join(methods), "BatchMode": "no", "NumberOfPasswordPrompts": prompts,
               "PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "yes"}
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


class Login:
    """ssh on a terminal of its own; `answers` are pairs of a question's end and what is typed."""

    def __init__(self, workspace, server, methods, answers=(), user=USER, key=None, more=(), prompts=3, command="exit 42"):
        arguments = ssh(*flags(*methods, prompts=prompts), *more,
                        *client_options(workspace, server, user=user, key=key), "127.0.0.1", command)
        with Terminal(arguments) as terminal:
            for question, answer in answers:
                terminal.answer(question, answer)
            self.status = terminal.end()
            self.text = terminal.text

    def expect(self, status, *parts):
        expect_equal(self.status, status, self.text)
        for part in parts:
            expect(part in self.text, f"no '{part}' in what ssh showed:", self.text)


def prompt(user=USER):
    return f"{user}@127.0.0.1's password: "


def question(user=USER):
    return f"({user}@127.0.0.1) Password: "
