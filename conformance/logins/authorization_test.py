"""Who may log in and what a session may then do: authorized_keys, Match, AllowUsers, ForceCommand and their company.

Every line of authorized_keys is tried on Debian's sshd, too, and the two servers have to agree; where we refuse what sshd
lets pass, the table says so.
"""

import ctypes
import os
import shutil
import socket
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, expect_log, find_program, glassh, ssh,
                   start_glasshd, start_sshd, wait_until)
from peers.servers import HOST_KEY_KINDS
from peers.workspace import our_program

SHOW = 'printf "%s|" in "${SSH_ORIGINAL_COMMAND-unset}" "${GLASSH_X-unset}"'
IN, IN_WITH_X, FORCED = b"in|unset|unset|", b"in|unset|%s|", b"forced "
REFUSED = None

# What stands in front of the key (K) on the line, and what `SHOW` then prints; REFUSED: there is no login.
LINES = [
    ("K", IN),
    ("\t K comment", IN),
    ("K\r", IN),
    ("# K", REFUSED),
    ("restrict K", IN),
    ("restrict,pty,agent-forwarding,port-forwarding,X11-forwarding,user-rc K", IN),
    ("No-PTY,no-port-forwarding,no-agent-forwarding,no-x11-forwarding,no-user-rc K", IN),
    ("no-touch-required,verify-required K", IN),
    ("bogus K", REFUSED),
    ("restrict,bogus K", REFUSED),
    ("no-restrict K", REFUSED),
    ("pty, K", IN),
    (",pty K", IN),
    ("pty,,restrict K", IN),
    ("pty;restrict K", REFUSED),
    ("pty restrict K", REFUSED),
    ("pty=\"yes\" K", REFUSED),
    ("cert-authority K", REFUSED),
    ('principals="ann" K', REFUSED),
    # from=
    ('from="127.0.0.1" K', IN),
    ('FROM="127.*" K', IN),
    ('from="127.0.0.0/8" K', IN),
    ('from="10.0.0.0/8,*" K', IN),
    ('from="10.0.0.0/8" K', REFUSED),
    ('from="!127.0.0.1,*" K', REFUSED),
    ('from="!10.0.0.1,*" K', IN),
    ('from="!10.0.0.1" K', REFUSED),
    ('from="127.0.0.1/8" K', REFUSED),
    ('from="127.0.0.0/33" K', REFUSED),
    ('from="" K', REFUSED),
    ('from="10.0.0.1 127.0.0.1" K', REFUSED),
    ('from="10.0.0.1, 127.0.0.1" K', REFUSED),
    ("from=127.0.0.1 K", REFUSED),
    ("from K", REFUSED),
    ('from="127.*",from="127.*" K', REFUSED),
    ('from="127.* K', REFUSED),
    # command=
    ('command="echo forced $SSH_ORIGINAL_COMMAND" K', FORCED + SHOW.encode() + b"\n"),
    ('command="echo \\"forced  \\"" K', b"forced  \n"),
    ('command="" K', b""),
    ('command="true",command="true" K', REFUSED),
    ('command="true"x K', REFUSED),
    ("command K", REFUSED),
    # environment=
    ('environment="GLASSH_X=a b,=\\"c\\"" K', IN_WITH_X % b'a b,="c"'),
    ('environment="GLASSH_X=1",environment="GLASSH_X=2" K', IN_WITH_X % b"1"),
    ('environment="GLASSH_X=" K', IN_WITH_X % b""),
    ('environment="GLASSH_X" K', REFUSED),
    ('environment="A-B=1" K', REFUSED),
    ('environment="=1" K', REFUSED),
    ('environment="" K', REFUSED),
    # expiry-time=
    ('expiry-time="20990101" K', IN),
    ('expiry-time="209901012359Z" K', IN),
    ('expiry-time="20990101235959" K', IN),
    ('expiry-time="20200101" K', REFUSED),
    ('expiry-time="20990101",expiry-time="20200101" K', REFUSED),
    ('expiry-time="2099" K', REFUSED),
    ('expiry-time="20991301" K', REFUSED),
    ('expiry-time="" K', REFUSED),
    # permitopen=, permitlisten=, tunnel=
    ('permitopen="localhost:80",permitopen="[::1]:*" K', IN),
    ('permitopen="localhost" K', REFUSED),
    ('permitopen="localhost:0" K', REFUSED),
    ('permitopen="localhost:65536" K', REFUSED),
    ('permitopen="localhost:4294967295" K', REFUSED),
    ('permitopen="" K', REFUSED),
    ('permitlisten="8080",permitlisten="localhost:80" K', IN),
    ('permitlisten="localhost:x" K', REFUSED),
    ('tunnel="0" K', IN),
    ('tunnel="x" K', REFUSED),
    # The key itself.
    ("T", REFUSED),
    ("ssh-rsa B", REFUSED),
    ("restrict B", REFUSED),
    ("ssh-ed25519 B=", REFUSED),
    ("x" * (1 << 20) + " K", REFUSED),
    ("restrict,command=\"" + "x" * 70000 + "\" O\nK", IN),
    # The first line counts whose options let the peer in.
    ('from="10.*",command="no" K\nenvironment="GLASSH_X=second" K\nK', IN_WITH_X % b"second"),
    ('bogus K\nK', IN),
    ('K\ncommand="echo other" K', IN),
]
# sshd takes these; we do not.
STRICTER = [
    ('expiry-time="20990231" K', "there is no February 31"),
    ('from="*, !127.0.0.1" K', "the blank makes a name of what was to be an exception"),
]


_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p


def crypt(password):
    return _crypt(password.encode(), b"$6$rounds=1000$conformance$").decode()


class Door:
    """A server, and what an authorized_keys file of its own lets in."""

    def __init__(self, workspace, start, settings=()):
        self.workspace, self.path = workspace, workspace.fresh("keys")
        self.server = start(workspace, [f"AuthorizedKeysFile {self.path}", *settings])
        self.options = client_options(workspace, self.server)

    def write(self, lines):
        key = self.workspace.public_key("user-ed25519", "ed25519")
        words = {"K": key, "T": key.split()[0], "B": key.split()[1], "O": self.workspace.public_key("other", "ecdsa"),
                 "E": self.workspace.public_key("user-ecdsa", "ecdsa")}
        text = "\n".join(self._replace_last_words(line, words) for line in lines.split("\n"))
        self.workspace.file(os.path.basename(self.path), text + "\n")

    @staticmethod
    def _replace_last_words(line, words):
        parts = [(part, part.rstrip("\r")) for part in line.split(" ")]
        return " ".join(part.replace(word, words[word]) if word in words else part for part, word in parts)

    def login(self, *command, client=ssh, flags=(), **how):
        return self.workspace.run(client(*flags, *self.options, "127.0.0.1", *command), **how)

    def verdict(self, lines):
        """What `SHOW` prints; None if there is no login."""
        self.write(lines)
        result = self.login(SHOW)
        return REFUSED if result.status == 255 and "Permission denied" in result.err else result.out


def lines_of_authorized_keys(cases, workspace):
    ours, theirs = (Door(workspace, start, ["PermitUserEnvironment yes"]) for start in (start_glasshd, start_sshd))
    for lines, wanted in LINES:
        shown = lines if len(lines) < 80 else lines[:30] + "…" + lines[-20:]
        with cases.case(f"authorized_keys, as sshd: {shown!r}"):
            expect_equal(theirs.verdict(lines), wanted, "sshd disagrees with the table", theirs.server.log_tail)
            expect_equal(ours.verdict(lines), wanted, ours.server.log_tail)
    for lines, why in STRICTER:
        with cases.case(f"authorized_keys, stricter than sshd: {lines!r}: {why}"):
            expect_equal(theirs.verdict(lines), IN, theirs.server.log_tail)
            expect_equal(ours.verdict(lines), REFUSED, ours.server.log_tail)
    for lines, words in (('from="10.*" K', 'used from "10.*" only, not from 127.0.0.1'), ("bogus K", "unknown option bogus"),
                         ('expiry-time="20200101Z" K', "expired at 2020-01-01T00:00:00Z")):
        with cases.case(f"glasshd's log says why {lines!r} lets nobody in"):
            before = len(ours.server.log())
            expect_equal(ours.verdict(lines), REFUSED)
            said = ours.server.log()[before:]
            expect(f"{ours.path}:1: not used: " in said and words in said, said)
    ours.server.stop()
    theirs.server.stop()
    with cases.case("environment= is ignored without PermitUserEnvironment, as with sshd"):
        for start in (start_glasshd, start_sshd):
            door = Door(workspace, start)
            expect_equal(door.verdict('environment="GLASSH_X=1" K'), IN, door.server.log_tail)
            door.server.stop()
    with cases.case("PermitUserEnvironment takes a list of names"):
        door = Door(workspace, start_glasshd, ["PermitUserEnvironment GLASSH_?"])
        expect_equal(door.verdict('environment="GLASSH_X=1",environment="LD_PRELOAD=/evil" K'), IN_WITH_X % b"1")
        expect("LD_PRELOAD" not in door.login("env").out.decode(), door.server.log_tail)
        door.server.stop()


def forced_commands(cases, workspace):
    """Past vulnerability 10: whatever is asked for."""
    forced = 'ForceCommand echo "forced  [$SSH_ORIGINAL_COMMAND]" # all of it'
    for name, start in (("glasshd", start_glasshd), ("sshd", start_sshd)):
        door = Door(workspace, start, [forced, "Subsystem echo /bin/cat"])
        for client_name, client in (("ssh", ssh), ("glassh", glassh)):
            for what, command, flags, original in (("a command", ["id -u"], [], "id -u"), ("a shell", [], [], ""),
                                                   ("a subsystem", ["echo"], ["-s"], "/bin/cat")):
                with cases.case(f"{client_name} to {name}: ForceCommand before command=, for {what}"):
                    door.write('command="echo the key\'s" K')
                    result = door.login(*command, client=client, flags=flags)
                    expect_equal((result.status, result.out), (0, f"forced  [{original}]\n".encode()), result)
        door.server.stop()


def several_factors(cases, workspace):
    """Past vulnerabilities 10 and 14: what one factor's key restricts, the next factor does not give back."""
    second = workspace.key("user-ecdsa", "ecdsa")
    table = [
        ('command="echo one" K\nE', b"one\n"), ('K\ncommand="echo two" E', b"two\n"),
        ('command="echo same" K\ncommand="echo same" E', b"same\n"), ('command="echo one" K\ncommand="echo two" E', b""),
        ('from="10.*" K\nE', b""), ("K\nE", b"asked for\n"),
    ]
    for name, start in (("glasshd", start_glasshd), ("sshd", start_sshd)):
        door = Door(workspace, start, ["AuthenticationMethods publickey,publickey"])
        for lines, wanted in table:
            with cases.case(f"{name}: two keys: {lines!r}"):
                door.write(lines)
                result = door.login("echo asked for", flags=["-i", second])
                expect_equal(result.out, wanted, result, door.server.log_tail)
        with cases.case(f"{name}: of two keys one is not enough"):
            door.write('command="echo one" K')
            expect_equal(door.login("echo asked for", flags=["-i", second]).out, b"", door.server.log_tail)
        door.server.stop()

    passwords = workspace.file("passwords", f"{USER}:{crypt('open sesame')}\n")
    os.chmod(passwords, 0o600)
    askpass = workspace.file("askpass", "#!/bin/sh\necho open sesame\n")
    os.chmod(askpass, 0o700)
    environment = {"SSH_ASKPASS": askpass, "SSH_ASKPASS_REQUIRE": "force"}
    asking = [f"PasswordFile {passwords}", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes"]
    for method in ("password", "keyboard-interactive"):
        flags = ["-o", "PasswordAuthentication=yes", "-o", "KbdInteractiveAuthentication=yes", "-o", "BatchMode=no"]
        for order in (f"publickey,{method}", f"{method},publickey"):
            with cases.case(f"glasshd: command= holds with AuthenticationMethods {order}"):
                door = Door(workspace, start_glasshd, [f"AuthenticationMethods {order}", "PermitRootLogin yes", *asking])
                door.write('restrict,command="echo forced" K')
                result = door.login("echo asked for", flags=flags, env=environment)
                expect_equal(result.out, b"forced\n", result, door.server.log_tail)
                door.server.stop()
        with cases.case(f"glasshd: ForceCommand holds with {method} alone; PermitRootLogin says whether root may use it"):
            for value in ("yes", "prohibit-password", "forced-commands-only"):
                door = Door(workspace, start_glasshd, ["ForceCommand echo forced", f"AuthenticationMethods {method}",
                                                       f"PermitRootLogin {value}", *asking])
                result = door.login("echo asked for", flags=flags, env=environment)
                let_in = value == "yes" or os.getuid() != 0
                expect_equal(result.out, b"forced\n" if let_in else b"", value, result, door.server.log_tail)
                door.server.stop()


def users_and_groups(cases, workspace):
    words = {"AllowUsers": "not allowed because not listed in AllowUsers", "DenyUsers": "not allowed because listed in DenyUsers",
             "AllowGroups": "none of user's groups are listed in AllowGroups",
             "DenyGroups": "a group is listed in DenyGroups"}
    table = [
        (f"AllowUsers {USER}", True), ("AllowUsers nobody-else", False), (f"AllowUsers {USER}@127.0.0.0/8", True),
        (f"AllowUsers {USER}@10.0.0.0/8 {USER}@127.*", True), (f"AllowUsers {USER}@10.0.0.0/8", False),
        (f"AllowUsers *\nDenyUsers {USER}", False), (f"DenyUsers {USER}@10.*", True), (f"DenyUsers {USER}@127.*", False),
        ("AllowGroups *", True), ("AllowGroups no-such-group", False), ("DenyGroups *", False),
        ("DenyGroups no-such-group", True), (f"Match User {USER}\nDenyUsers *\nMatch All", False),
        (f"Match User {USER} Address 10.*\nDenyUsers *\nMatch All", True),
        ("Match LocalAddress 127.0.0.1 Group *\nPubkeyAuthentication no\nMatch All", False),
    ]
    for settings, allowed in table:
        with cases.case(f"as sshd: {settings!r}"):
            for start in (start_sshd, start_glasshd):
                # A block ends at the next Match, and the rest of the file must not be in it.
                head, _, block = settings.partition("Match")
                block = workspace.file(os.path.basename(workspace.fresh("block")), "Match" + block + "\n" if block else "")
                door = Door(workspace, start, [line for line in head.split("\n") if line] + [f"Include {block}"])
                door.write("K")
                result = door.login("echo in")
                expect_equal(result.out, b"in\n" if allowed else b"", start.__name__, result, door.server.log_tail)
                keyword = settings.split()[0] if head else ""
                if head and not allowed:
                    keyword = "DenyUsers" if "DenyUsers" in settings else keyword
                    expect_log(door.server, words[keyword])
                door.server.stop()


def root_login(cases, workspace):
    """Only where the user who runs glasshd is root; anybody else is not concerned by it."""
    for value, lines, allowed in (("yes", "K", True), ("no", "K", False), ("prohibit-password", "K", True),
                                  ("forced-commands-only", "K", False),
                                  ("forced-commands-only", 'command="echo in" K', True)):
        with cases.case(f"PermitRootLogin {value} and {lines!r} for user {os.getuid()}"):
            door = Door(workspace, start_glasshd, [f"PermitRootLogin {value}"])
            door.write(lines)
            result = door.login("echo in")
            let_in = allowed or os.getuid() != 0
            expect_equal(result.out, b"in\n" if let_in else b"", result, door.server.log_tail)
            if not let_in:
                expect_log(door.server, "ROOT LOGIN REFUSED FROM 127.0.0.1 port")
            door.server.stop()


def what_is_said(cases, workspace):
    text = "Hello from the banner\nand its second line\n"
    banner = workspace.file("banner", text)
    for name, start in (("glasshd", start_glasshd), ("sshd", start_sshd)):
        door = Door(workspace, start, [f"Banner {banner}", "VersionAddendum for the  lab"])
        door.write("K")
        for client_name, client in (("ssh", ssh), ("glassh", glassh)):
            with cases.case(f"{client_name} to {name}: the banner is shown"):
                result = door.login("echo in", client=client)
                expect_equal(result.out, b"in\n", result)
                expect(text in result.err.replace("\r\n", "\n"), result)
        with cases.case(f"{name}: VersionAddendum stands behind the version"):
            with socket.create_connection(("127.0.0.1", door.server.port), timeout=PATIENCE) as connection:
                line = connection.makefile("rb").readline()
            expect(line.startswith(b"SSH-2.0-") and line.endswith(b" for the  lab\r\n"), line)
        door.server.stop()
    with cases.case("glasshd: without the banner's file there is none, and logins work"):
        door = Door(workspace, start_glasshd, ["Banner /nonexistent/banner"])
        door.write("K")
        expect_equal(door.login("echo in").out, b"in\n", door.server.log_tail)
        door.server.stop()


def authentication_info(cases, workspace):
    for name, start in (("glasshd", start_glasshd), ("sshd", start_sshd)):
        with cases.case(f"{name}: ExposeAuthInfo names a file of the user's alone, gone after the session"):
            door = Door(workspace, start, ["ExposeAuthInfo yes"])
            door.write("K")
            result = door.login('stat -c %a "$SSH_USER_AUTH"; cat "$SSH_USER_AUTH"; echo "$SSH_USER_AUTH"')
            key = workspace.public_key("user-ed25519", "ed25519")
            mode, line, path = result.out.decode().splitlines()
            expect_equal((mode, line), ("600", f"publickey {key}"), result)
            wait_until(lambda: not os.path.exists(path), f"{path} is gone")
            door.server.stop()


def keys_of_a_command(cases, workspace):
    def escaped(text):
        return text.replace("\\", "\\\\").replace('"', '\\"')

    kind, blob = workspace.public_key("user-ed25519", "ed25519").split()
    fingerprint = workspace.run([find_program("ssh-keygen"), "-lf", workspace.key("user-ed25519") + ".pub"]).out.split()[1]
    other_user = "nobody" if os.getuid() == 0 else USER
    home = os.path.expanduser(f"~{USER}")
    tokens = f"/bin/echo environment=\\\"GLASSH_X=%u|%U|%h|%f|%%\\\" %t %k"
    shell = 'echo environment=\\"GLASSH_X=$(id -u -n) $(id -G -n)\\" ' + f"{kind} {blob}"
    alone = f'/bin/sh -c "{escaped(shell)}"'
    groups = workspace.run([find_program("id"), "-G", "-n", other_user]).out.decode().strip()
    table = [
        ("tokens, without a shell", tokens, f"{USER}|{os.getuid()}|{home}|{fingerprint.decode()}|%"),
        ("its user and no other group", alone, f"{other_user} {groups}"),
    ]
    for name, start in (("glasshd", start_glasshd), ("sshd", start_sshd)):
        for what, command, x in table:
            with cases.case(f"{name}: AuthorizedKeysCommand: {what}"):
                door = Door(workspace, start, [f"AuthorizedKeysCommand {command}", "PermitUserEnvironment yes",
                                               f"AuthorizedKeysCommandUser {other_user}"])
                door.write("")
                result = door.login(SHOW)
                expect_equal(result.out, IN_WITH_X % x.encode(), result, door.server.log_tail)
                door.server.stop()
        for what, command in (("that fails", f'/bin/sh -c "echo {kind} {blob}; exit 1"'), ("that is not there", "/nonexistent/x")):
            with cases.case(f"{name}: AuthorizedKeysCommand {what} lets nobody in, and the files still count"):
                door = Door(workspace, start, [f"AuthorizedKeysCommand {command}", f"AuthorizedKeysCommandUser {other_user}"])
                expect_equal(door.verdict(""), REFUSED, door.server.log_tail)
                expect_equal(door.verdict("K"), IN, door.server.log_tail)
                door.server.stop()
    with cases.case("glasshd: AuthorizedKeysCommand that others could change is not run, and the log says so"):
        script = workspace.file("script", f"#!/bin/sh\necho {kind} {blob}\n")
        os.chmod(script, 0o755)
        door = Door(workspace, start_glasshd, [f"AuthorizedKeysCommand {script}", f"AuthorizedKeysCommandUser {USER}"])
        expect_equal(door.verdict(""), REFUSED)
        expect_log(door.server, "AuthorizedKeysCommand", "others could change it")
        door.server.stop()


def modes(cases, workspace):
    """In a directory below the home, since nothing below /tmp can pass."""
    directory = tempfile.mkdtemp(prefix=".glassh-test-", dir=os.path.expanduser("~"))
    workspace.at_end(lambda: shutil.rmtree(directory))
    path = os.path.join(directory, "keys")
    servers = {"glasshd": start_glasshd(workspace, [f"AuthorizedKeysFile {path}", "StrictModes yes"]),
               "sshd": start_sshd(workspace, [f"AuthorizedKeysFile {path}", "StrictModes yes"])}
    key = workspace.public_key("user-ed25519", "ed25519")

    def write(mode):
        with open(path, "w", encoding="utf-8") as file:
            file.write(key + "\n")
        os.chmod(path, mode)

    def link(target):
        os.symlink(target, path)

    elsewhere = os.path.join(directory, "elsewhere")
    with open(elsewhere, "w", encoding="utf-8") as file:
        file.write(key + "\n")
    table = [
        ("0600 in a directory 0700", 0o700, lambda: write(0o600), None),
        ("0644 in a directory 0711", 0o711, lambda: write(0o644), None),
        ("0666", 0o711, lambda: write(0o666), f"{path} has mode 0666, may have at most 0644"),
        # Debian's sshd forgives a group that is the user's alone; we do not look who is in a group.
        ("0620", 0o700, lambda: write(0o620), f"{path} has mode 0620, may have at most 0600"),
        ("0600 in a directory 0777", 0o777, lambda: write(0o600), f"{directory} has mode 0777, may have at most 0755"),
        ("a link to a good file", 0o700, lambda: link(elsewhere), None),
        # Past vulnerability 89.
        ("a FIFO", 0o700, lambda: os.mkfifo(path, 0o600), f"{path} is not a regular file"),
        ("a link to a device", 0o700, lambda: link("/dev/zero"), "/dev/zero is not a regular file"),
        ("a directory", 0o700, lambda: os.mkdir(path, 0o700), f"{path} is not a regular file"),
    ]
    for what, directory_mode, make, words in table:
        with cases.case(f"StrictModes: authorized_keys is {what}: {'refused' if words else 'read'}"):
            make()
            os.chmod(directory, directory_mode)
            for name, server in servers.items():
                if name == "sshd" and what == "0620":
                    continue
                before = len(server.log())
                result = workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", "echo in"), timeout=PATIENCE)
                expect_equal(result.out, b"" if words else b"in\n", name, result, server.log_tail)
                if words and name == "glasshd":
                    expect(words in server.log()[before:], server.log_tail)
            os.chmod(directory, 0o700)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    for server in servers.values():
        server.stop()


SAME_KEYWORDS = """acceptenv addressfamily allowagentforwarding allowgroups allowusers authenticationmethods
    authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile banner clientalivecountmax clientaliveinterval
    denygroups denyusers disableforwarding exposeauthinfo forcecommand hostkey kbdinteractiveauthentication
    listenaddress logingracetime loglevel maxauthtries maxsessions maxstartups passwordauthentication
    permitemptypasswords permitrootlogin permittty permituserenvironment pidfile port pubkeyauthentication strictmodes
    subsystem syslogfacility versionaddendum""".split()


def effective_configuration(cases, workspace):
    included = workspace.file("included", "Match Address 192.0.2.0/24\nMaxAuthTries 2\nForceCommand in the file\n")
    text = f"""HostKey {workspace.key('host-ed25519')}
PidFile /run/x
ListenAddress 127.0.0.1
AllowUsers ann bob@10.0.0.0/8
AcceptEnv A B
PermitUserEnvironment LANG,LC_*
VersionAddendum two  words
Match User ann
    MaxSessions 3
    AllowUsers eve
    AllowUsers adam
    Include {included}
    Banner /etc/issue
Match User a* Host *.Example
    MaxSessions 4
    AcceptEnv C
    PermitRootLogin no
Match LocalPort 2222 LocalAddress 2001:db8::/32
    AuthorizedKeysFile none
    PasswordAuthentication no
    PermitEmptyPasswords yes
    PermitTTY no
    AllowAgentForwarding no
Match Group root,!nogroup
    DisableForwarding yes
    DenyGroups a b
    ExposeAuthInfo yes
    AuthenticationMethods publickey,publickey publickey
    LogLevel DEBUG
Match All
    MaxSessions 5
    ClientAliveInterval 1m
    AuthorizedKeysCommand /bin/keys %u "a b" # c
    AuthorizedKeysCommandUser nobody
"""
    path = workspace.file("effective.conf", text)
    specs = ["user=ann,host=client.example,addr=192.0.2.1,laddr=2001:db8::1,lport=2222",
             "user=ann,host=other,addr=192.0.3.1,laddr=192.0.2.9,lport=22",
             "user=adam,host=client.EXAMPLE,addr=192.0.2.1,laddr=2001:db8::1,lport=22",
             "user=root,host=x,addr=192.0.2.1,laddr=2001:db8::1,lport=2222",
             "user=no-such-user,host=x,addr=::1,laddr=::1,lport=1"]

    def effective(program, spec, *flags):
        result = workspace.run([program, "-T", "-f", path, *flags, "-C", spec])
        lines = [line for line in result.out.decode().splitlines() if line.split(" ")[0] in SAME_KEYWORDS]
        return result, sorted(lines)

    for spec in specs:
        with cases.case(f"glasshd -T -C {spec} prints what sshd -T does"):
            (theirs, wanted), (ours, got) = (effective(program, spec, "-o", "MaxSessions=9") for program in
                                             (find_program("sshd"), our_program("glasshd")))
            expect_equal(theirs.status, 0, theirs)
            expect_equal(got, wanted, ours)
    for spec in ("user", "foo=x", "lport=0", "user=ann"):  # the last: others are missing
        with cases.case(f"glasshd -T -C {spec} is an error, as with sshd"):
            for program in (find_program("sshd"), our_program("glasshd")):
                result, _ = effective(program, spec)
                expect(result.status != 0 and result.err.strip(), result)


def main():
    cases = Cases()
    with Workspace() as workspace:
        for kind in HOST_KEY_KINDS:
            workspace.key(f"host-{kind}", kind)
        for part in (lines_of_authorized_keys, forced_commands, several_factors, users_and_groups, root_login, what_is_said,
                     authentication_info, keys_of_a_command, modes, effective_configuration):
            with cases.case(f"{part.__name__.replace('_', ' ')}: tried to the end"):
                part(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
