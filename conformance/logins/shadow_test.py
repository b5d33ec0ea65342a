"""shadow(5): glasshd run by a throwaway user who may read it (and by one who may not), OpenSSH's ssh on a terminal.

Only root can make such a user. Started by anybody else, this looks at what is left: who may not read /etc/shadow is not asked
for a password.
"""

import os
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, expect_equal, expect_log, find_program, start_glasshd, start_sshd, wait_until
from peers.logins import PASSWORD, Login, crypt, prompt
from peers.people import administer
from peers.servers import Server, authorized_keys
from peers.workspace import USER, our_program

NAME = f"glassh-{os.getpid()}"


def make_user(workspace, *flags):
    """A home of its own, in which the user can find a host key and the program."""
    os.chmod(workspace.path, 0o711)
    home = workspace.file("home")
    administer("useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", "--password", crypt(PASSWORD), *flags, NAME)
    workspace.at_end(lambda: administer("userdel", NAME))
    os.mkdir(home, 0o755)
    shutil.copy(workspace.key("host-ed25519"), os.path.join(home, "host_key"))
    shutil.copy(our_program("glasshd"), home)
    with open(os.path.join(home, "conf"), "w", encoding="ascii") as file:
        file.write(f"HostKey {home}/host_key\nListenAddress 127.0.0.1\nPort 0\nPidFile none\nLogLevel DEBUG\n"
                   "PerSourcePenalties no\n")
    for path in (home, os.path.join(home, "host_key")):
        shutil.chown(path, NAME, NAME)
    return home


def start_as_user(workspace, home, *settings):
    if settings:
        path = os.path.join(home, "conf")
        with open(path, encoding="ascii") as file:
            content = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join([*settings, content]))
    log_path = workspace.fresh("glasshd.log")
    with open(log_path, "wb") as log:
        process = workspace.start([find_program("setpriv"), "--reuid", NAME, "--regid", NAME, "--init-groups",
                                   os.path.join(home, "glasshd"), "-D", "-e", "-f", os.path.join(home, "conf")], stderr=log, cwd="/")
    server = Server(workspace, process, log_path)
    pattern = re.compile(r"^Server listening on 127\.0\.0\.1 port (\d+)\.", re.MULTILINE)
    server.port = int(wait_until(lambda: pattern.search(server.log()), "glasshd listens", server.log_tail)[1])
    server.tells_holdings = True
    return server


def with_shadow(cases, workspace):
    with cases.case("a user in the group shadow starts glasshd"):
        home = make_user(workspace, "--groups", "shadow")
        server = start_as_user(workspace, home)

        def login(word, status, *parts):
            Login(workspace, server, ["password"], [(prompt(NAME), word)], user=NAME, prompts=1).expect(status, *parts)

        with cases.case("the password of shadow(5) logs in"):
            login(PASSWORD, 42)
            expect_log(server, f"Accepted password for {NAME} from 127.0.0.1 port ")
        with cases.case("another one does not"):
            login("wrong", 255, "Permission denied (publickey,password,keyboard-interactive).")
        with cases.case("root's name does not, with any password"):
            for word in (PASSWORD, ""):
                Login(workspace, server, ["password"], [(prompt("root"), word)], user="root", prompts=1).expect(255)
            expect_log(server, "Invalid user root from 127.0.0.1 port ")
        # Past vulnerability 8, and [4252-8-11] keeps.
        for what, change, undo, words in (
                ("a locked account", ["usermod", "--lock"], ["usermod", "--unlock"], "the password is not that"),
                ("an account that has expired", ["chage", "-E", "1"], ["chage", "-E", "-1"], "the account has expired"),
                ("a password that has expired", ["chage", "-d", "1", "-M", "1"], ["chage", "-d", "19000", "-M", "99999"],
                 "the password has expired"),
                ("a password that must be changed", ["chage", "-d", "0"], ["chage", "-d", "19000"], "the password must be changed first")):
            with cases.case(f"{what} lets nobody in, and the log says why"):
                administer(*change, NAME)
                login(PASSWORD, 255)
                expect_log(server, words)
                administer(*undo, NAME)
                login(PASSWORD, 42)


def as_sshd(cases, workspace):
    """The same logins at both servers, and what a reader of logs looks for."""
    pattern = re.compile(r"^(Accepted|Postponed|Partial|Failed|Invalid user|maximum|Disconnecting|Connection closed by) .*$", re.MULTILINE)
    # The last line of a connection. The client has ended before its server writes it.
    end = re.compile(r"^(Disconnected from|Disconnecting|Connection closed by) ", re.MULTILINE)

    def lines(server):
        text = "\n".join(match[0] for match in pattern.finditer(server.log()))
        return re.sub(r"port \d+", "port N", text)

    with cases.case("a user in the group shadow starts glasshd, and root starts sshd"):
        home = make_user(workspace, "--groups", "shadow")
        keys = authorized_keys(workspace)
        os.chmod(keys, 0o644)
        common = [f"AuthorizedKeysFile {keys}", "StrictModes no", "MaxAuthTries 3", "LogLevel VERBOSE"]
        stranger = workspace.key("stranger")
        right, wrong = (prompt(NAME), PASSWORD), (prompt(NAME), "wrong")
        for what, settings, logins in (
                ("one method", [], [
                    (["password"], [wrong, right], NAME, None), (["password"], [(prompt("nobody-x"), "wrong")] * 3, "nobody-x", None),
                    (["publickey"], [], NAME, "ed25519"), (["publickey"], [], NAME, stranger),
                    (["publickey", "password"], [wrong, wrong], NAME, stranger)]),
                ("two methods", ["AuthenticationMethods publickey,password"], [
                    (["publickey", "password"], [wrong, right], NAME, "ed25519"), (["publickey"], [], "nobody-x", "ed25519")])):
            with cases.case(f"{what}: the log's lines are sshd's, word for word"):
                servers = [start_sshd(workspace, [*settings, "UsePAM no", "PasswordAuthentication yes", "MaxAuthTries 3"]),
                           start_as_user(workspace, home, *settings, *common)]
                texts = []
                for server in servers:
                    for methods, answers, user, key in logins:
                        Login(workspace, server, methods, answers, user=user, key=key)
                    wait_until(lambda server=server: len(end.findall(server.log())) == len(logins), "all have ended", server.log_tail)
                    server.stop()
                    texts.append(lines(server))
                expect_equal(texts[1], texts[0])


def without_shadow(cases, workspace):
    with cases.case("who may not read shadow(5) and names no PasswordFile is not asked for a password"):
        if os.getuid() == 0:
            home, user = make_user(workspace), NAME
            server = start_as_user(workspace, home)
        else:
            user = USER
            server = start_glasshd(workspace, ["PasswordAuthentication yes", "KbdInteractiveAuthentication yes"])
            expect(not os.access("/etc/shadow", os.R_OK), "this user may read /etc/shadow, and is not root")
        Login(workspace, server, ["password", "keyboard-interactive"], user=user).expect(255, "Permission denied (publickey).")


def main():
    cases = Cases()
    if os.getuid() == 0:
        with Workspace() as workspace:
            with_shadow(cases, workspace)
        with Workspace() as workspace:
            as_sshd(cases, workspace)
    with Workspace() as workspace:
        without_shadow(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
