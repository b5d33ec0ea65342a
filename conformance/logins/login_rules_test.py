"""Logins that must fail, tried by a client made by hand: RFC 4251 sections 4.5 and 9.4.3, and RFC 4252 section 5.

Every attempt here is right but for one thing, and the same attempt without that thing logs in.
"""

import base64
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, expect, expect_equal, expect_log, start_glasshd
from peers.cases import Failure
from peers.logins import PASSWORD, crypt, password_file, with_passwords
from peers.raw_client import DISCONNECT, USERAUTH_FAILURE, RawClient, string, u32, userauth_request
from peers.raw_server import USERAUTH_SUCCESS, SigningKey

NOBODY = "nobody-of-that-name"
USERAUTH_PK_OK = INFO_REQUEST = 60
INFO_RESPONSE = 61
KEY, STRANGER = SigningKey(bytes(32)), SigningKey(bytes([1] * 32))


class Door:
    """A glasshd for whose user, and for a name without a user, there are a password and a key."""

    def __init__(self, workspace, *settings):
        lines = [f"{name}:{crypt(PASSWORD)}" for name in (USER, NOBODY)]
        listed = base64.b64encode(KEY.blob()).decode()
        keys = workspace.file(os.path.basename(workspace.fresh("keys")), f"ssh-ed25519 {listed}\n")
        self.server = start_glasshd(workspace, [*settings, f"AuthorizedKeysFile {keys}", "MaxAuthTries 100",
                                                *with_passwords(password_file(workspace, *lines))])

    def client(self):
        return RawClient(self.server.port).exchange_keys().ask_for_userauth()

    def lets_in(self, attempt, *arguments, **options):
        with self.client() as client:
            return attempt(client, *arguments, **options)


def answer(client):
    """Whether it is SUCCESS; None if it is a question. FAILURE and DISCONNECT are a no."""
    outcomes = {USERAUTH_SUCCESS: True, USERAUTH_FAILURE: False, DISCONNECT: False, INFO_REQUEST: None}
    while (payload := client.receive()) is not None:
        if payload[0] in outcomes:
            return outcomes[payload[0]]
    raise Failure("the connection ended without a word")


def password(client, user, word=PASSWORD.encode()):
    client.send(userauth_request(b"password", b"\0" + string(word), user=user))
    return answer(client)


def interactive(client, user, word=PASSWORD.encode()):
    client.send(userauth_request(b"keyboard-interactive", string(b"") + string(b""), user=user))
    if answer(client) is None:
        client.send(bytes([INFO_RESPONSE]) + u32(1) + string(word))
        return answer(client)
    return False


def public_key(client, user, key=KEY, signer=None, session_id=None, signed_user=None, service=b"ssh-connection", flip=False):
    """RFC 4252 section 7: the signature covers the session identifier and the request."""
    fields = b"\1" + string(b"ssh-ed25519") + string(key.blob())
    request = userauth_request(b"publickey", fields, user=user)
    signed = userauth_request(b"publickey", fields, user=signed_user or user, service=service)
    signature = (signer or key).sign(string(session_id or client.session_id) + signed)
    if flip:
        signature = bytes([signature[0] ^ 1]) + signature[1:]
    client.send(request + string(string(b"ssh-ed25519") + string(signature)))
    return answer(client)


METHODS = {"a password": password, "an answer": interactive, "a key": public_key}


def names(cases, door):
    user = USER.encode()
    for what, attempt in METHODS.items():
        with cases.case(f"a user's name counts byte for byte, with {what} [4251-4.5-3]"):
            expect(door.lets_in(attempt, user), "the user is not let in", door.server.log_tail)
            for name in (user.upper(), user.capitalize(), user + b" ", b" " + user, user + b"\n", user[:-1], user + b"\xcc\x81"):
                expect_equal(door.lets_in(attempt, name), False, name)
        with cases.case(f"a user who does not exist is not let in, with {what} that is right for that name [4252-5-10]"):
            expect_equal(door.lets_in(attempt, NOBODY.encode()), False, door.server.log_tail)
            expect_log(door.server, f"Invalid user {NOBODY} from 127.0.0.1 port ")
    with cases.case("a user's name with a NUL is another name [4251-4.5-3]"):
        for name in (user + b"\0", user + b"\0x", b"\0" + user):
            expect_equal(door.lets_in(password, name), False, name)


def proofs(cases, door):
    user = USER.encode()
    with cases.case("a password that is not the user's proves nothing [4251-9.4.3-1]"):
        for word in (b"", PASSWORD.encode() + b" ", PASSWORD.encode().upper(), PASSWORD.encode()[:-1]):
            expect_equal((door.lets_in(password, user, word), door.lets_in(interactive, user, word)), (False, False), word)
    for what, options in (
        ("a key that is not listed", {"key": STRANGER}),
        ("a listed key, and another key's signature", {"signer": STRANGER}),
        ("a signature of another session", {"session_id": bytes(32)}),
        ("a signature for another user", {"signed_user": b"somebody"}),
        ("a signature for another service", {"service": b"ssh-userauth"}),
        ("a signature with one bit that is wrong", {"flip": True}),
    ):
        with cases.case(f"{what} proves nothing [4251-9.4.3-1]"):
            expect_equal(door.lets_in(public_key, user, **options), False, door.server.log_tail)
    with cases.case("a key that is asked about and not used proves nothing [4251-9.4.3-1]"), door.client() as client:
        client.send(userauth_request(b"publickey", b"\0" + string(b"ssh-ed25519") + string(KEY.blob()), user=user))
        client.receive_until(USERAUTH_PK_OK)
        client.send(userauth_request(b"none", b"", user=user))
        expect_equal(answer(client), False)
        expect(public_key(client, user), door.server.log_tail)


def policies(cases, workspace):
    everything = {what: False for what in METHODS}
    table = [
        (f"DenyUsers {USER}", everything), ("AllowUsers somebody-else", everything), (f"AllowUsers {USER}@192.0.2.1", everything),
        ("DenyGroups *", everything), ("AllowGroups no-such-group", everything),
        ("PasswordAuthentication no", {**dict.fromkeys(METHODS, True), "a password": False}),
        ("KbdInteractiveAuthentication no", {**dict.fromkeys(METHODS, True), "an answer": False}),
        ("PubkeyAuthentication no", {**dict.fromkeys(METHODS, True), "a key": False}),
        ("AuthenticationMethods publickey,password", everything),
    ]
    if os.getuid() == 0:
        table += [("PermitRootLogin no", everything),
                  ("PermitRootLogin prohibit-password", {**everything, "a key": True})]
    for setting, expected in table:
        with cases.case(f"{setting}: a user with all proofs gets in only as that says [4251-9.4.3-2] [4251-9.4.3-3]"):
            door = Door(workspace, setting)
            allowed = {what: door.lets_in(attempt, USER.encode()) for what, attempt in METHODS.items()}
            expect_equal(allowed, expected, door.server.log_tail)
            door.server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        door = Door(workspace)
        names(cases, door)
        proofs(cases, door)
        policies(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
