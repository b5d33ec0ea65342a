"""Passwords: OpenSSH's ssh on a pseudo-terminal against glasshd, and a client made by hand.

The passwords are in a PasswordFile, whose hashes the system's libcrypt makes; ssh's prompts are answered as a person would.
"""

import base64
import contextlib
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, expect_log, ssh, start_glasshd, wait_until
from peers.logins import PASSWORD, Login, crypt, flags, password_file, prompt, question, start_with_passwords, with_passwords
from peers.raw_client import USERAUTH_FAILURE, RawClient, string, u32, userauth_request
from peers.servers import UNTRACED
from peers.workspace import our_program

NOBODY = "nobody-of-that-name"
INFO_REQUEST, INFO_RESPONSE = 60, 61
EXHAUSTED = "Too many authentication failures"


# --- one method -----------------------------------------------------------------------------------------------------


def single_methods(cases, workspace):
    server = start_with_passwords(workspace)
    with cases.case("the right password logs in"):
        Login(workspace, server, ["password"], [(prompt(), PASSWORD)]).expect(42)
        expect_log(server, f"Accepted password for {USER} from 127.0.0.1 port ")
    with cases.case("a wrong one is asked for again, and the right one then logs in"):
        login = Login(workspace, server, ["password"], [(prompt(), "wrong"), (prompt(), ""), (prompt(), PASSWORD)])
        login.expect(42, "Permission denied, please try again.")
        expect_log(server, f"Failed password for {USER} from 127.0.0.1 port ")
    with cases.case("three wrong ones are enough for ssh, which lists what the server takes"):
        Login(workspace, server, ["password"], [(prompt(), word) for word in ("a", "b", "c")]).expect(
            255, f"{USER}@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).")
    with cases.case("keyboard-interactive asks for the password"):
        Login(workspace, server, ["keyboard-interactive"], [(question(), "wrong"), (question(), PASSWORD)]).expect(42)
        expect_log(server, f"Postponed keyboard-interactive for {USER} from", f"Failed keyboard-interactive for {USER} from",
                   f"Accepted keyboard-interactive for {USER} from")
    with cases.case("a user who does not exist sees the same questions and the same end"):
        for methods, ask in ((["password"], prompt), (["keyboard-interactive"], question)):
            nobody = Login(workspace, server, methods, [(ask(NOBODY), PASSWORD)] * 3, user=NOBODY)
            ours = Login(workspace, server, methods, [(ask(), "wrong")] * 3)
            expect_equal(nobody.text.replace(NOBODY, USER), ours.text)
            expect_equal(nobody.status, ours.status)
        expect_log(server, f"Invalid user {NOBODY} from 127.0.0.1 port ", f"Failed password for invalid user {NOBODY} from",
                   f"Failed keyboard-interactive for invalid user {NOBODY} from")
    with cases.case("SSH_ASKPASS may answer, too"):
        script = workspace.file("askpass", f"#!/bin/sh\nprintf '%s\\n' '{PASSWORD}'\n")
        os.chmod(script, 0o700)
        result = workspace.run(ssh(*flags("password"), *client_options(workspace, server, key=None), "127.0.0.1", "exit 42"),
                               env={"SSH_ASKPASS": script, "SSH_ASKPASS_REQUIRE": "force"})
        expect_equal(result.status, 42, result)
    with cases.case("no password is in the log or in the trace"):
        trace = workspace.fresh("trace")
        path = password_file(workspace, f"{USER}:{crypt(PASSWORD)}")
        traced = start_glasshd(workspace, with_passwords(path), flags=["--trace", trace], level="DEBUG3")
        Login(workspace, traced, ["password"], [(prompt(), "wr0ng-one"), (prompt(), PASSWORD)]).expect(42)
        Login(workspace, traced, ["keyboard-interactive"], [(question(), PASSWORD)]).expect(42)
        traced.stop()
        with open(trace, encoding="utf-8", errors="replace") as file:
            text = file.read() + traced.log()
        expect("SSH_MSG_USERAUTH_INFO_RESPONSE" in text, "the trace has no answer")
        for secret in (PASSWORD, "wr0ng-one", PASSWORD.encode().hex(), b"wr0ng-one".hex(" "), "$6$rounds"):
            expect(secret not in text, f"'{secret}' is in the trace or in the log")


def stored_passwords(cases, workspace):
    # Past vulnerability 8: what is no hash fits no password.
    for what, stored in (("an empty hash", ""), ("a locked account", "!" + crypt(PASSWORD)), ("an account without a password", "*"),
                         ("a hash that crypt(3) does not know", "$99$what$ever"), ("a line with too many fields", crypt(PASSWORD) + ":1:2")):
        with cases.case(f"{what}: no password logs in"):
            server = start_with_passwords(workspace, line=f"{USER}:{stored}")
            answers = [(prompt(), word) for word in (PASSWORD, "", stored)]
            Login(workspace, server, ["password"], answers).expect(255, "Permission denied (publickey,password,keyboard-interactive).")
            server.stop()
    with cases.case("a line that glassh-keygen --password wrote logs in"):
        made = workspace.run([our_program("glassh-keygen"), "--password", USER, "-N", PASSWORD])
        expect_equal(made.status, 0, made)
        server = start_with_passwords(workspace, line=made.out.decode().rstrip("\n"))
        Login(workspace, server, ["password"], [(prompt(), "wrong"), (prompt(), PASSWORD)]).expect(42)
    with cases.case("PermitEmptyPasswords lets in whose password is empty, without a question"):
        server = start_with_passwords(workspace, "PermitEmptyPasswords yes", line=f"{USER}:")
        Login(workspace, server, ["password"]).expect(42)
        expect_log(server, f"Accepted none for {USER} from")
        Login(workspace, server, ["password"], [(prompt(NOBODY), "")] * 3, user=NOBODY).expect(255, "Permission denied")
    with cases.case("with PermitEmptyPasswords, other passwords still have to be right"):
        server = start_with_passwords(workspace, "PermitEmptyPasswords yes")
        Login(workspace, server, ["password"], [(prompt(), ""), (prompt(), PASSWORD)]).expect(42)
    with cases.case("a password file that others may read is not used, and the log says how to mend it"):
        server = start_with_passwords(workspace)
        path = [word for word in open(server.process.args[-1], encoding="utf-8").read().split() if "passwords" in word][0]
        os.chmod(path, 0o644)
        Login(workspace, server, ["password"], [(prompt(), PASSWORD)], prompts=1).expect(255)
        expect_log(server, f"{path} has mode 0644: others may read or write it. Correct it with: chmod 600 {path}")
        os.chmod(path, 0o600)
        Login(workspace, server, ["password"], [(prompt(), PASSWORD)]).expect(42)


# --- how often ------------------------------------------------------------------------------------------------------


def tries(cases, workspace):
    with cases.case("MaxAuthTries 2: the second wrong password is the last"):
        server = start_with_passwords(workspace, "MaxAuthTries 2")
        login = Login(workspace, server, ["password"], [(prompt(), "a"), (prompt(), "b")])
        login.expect(255, "Permission denied, please try again.", f"Received disconnect from 127.0.0.1 port {server.port}:14: {EXHAUSTED}")
        expect_log(server, f"maximum authentication attempts exceeded for {USER} from 127.0.0.1 port ", f"{EXHAUSTED} [preauth]")
    with cases.case("a key that is refused and a password count alike"):
        login = Login(workspace, server, ["publickey", "password"], [(prompt(), "a")], key=workspace.key("stranger"))
        login.expect(255, EXHAUSTED)
    with cases.case("a user who does not exist gets as many"):
        Login(workspace, server, ["password"], [(prompt(NOBODY), "a"), (prompt(NOBODY), "b")], user=NOBODY).expect(255, EXHAUSTED)
        expect_log(server, f"maximum authentication attempts exceeded for invalid user {NOBODY} from 127.0.0.1 port ")


# --- what no proper client says ---------------------------------------------------------------------------------------


def password_fields(password, change=None):
    fields = (b"\0" if change is None else b"\1") + string(password)
    return fields + (string(change) if change is not None else b"")


def by_hand(cases, workspace):
    server = start_with_passwords(workspace, "MaxAuthTries 100", "PermitEmptyPasswords yes")
    user = USER.encode()

    def connect():
        return RawClient(server.port).exchange_keys().ask_for_userauth()

    # Past vulnerability 99, SSHamble's checks.
    with cases.case("a change of password is refused, whatever the old and the new one are"), connect() as client:
        for old, new in ((b"", b""), (b"\0", b"\0"), (PASSWORD.encode(), b"new"), (PASSWORD.encode(), PASSWORD.encode())):
            client.send(userauth_request(b"password", password_fields(old, new), user=user))
            failure = client.receive_until(USERAUTH_FAILURE)
            expect_equal(failure[-1], 0, "partial success")
    with cases.case("a password with something behind a NUL is another password"), connect() as client:
        for word in (PASSWORD.encode() + b"\0", PASSWORD.encode() + b"\0x"):
            client.send(userauth_request(b"password", password_fields(word), user=user))
            client.receive_until(USERAUTH_FAILURE)
    # Past vulnerability 20: nobody gets as far as hashing it. 30 KB, which a packet may have, are in timing().
    with cases.case("a password of 1 MB ends the connection"), connect() as client:
        client.send(userauth_request(b"password", u32(0) + bytes(100), user=user), packet_length=1 << 20)
        reason, text = client.disconnect()
        expect("packet_length is 1048576" in text, reason, text)
    # Past vulnerability 19: the same answer to what is malformed, whoever it is for.
    with cases.case("malformed requests get the same answer for every user"):
        texts = set()
        for name in (user, NOBODY.encode()):
            with connect() as client:
                client.send(userauth_request(b"none", b"", user=name))
                client.receive_until(USERAUTH_FAILURE)
                client.send(userauth_request(b"publickey", b"\1" + string(b"ssh-ed25519") + u32(60) + b"short", user=name))
                texts.add(client.disconnect())
        expect_equal(len(texts), 1, texts)


def rank(first, second):
    """How often one of the first is larger than one of the second, ties half: 0.5 if they are drawn from the same."""
    larger = sum((a > b) + (a == b) / 2 for a in first for b in second)
    return larger / (len(first) * len(second))


def milliseconds(times):
    return f"{statistics.median(times) * 1000:.1f} ms"


def timing(cases, workspace):
    """Past vulnerabilities 18 and 19. Tries for two users take turns, so that what else the machine does meets both alike;
    and not times are judged, but whether the ones tend to be larger than the others. strace(1) would add the time of calls that
    glasshd makes meanwhile, so it does not run here."""
    server = start_with_passwords(workspace, "MaxAuthTries 20", "MaxStartups 500", line=f"{USER}:{crypt(PASSWORD, rounds=100000)}",
                                 env=UNTRACED)

    def measure(count, *tries):
        """The times of each kind of try, which is a function of a connection; 10 tries per connection. The kinds take turns
        in connecting first, too: the server's threads get the connections in their order, and one may be on a busier core."""
        times = [[] for _ in tries]
        kinds = list(zip(tries, times, (USER, NOBODY)))
        for _ in range(count // 10):
            kinds.reverse()
            with contextlib.ExitStack() as stack:
                turns = []
                for attempt, list_of, user in kinds:
                    client = stack.enter_context(RawClient(server.port)).exchange_keys().ask_for_userauth()
                    # The first request costs a look at the user's settings.
                    client.send(userauth_request(b"none", b"", user=user.encode()))
                    client.receive_until(USERAUTH_FAILURE)
                    turns.append((client, attempt, list_of))
                for _ in range(10):
                    turns.reverse()
                    for client, attempt, list_of in turns:
                        list_of.append(attempt(client))
        return times

    def answer_time(client, payload):
        """From the moment when all of it is sent."""
        client.send(payload)
        begun = time.monotonic()
        client.receive_until(USERAUTH_FAILURE)
        return time.monotonic() - begun

    def password_try(user, word=b"wrong"):
        return lambda client: answer_time(client, userauth_request(b"password", password_fields(word), user=user))

    def question_try(user):
        def attempt(client):
            client.send(userauth_request(b"keyboard-interactive", string(b"") + string(b""), user=user))
            client.receive_until(INFO_REQUEST)
            return answer_time(client, bytes([INFO_RESPONSE]) + u32(1) + string(b"wrong"))
        return attempt

    def key_try(user):
        blob = string(base64.b64decode(workspace.public_key("stranger").split()[1]))
        payload = userauth_request(b"publickey", b"\0" + string(b"ssh-ed25519") + blob, user=user)
        return lambda client: answer_time(client, payload)

    for count, what, attempt in ((200, "wrong passwords", password_try), (60, "wrong answers", question_try),
                                 (100, "keys that are not listed", key_try)):
        ours, nobodys = measure(count, attempt(USER.encode()), attempt(NOBODY.encode()))
        shown = f"{milliseconds(ours)} for a user who exists, {milliseconds(nobodys)} for one who does not"
        with cases.case(f"{count} {what} each: medians {shown}"):
            tendency = rank(ours, nobodys)
            expect(0.2 < tendency < 0.8, f"the ones tend to take longer than the others: {tendency:.2f}")
    # Past vulnerability 20. It also shows that the ranks would tell.
    long_ones, short_ones = measure(20, password_try(USER.encode(), b"x" * 30000), password_try(NOBODY.encode()))
    with cases.case(f"30 KB of password are refused before they are hashed: {milliseconds(long_ones)} against {milliseconds(short_ones)}"):
        expect(rank(long_ones, short_ones) < 0.25, "not sooner than a short one that is wrong", long_ones, short_ones)


def flood(cases, workspace):
    """Whoever is in goes on working while passwords are being hashed: twenty of them, each longer than a few echoes."""
    with cases.case("a flood of logins does not freeze a session"):
        server = start_with_passwords(workspace, "MaxStartups 500", line=f"{USER}:{crypt(PASSWORD, rounds=400000)}")
        session = workspace.start(ssh(*client_options(workspace, server), "127.0.0.1", "cat"), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)

        def echo(text):
            session.stdin.write(text)
            session.stdin.flush()
            expect_equal(session.stdout.readline(), text)

        echo(b"before\n")
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(RawClient(server.port)).exchange_keys().ask_for_userauth() for _ in range(20)]
            for client in clients:
                client.send(userauth_request(b"password", password_fields(b"wrong"), user=USER.encode()))
            for number in range(20):
                echo(f"{number}\n".encode())
            failed = server.log().count("Failed password")
            expect(failed < len(clients), "the echoes came behind all the logins")
            for client in clients:
                client.receive_until(USERAUTH_FAILURE)
        session.stdin.close()
        expect_equal(session.wait(PATIENCE), 0)


def abandoned(cases, workspace):
    """The answer to a password comes to a connection that is no longer there."""
    server = start_with_passwords(workspace, "MaxStartups 500", "LoginGraceTime 1", line=f"{USER}:{crypt(PASSWORD, rounds=1500000)}")
    with cases.case("LoginGraceTime ends a login whose password is still being hashed"):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(RawClient(server.port)).exchange_keys().ask_for_userauth() for _ in range(4)]
            for client in clients:
                client.send(userauth_request(b"password", password_fields(b"wrong"), user=USER.encode()))
            ends = [client.disconnect() for client in clients[1:]]
        expect(any("LoginGraceTime" in text for _, text in ends), ends, server.log_tail)
    with cases.case("a client that leaves while its password is being hashed leaves nothing behind"):
        for _ in range(3):
            with RawClient(server.port).exchange_keys().ask_for_userauth() as client:
                client.send(userauth_request(b"password", password_fields(b"wrong"), user=USER.encode()))
        wait_until(lambda: server.sockets() == 1, "all sockets but the listening one are closed", server.log_tail)
        expect_equal(server.process.poll(), None, server.log_tail)
        # What is still being hashed keeps the processors busy, and LoginGraceTime is short here.
        wait_until(lambda: workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", "exit 42")).status == 42,
                   "somebody else logs in", server.log_tail)


def main():
    cases = Cases()
    with Workspace() as workspace:
        single_methods(cases, workspace)
        stored_passwords(cases, workspace)
        tries(cases, workspace)
        by_hand(cases, workspace)
        timing(cases, workspace)
        flood(cases, workspace)
        abandoned(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
