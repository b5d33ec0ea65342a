"""Several methods one after the other: OpenSSH's ssh on a pseudo-terminal against glasshd with AuthenticationMethods.

What one method restricts stays restricted when the next one has let the user in, and no method replaces another.
"""

import contextlib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, expect, expect_log
from peers.logins import PASSWORD, Login, prompt, question, start_with_passwords


def multi_factor(cases, workspace):
    def server_for(methods, *more):
        return start_with_passwords(workspace, f"AuthenticationMethods {methods}", *more)

    with cases.case("publickey,password: both, in this order"):
        server = server_for("publickey,password")
        Login(workspace, server, ["publickey", "password"], [(prompt(), PASSWORD)], key="ed25519").expect(42)
        expect_log(server, f"Partial publickey for {USER} from", f"Accepted password for {USER} from")
        Login(workspace, server, ["password", "publickey"], [(prompt(), "no"), (prompt(), PASSWORD)], key="ed25519").expect(42)
        Login(workspace, server, ["publickey", "password"]).expect(255, "Permission denied (publickey).")
        Login(workspace, server, ["publickey"], key="ed25519").expect(255, "Permission denied (password).")
        Login(workspace, server, ["publickey", "password"], [(prompt(), "wrong")] * 3, key="ed25519").expect(
            255, "Permission denied (password).")
    with cases.case("password,publickey: both, in this order"):
        server = server_for("password,publickey")
        Login(workspace, server, ["publickey", "password"], [(prompt(), PASSWORD)], key="ed25519").expect(42)
        expect_log(server, f"Partial password for {USER} from", f"Accepted publickey for {USER} from")
        Login(workspace, server, ["publickey", "password"], [(prompt(), PASSWORD)]).expect(255, "Permission denied (publickey).")
    with cases.case("publickey,password publickey,keyboard-interactive: either second one"):
        server = server_for("publickey,password publickey,keyboard-interactive")
        Login(workspace, server, ["publickey", "password"], [(prompt(), PASSWORD)], key="ed25519").expect(42)
        Login(workspace, server, ["publickey", "keyboard-interactive"], [(question(), PASSWORD)], key="ed25519").expect(42)
        Login(workspace, server, ["publickey"], key="ed25519").expect(255, "Permission denied (password,keyboard-interactive).")
    with cases.case("publickey,publickey: two keys, and not one of them twice"):
        server = server_for("publickey,publickey")
        second = ["-i", workspace.key("user-ecdsa", "ecdsa")]
        Login(workspace, server, ["publickey"], key="ed25519", more=second).expect(42)
        Login(workspace, server, ["publickey"], key="ed25519").expect(255, "Permission denied (publickey).")
    # Past vulnerability 9.
    with cases.case("an empty password replaces no other method"):
        for methods in ("publickey,password", "publickey,keyboard-interactive", "publickey,publickey"):
            server = start_with_passwords(workspace, f"AuthenticationMethods {methods}", "PermitEmptyPasswords yes", line=f"{USER}:")
            Login(workspace, server, ["password", "keyboard-interactive"]).expect(255, "Permission denied (publickey).")
            server.stop()
        server = start_with_passwords(workspace, "AuthenticationMethods publickey,password", "PermitEmptyPasswords yes", line=f"{USER}:")
        Login(workspace, server, ["publickey", "password"], [(prompt(), "")], key="ed25519").expect(42)
    with cases.case("AuthenticationMethods that are all turned off: glasshd does not start"):
        for settings, words in ((["AuthenticationMethods publickey,password", "PasswordAuthentication no"], "cannot be satisfied"),
                                (["AuthenticationMethods publickey,telepathy"], "bad method 'telepathy'")):
            with contextlib.ExitStack() as stack:
                stack.enter_context(expecting_failure(words))
                start_with_passwords(workspace, *settings)


@contextlib.contextmanager
def expecting_failure(words):
    try:
        yield
    except Exception as failure:
        expect(words in str(failure), f"no '{words}' in", failure)
        return
    expect(False, "it started")


def restrictions(cases, workspace):
    """Past vulnerabilities 10 and 14: a command that a key or the configuration forces is what runs, whichever method came
    first or last. 15: from= holds as well."""
    key, second = (workspace.public_key(f"user-{kind}", kind) for kind in ("ed25519", "ecdsa"))

    def server_for(methods, lines, *more):
        path = workspace.fresh("authorized_keys")
        workspace.file(path.rsplit("/", 1)[1], "".join(line + "\n" for line in lines))
        return start_with_passwords(workspace, f"AuthenticationMethods {methods}", f"AuthorizedKeysFile {path}", *more)

    two_keys = ["-i", workspace.key("user-ecdsa", "ecdsa")]
    forced, plain = f'restrict,command="echo by-key-$SSH_ORIGINAL_COMMAND" {key}', second
    orders = [("publickey,password", [forced], [(prompt(), PASSWORD)], ()),
              ("password,publickey", [forced], [(prompt(), PASSWORD)], ()),
              ("publickey,keyboard-interactive", [forced], [(question(), PASSWORD)], ()),
              ("keyboard-interactive,publickey", [forced], [(question(), PASSWORD)], ()),
              ("publickey,publickey", [forced, plain], [], two_keys),
              ("publickey,publickey,password", [forced, plain], [(prompt(), PASSWORD)], two_keys),
              ("password,publickey publickey", [forced], [], ())]
    for methods, lines, answers, more in orders:
        wanted = ["publickey", "password", "keyboard-interactive"]
        with cases.case(f"{methods}: the key's command runs"):
            server = server_for(methods, lines)
            Login(workspace, server, wanted, answers, key="ed25519", more=more, command="exit 7").expect(0, "by-key-exit 7")
            server.stop()
        with cases.case(f"{methods}: ForceCommand runs, whatever the key says"):
            server = server_for(methods, lines, "ForceCommand echo by-config-$SSH_ORIGINAL_COMMAND")
            Login(workspace, server, wanted, answers, key="ed25519", more=more, command="exit 7").expect(0, "by-config-exit 7")
            server.stop()
    with cases.case("the same two keys the other way round: the first one's command still holds"):
        server = server_for("publickey,publickey", [forced, plain])
        Login(workspace, server, ["publickey"], key="ecdsa", more=["-i", workspace.key("user-ed25519")], command="exit 7").expect(
            0, "by-key-exit 7")
        server.stop()
    with cases.case("two keys that force different commands let nobody in"):
        server = server_for("publickey,publickey", [forced, f'command="echo other" {second}'])
        login = Login(workspace, server, ["publickey"], key="ed25519", more=two_keys)
        login.expect(255, "Permission denied (publickey).")
        server.stop()
    with cases.case("a key that may not come from here is no first method either"):
        server = server_for("publickey,password", [f'from="192.0.2.1" {key}'])
        Login(workspace, server, ["publickey", "password"], key="ed25519").expect(255, "Permission denied (publickey).")
        server.stop()
    with cases.case("ForceCommand holds behind a password alone"):
        server = start_with_passwords(workspace, "ForceCommand echo by-config-$SSH_ORIGINAL_COMMAND")
        Login(workspace, server, ["password"], [(prompt(), PASSWORD)], command="exit 7").expect(0, "by-config-exit 7")
        server.stop()
    if USER == "root":
        with cases.case("PermitRootLogin prohibit-password: the right password does not help, and looks like a wrong one"):
            server = start_with_passwords(workspace, "PermitRootLogin prohibit-password")
            for methods, ask in ((["password"], prompt), (["keyboard-interactive"], question)):
                right = Login(workspace, server, methods, [(ask(), PASSWORD)] * 3)
                wrong = Login(workspace, server, methods, [(ask(), "wrong")] * 3)
                right.expect(255, "Permission denied (publickey,password,keyboard-interactive).")
                expect(right.text == wrong.text, right.text, wrong.text)
            Login(workspace, server, ["publickey"], key="ed25519").expect(42)
            expect_log(server, "ROOT LOGIN REFUSED FROM 127.0.0.1 port ")


def hostbound(cases, workspace):
    with cases.case("ssh binds its signature to the host key, as glasshd's EXT_INFO invites it to"):
        trace = workspace.fresh("trace")
        server = start_with_passwords(workspace, flags=["--trace", trace])
        login = Login(workspace, server, ["publickey"], key="ed25519", more=["-vv"])
        login.expect(42, "publickey-hostbound@openssh.com=<0>")
        server.stop()
        with open(trace, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for part in ("publickey-hostbound-v00@openssh.com", "server_host_key", "SSH_MSG_USERAUTH_PK_OK"):
            expect(part in text, f"no '{part}' in the trace")


def main():
    cases = Cases()
    with Workspace() as workspace:
        multi_factor(cases, workspace)
        restrictions(cases, workspace)
        hostbound(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
