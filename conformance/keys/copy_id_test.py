"""glassh-copy-id against Debian's sshd and glasshd, whose sessions get a home directory of the test's own."""

import os
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd,
                   start_sshd, wait_until)
from peers.logins import PASSWORD, prompt, start_with_passwords
from peers.terminal import Terminal
from peers.workspace import USER, our_program

HOST = f"{USER}@127.0.0.1"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Account:
    """A server, the home that its sessions have, and a user's home on this side, with one key in it."""

    def __init__(self, workspace, kind):
        self.workspace = workspace
        self.home = workspace.fresh("remote-home")
        self.local = workspace.fresh("local-home")
        os.mkdir(self.home)
        os.makedirs(os.path.join(self.local, ".ssh"), mode=0o700)
        self.authorized_keys = os.path.join(self.home, ".ssh", "authorized_keys")
        self.key = self.new_key("id_ed25519", "me@home")
        # Who is let in before anything is installed; his sessions, and those of the installed keys, have that home.
        self.first_key = workspace.key("user-ed25519", "ed25519")
        public = workspace.public_key("user-ed25519", "ed25519")
        settings = [f"Subsystem sftp {SFTP_SERVER} -d {self.home}"]
        if kind == "sshd":
            first = workspace.file(os.path.basename(workspace.fresh("first")), public + "\n")
            settings += [f"AuthorizedKeysFile {first} {self.authorized_keys}", f"SetEnv HOME={self.home}"]
            self.server = start_sshd(workspace, settings)
        else:
            first = workspace.file(os.path.basename(workspace.fresh("first")), f'environment="HOME={self.home}" {public}\n')
            settings += [f"AuthorizedKeysFile {first} {self.authorized_keys}", "PermitUserEnvironment yes"]
            self.server = start_glasshd(workspace, settings)
        self.flags = self.flags_of(client_options(workspace, self.server, key=None))
        self.first = ["-o", f"IdentityFile={self.first_key}"]
        where = self.run(glassh(*self.flags, *self.first, HOST, "cd; pwd"))
        expect_equal(where.out.decode().strip(), self.home, "sessions must not have the user's own home", where)

    @staticmethod
    def flags_of(options):
        """Those that glassh-copy-id takes."""
        kept = list(options)
        for flag, size in (("-T", 1), ("-l", 2)):
            at = kept.index(flag)
            del kept[at:at + size]
        at = kept.index("IdentitiesOnly=yes")
        del kept[at - 1:at + 1]
        return kept

    def new_key(self, name, comment, *flags):
        path = os.path.join(self.local, ".ssh", name)
        made = self.workspace.run([find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path, *flags])
        expect_equal(made.status, 0, made)
        return path

    def run(self, arguments, **options):
        return self.workspace.run(arguments, env={"HOME": self.local, **options.pop("env", {})}, **options)

    def copy_id(self, *arguments, first=True, **options):
        first = self.first if first else []
        return self.run([our_program("glassh-copy-id"), *arguments, *self.flags, *first, HOST], **options)

    def forget(self, text=None):
        directory = os.path.dirname(self.authorized_keys)
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o777)
        if os.path.exists(self.authorized_keys):
            os.remove(self.authorized_keys)
        if text is None:
            os.rmdir(directory)
        else:
            with open(self.authorized_keys, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(self.authorized_keys, 0o666)

    def expect_installed(self, text):
        expect_equal(read(self.authorized_keys), text)
        expect_equal((mode(os.path.dirname(self.authorized_keys)), mode(self.authorized_keys)), (0o700, 0o600))

    def logs_in(self, client, key):
        return self.run(client(*self.flags, "-o", "IdentitiesOnly=yes", "-i", key, HOST, "exit 7")).status == 7


def installing(cases, name, account):
    public = read(account.key + ".pub")
    for how, flags in (("commands", ["-f"]), ("sftp", ["-f", "-s"])):
        with cases.case(f"{name}, by {how}: what is missing is made, with 700 and 600, and the key logs in"):
            account.forget()
            expect(not account.logs_in(glassh, account.key), "the key logged in before it was installed")
            result = account.copy_id(*flags)
            expect_equal(result.status, 0, result)
            expect("Number of key(s) added: 1\n" in result.out.decode(), result)
            account.expect_installed(public)
            expect(account.logs_in(glassh, account.key) and account.logs_in(ssh, account.key), "the key does not log in")
        with cases.case(f"{name}, by {how}: other lines are kept, also a last one without an end, and nothing is there twice"):
            before = f"# {public}from=\"10.*\" {account.workspace.public_key('other', 'ecdsa')} other\n\n  x  *  y"
            account.forget(before)
            result = account.copy_id(*flags)
            expect_equal(result.status, 0, result)
            account.expect_installed(before + "\n" + public)
            result = account.copy_id(*flags)
            expect("Number of key(s) added: 0\n" in result.out.decode(), result)
            account.expect_installed(before + "\n" + public)
    with cases.case(f"{name}: a key that logs in already is skipped, and that is said"):
        account.forget(public)
        result = account.copy_id(first=False)
        expect_equal((result.status, result.out), (0, b""), result)
        expect("all keys were skipped" in result.err, result)
        expect_equal(read(account.authorized_keys), public)
    with cases.case(f"{name}: a key that does not log in would be added, says -n, and adds nothing"):
        account.forget("")
        result = account.copy_id("-n", first=False)
        expect_equal(result.status, 0, result)
        expect(public in result.out.decode(), result)
        expect_equal(read(account.authorized_keys), "")
    with cases.case(f"{name}: a comment with quotes and commands runs nothing"):
        account.forget()
        nasty = "'; touch ran; ' \"$(touch ran)\" `touch ran` ${HOME} \\n %s *"
        key = account.new_key("id_nasty", nasty)
        for flags in (["-f"], ["-f", "-s"]):
            account.forget()
            result = account.copy_id(*flags, "-i", key)
            expect_equal(result.status, 0, result)
            account.expect_installed(read(key + ".pub"))
            expect_equal(sorted(os.listdir(account.home)), [".ssh"])


def which_keys(cases, workspace, account):
    public = read(account.key + ".pub")
    with cases.case("the same file as ssh-copy-id writes"):
        files = []
        for program in (our_program("glassh-copy-id"), find_program("ssh-copy-id")):
            account.forget("one line")
            result = account.run([program, "-f", "-i", account.key, *account.flags, *account.first, HOST])
            expect_equal(result.status, 0, result)
            expect("Number of key(s) added: 1\n" in result.out.decode(), result)
            files.append(read(account.authorized_keys))
        expect_equal(files[0], files[1])
    with cases.case("without -i and without an agent it is the newest default key"):
        newest = account.new_key("id_newest", "newest")
        os.utime(newest + ".pub", (4e9, 4e9))
        account.forget()
        expect_equal(account.copy_id("-f").status, 0)
        account.expect_installed(read(newest + ".pub"))
        os.remove(newest + ".pub")
    with cases.case("without -i it is the keys of the agent, all of them"):
        socket = workspace.fresh("agent")
        workspace.start([find_program("ssh-agent"), "-D", "-a", socket], stdout=subprocess.DEVNULL)
        agent = {"SSH_AUTH_SOCK": socket}
        other = account.new_key("id_other", "other")
        for key in (account.key, other):
            for _ in range(100):
                if workspace.run([find_program("ssh-add"), "-q", key], env=agent).status == 0:
                    break
        account.forget()
        result = account.copy_id("-f", env=agent)
        expect_equal(result.status, 0, result)
        account.expect_installed(public + read(other + ".pub"))


def wrong(cases, workspace, account):
    lonely = account.new_key("lonely", "lonely")
    os.remove(lonely)
    empty = workspace.fresh("empty-home")
    os.mkdir(empty)
    for what, arguments, words in (
        ("the private half is missing", ["-i", lonely], f"the private key {lonely}: No such file"),
        ("the public half is missing", ["-f", "-i", account.key + "-not"], "id_ed25519-not.pub"),
        ("a file is no public key", ["-f", "-i", workspace.file("no-key.pub", "hello\n")], "no-key.pub:1: expected a public key"),
        ("-i comes twice", ["-i", "a", "-i", "b"], "-i may be given only once"),
        ("there is no such flag", ["-z"], "usage: "),
    ):
        with cases.case(f"{what}: said, with exit status 1, and nothing is installed"):
            account.forget("")
            result = account.copy_id(*arguments)
            expect_equal(result.status, 1, result)
            expect(words in result.err, f"no '{words}' in", result)
            expect_equal(read(account.authorized_keys), "")
    with cases.case("no key anywhere: said, with exit status 1"):
        result = account.copy_id("-f", env={"HOME": empty})
        expect_equal(result.status, 1, result)
        expect("no identities found" in result.err, result)
    with cases.case("no server: said, with exit status 1"):
        for flags in ([], ["-f"], ["-f", "-s"]):
            result = account.run([our_program("glassh-copy-id"), *flags, "-i", account.key, "-F", "none", "-p", "1", HOST])
            expect_equal(result.status, 1, result)
            expect("Connection refused" in result.err and "ERROR" in result.err, result)
    with cases.case("an authorized_keys that cannot be read is not replaced over sftp"):
        account.forget()
        os.makedirs(account.authorized_keys)
        result = account.copy_id("-f", "-s")
        expect_equal(result.status, 1, result)
        expect(os.path.isdir(account.authorized_keys), result)
        os.rmdir(account.authorized_keys)


def first_contact(cases, workspace, account):
    with cases.case("at first contact the question comes through, on the terminal"):
        account.forget()
        known_hosts = workspace.fresh("known_hosts")
        flags = account.flags_of(client_options(workspace, account.server, key=None, known_hosts=known_hosts, batch=False))
        with Terminal(["/usr/bin/env", f"HOME={account.local}", our_program("glassh-copy-id"), "-f", "-i", account.key, *flags,
                       *account.first, HOST]) as terminal:
            terminal.answer("(yes/no/[fingerprint])? ", "yes")
            expect_equal(terminal.end(), 0, terminal.text)
        expect("Number of key(s) added: 1\n" in terminal.text, terminal.text)
        account.expect_installed(read(account.key + ".pub"))


def by_password(cases, workspace):
    home, local = workspace.fresh("remote-home"), workspace.fresh("local-home")
    os.mkdir(home)
    os.makedirs(os.path.join(local, ".ssh"), mode=0o700)
    authorized_keys = os.path.join(home, ".ssh", "authorized_keys")
    server = start_with_passwords(workspace, f'ForceCommand HOME={home} exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"',
                                  f"AuthorizedKeysFile {authorized_keys}", "KbdInteractiveAuthentication no")
    key = workspace.key("by-password")
    flags = ["-F", "none", "-p", str(server.port), "-o", f"UserKnownHostsFile={workspace.fresh('known_hosts')}",
             "-o", "GlobalKnownHostsFile=/dev/null"]
    program = ["/usr/bin/env", "-u", "SSH_AUTH_SOCK", f"HOME={local}", our_program("glassh-copy-id"), "-i", key, *flags, HOST]
    with cases.case("from nothing: the host is asked about, the password is asked for, and from then on the key logs in"):
        with Terminal(program) as terminal:
            terminal.answer("(yes/no/[fingerprint])? ", "yes")
            terminal.answer(prompt(), "wrong")
            terminal.answer(prompt(), PASSWORD)
            expect_equal(terminal.end(), 0, terminal.text)
        expect("1 key(s) remain" in terminal.text and "Number of key(s) added: 1\n" in terminal.text, terminal.text)
        expect_equal(read(authorized_keys), read(key + ".pub"))
        result = workspace.run(glassh(*flags, "-o", "BatchMode=yes", "-i", key, HOST, "exit 7"), env={"HOME": local})
        expect_equal(result.status, 7, result)
    with cases.case("once more: nobody is asked anything, and all keys are skipped"):
        with Terminal(program) as terminal:
            expect_equal(terminal.end(), 0, terminal.text)
        expect("all keys were skipped" in terminal.text and "?" not in terminal.text, terminal.text)
        expect_equal(read(authorized_keys), read(key + ".pub"))
    with cases.case("a password that stays wrong installs nothing, with exit status 1"):
        os.remove(authorized_keys)
        with Terminal(program) as terminal:
            for _ in range(3):
                terminal.answer(prompt(), "wrong")
            expect_equal(terminal.end(), 1, terminal.text)
        expect("ERROR: the keys were not installed" in terminal.text and not os.path.exists(authorized_keys), terminal.text)


def by_agent(cases, workspace, account):
    public = read(account.key + ".pub")
    at = account.flags.index("IdentityAgent=none")
    flags = account.flags[:at - 1] + account.flags[at + 1:]
    socket = workspace.fresh("agent")
    workspace.start([find_program("ssh-agent"), "-D", "-a", socket], stdout=subprocess.DEVNULL)
    agent = {"SSH_AUTH_SOCK": socket}

    def holds(key):
        workspace.run([find_program("ssh-add"), "-q", "-D"], env=agent)
        wait_until(lambda: workspace.run([find_program("ssh-add"), "-q", key], env=agent).status == 0, "the agent takes a key")

    with cases.case("a key of an agent lets in the one that is to be installed"):
        holds(account.first_key)
        account.forget()
        result = account.run([our_program("glassh-copy-id"), "-i", account.key, *flags, HOST], env=agent)
        expect_equal(result.status, 0, result)
        account.expect_installed(public)
    with cases.case("a key of the agent that logs in already is skipped"):
        holds(account.key)
        result = account.run([our_program("glassh-copy-id"), *flags, HOST], env=agent)
        expect_equal(result.status, 0, result)
        expect("all keys were skipped" in result.err, result)
        expect_equal(read(account.authorized_keys), public)


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("sshd and glasshd start and serve"):
            accounts = {kind: Account(workspace, kind) for kind in ("sshd", "glasshd")}
            for name, account in accounts.items():
                installing(cases, name, account)
            which_keys(cases, workspace, accounts["sshd"])
            wrong(cases, workspace, accounts["sshd"])
            first_contact(cases, workspace, accounts["sshd"])
            by_agent(cases, workspace, accounts["sshd"])
            by_password(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
