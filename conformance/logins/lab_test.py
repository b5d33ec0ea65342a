"""The lab on identity, from first contact to an agent that asks: what a student does, on real terminals.

Two throwaway users: one sits at the client, the other has the account on the server. Three rounds: our programs at both
ends, OpenSSH's client programs against glasshd, and ours against Debian's sshd, which runs as root. glasshd runs as the
account's owner, without root, and takes passwords from a PasswordFile.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, expect_equal, find_program, wait_until
from peers.people import become_root, person
from peers.servers import Server, free_port, need_separation_directory, sshd_without_penalties
from peers.terminal import Terminal
from peers.workspace import Result, end_process, our_program

OURS = ("glassh", "glassh-keygen", "glassh-agent", "glassh-add", "glassh-copy-id")
QUESTION = "(yes/no/[fingerprint])? "
PASSWORD = "correct horse"
PASSPHRASE = "battery staple"
HOST = "127.0.0.1"


class Programs:
    """One family of client programs: ssh, keygen, agent, add and copy_id are paths."""

    def __init__(self, family, directory):
        self.family = family
        for name in ("ssh", "keygen", "agent", "add", "copy_id"):
            ending = "" if name == "ssh" else "-" + name.replace("_", "-")
            path = os.path.join(directory, "glassh" + ending) if family == "glassh" else find_program("ssh" + ending)
            setattr(self, name, path)


class Lab:
    """A client's user, a server's user, and one server; the steps follow one another as in a lesson."""

    def __init__(self, workspace, directory, programs, server_kind, client, account):
        self.workspace, self.directory, self.programs, self.kind = workspace, directory, programs, server_kind
        self.client, self.account = client, account
        self.name = f"{programs.family} to {server_kind}"
        self.server = self.start_server("first")
        self.key = client.file(".ssh/id_ed25519")

    # ---- the server

    def start_server(self, name):
        host_key = os.path.join(self.directory, f"host-{name}")
        subprocess.run([find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", host_key], check=True)
        log_path = os.path.join(self.directory, f"{name}.log")
        with open(log_path, "wb") as log:
            os.chmod(log_path, 0o644)
            start = self.start_glasshd if self.kind == "glasshd" else self.start_sshd
            process, port = start(name, host_key, log, log_path)
        server = Server(self.workspace, process, log_path, port)
        server.tells_holdings = self.kind == "glasshd"
        return server

    def start_glasshd(self, name, host_key, log, log_path):
        for path in (host_key, host_key + ".pub"):
            os.chown(path, self.account.uid, self.account.gid)
        passwords = self.account.write("passwords", self.password_line(), 0o600)
        lines = [f"HostKey {host_key}", "ListenAddress 127.0.0.1", "Port 0", "PidFile none", "LogLevel VERBOSE",
                 "PerSourcePenalties no", "PasswordAuthentication yes", "KbdInteractiveAuthentication no", f"PasswordFile {passwords}"]
        configuration = self.account.write(f"{name}.conf", "\n".join(lines) + "\n", 0o600)
        program = os.path.join(self.directory, "bin", "glasshd")
        process = subprocess.Popen([program, "-D", "-e", "-f", configuration], stderr=log, stdin=subprocess.DEVNULL,
                                   **self.account.process_options())
        self.workspace.at_end(lambda: end_process(process))
        pattern = re.compile(r"^Server listening on 127\.0\.0\.1 port (\d+)\.", re.MULTILINE)

        def listening():
            with open(log_path, encoding="utf-8") as file:
                text = file.read()
            expect_equal(process.poll(), None, text)
            return pattern.search(text)

        return process, int(wait_until(listening, "glasshd listens")[1])

    def password_line(self):
        words = [os.path.join(self.directory, "bin", "glassh-keygen"), "--password", self.account.name, "-N", PASSWORD]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    def start_sshd(self, name, host_key, log, log_path):
        need_separation_directory(self.workspace)
        for _ in range(5):
            port = free_port()
            lines = [f"HostKey {host_key}", f"ListenAddress 127.0.0.1:{port}", "PidFile none", "LogLevel VERBOSE", "UsePAM no",
                     "PasswordAuthentication yes", "KbdInteractiveAuthentication no", f"AllowUsers {self.account.name}", *sshd_without_penalties()]
            configuration = os.path.join(self.directory, f"{name}.conf")
            with open(configuration, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            process = self.workspace.start([find_program("sshd"), "-D", "-e", "-f", configuration], stderr=log)

            def settled():
                with open(log_path, encoding="utf-8") as file:
                    return process.poll() is not None or "Server listening on" in file.read()

            wait_until(settled, "sshd listens")
            if process.poll() is None:
                break
        return process, port

    # ---- the client

    def ssh(self, *flags, command="exit 42", server=None):
        port = (server or self.server).port
        return [self.programs.ssh, "-p", str(port), *flags, f"{self.account.name}@{HOST}", command]

    def terminal(self, arguments, env=None):
        return Terminal(arguments, person=self.client, env=env)

    def run(self, arguments, env=None, input=b""):
        options = self.client.process_options()
        options["env"].update(env or {})
        done = subprocess.run(arguments, input=input, capture_output=True, timeout=60, check=False, **options)
        return Result(arguments, done.returncode, done.stdout, done.stderr)

    def without_asking(self, *flags, env=None, **how):
        return self.run(self.ssh("-o", "BatchMode=yes", *flags, **how), env=env)

    def known_hosts(self):
        path = self.client.file(".ssh/known_hosts")
        return self.client.read(".ssh/known_hosts") if os.path.exists(path) else ""

    def log_since(self, mark):
        return self.server.log()[mark:]

    def logs_in(self, result):
        expect_equal(result.status, 42, result, self.server.log_tail)

    def is_refused(self, result):
        expect_equal(result.status, 255, result, self.server.log_tail)
        expect("Permission denied (" in result.err, result)


# ---- the steps

def first_contact(cases, lab):
    with cases.case(f"{lab.name}: first contact, answered with no: nothing is remembered"):
        with lab.terminal(lab.ssh()) as terminal:
            terminal.answer(QUESTION, "no")
            expect_equal(terminal.end(), 255, terminal.text)
        expect("Host key verification failed." in terminal.text, terminal.text)
        expect_equal(lab.known_hosts(), "")
    with cases.case(f"{lab.name}: first contact, answered with yes; a wrong password, then the right one"):
        with lab.terminal(lab.ssh()) as terminal:
            terminal.answer(QUESTION, "yes")
            terminal.answer(f"{lab.account.name}@{HOST}'s password: ", "wrong")
            expect("Permission denied, please try again." not in terminal.text, terminal.text)
            terminal.answer(f"{lab.account.name}@{HOST}'s password: ", PASSWORD)
            expect_equal(terminal.end(), 42, terminal.text, lab.server.log_tail)
        expect("Permission denied, please try again." in terminal.text, terminal.text)
        expect(PASSWORD not in terminal.text, "the password shows:", terminal.text)
        expect("Permanently added" in terminal.text and "ssh-ed25519" in lab.known_hosts(), terminal.text)
    with cases.case(f"{lab.name}: first contact, answered with the fingerprint"):
        os.unlink(lab.client.file(".ssh/known_hosts"))
        shown = subprocess.run([find_program("ssh-keygen"), "-l", "-f", os.path.join(lab.directory, "host-first.pub")],
                               check=True, capture_output=True, text=True).stdout.split()[1]
        with lab.terminal(lab.ssh()) as terminal:
            terminal.answer(QUESTION, shown)
            terminal.answer("password: ", PASSWORD)
            expect_equal(terminal.end(), 42, terminal.text, lab.server.log_tail)
        expect("ssh-ed25519" in lab.known_hosts(), terminal.text)


def changed_host_key(cases, lab):
    name = f"[{HOST}]:{lab.server.port}"
    with cases.case(f"{lab.name}: a changed host key is refused with file and line, and -R removes the old one"):
        with open(os.path.join(lab.directory, "host-other.pub"), encoding="utf-8") as file:
            lab.client.write(".ssh/known_hosts", f"# mine\n{name} {' '.join(file.read().split()[:2])}\n", 0o600)
        result = lab.run(lab.ssh())
        expect_equal(result.status, 255, result)
        for words in ("REMOTE HOST IDENTIFICATION HAS CHANGED!", f"{lab.client.file('.ssh/known_hosts')}:2", "-R"):
            expect(words in result.err, f"no '{words}' in:", result)
        removed = lab.run([lab.programs.keygen, "-R", name])
        expect_equal(removed.status, 0, removed)
        expect_equal(lab.known_hosts(), "# mine\n")
        with lab.terminal(lab.ssh()) as terminal:
            terminal.answer(QUESTION, "yes")
            terminal.answer("password: ", PASSWORD)
            expect_equal(terminal.end(), 42, terminal.text, lab.server.log_tail)


def make_and_copy_key(cases, lab):
    with cases.case(f"{lab.name}: a key is made, its files are private"):
        with lab.terminal([lab.programs.keygen, "-t", "ed25519"]) as terminal:
            terminal.answer(f"Enter file in which to save the key ({lab.key}): ", "")
            terminal.answer("Enter passphrase", "")
            terminal.answer("Enter same passphrase again: ", "")
            expect_equal(terminal.end(), 0, terminal.text)
        modes = [oct(lab.client.mode(name)) for name in (".ssh", ".ssh/id_ed25519", ".ssh/id_ed25519.pub")]
        expect_equal(modes, ["0o700", "0o600", "0o644"], terminal.text)
        expect("SHA256:" in terminal.text and "+--[ED25519 256]--+" in terminal.text, terminal.text)
    with cases.case(f"{lab.name}: copy-id brings it to the server, and keeps what is there"):
        os.makedirs(lab.account.file(".ssh"), exist_ok=True)
        os.chown(lab.account.file(".ssh"), lab.account.uid, lab.account.gid)
        lab.account.write(".ssh/authorized_keys", "# somebody's comment", 0o644)  # without an end of line
        arguments = [lab.programs.copy_id, "-p", str(lab.server.port), f"{lab.account.name}@{HOST}"]
        with lab.terminal(arguments) as terminal:
            terminal.answer("password: ", PASSWORD)
            expect_equal(terminal.end(), 0, terminal.text, lab.server.log_tail)
        expect("Number of key(s) added: 1" in terminal.text, terminal.text)
        lines = lab.account.read(".ssh/authorized_keys").splitlines()
        expect_equal((lines[0], lines[1:]), ("# somebody's comment", [lab.client.read(".ssh/id_ed25519.pub").strip()]))
        lab.logs_in(lab.without_asking())
        again = lab.run(arguments)
        expect("all keys were skipped" in (again.out.decode() + again.err).lower(), again)
        expect_equal(len(lab.account.read(".ssh/authorized_keys").splitlines()), 2)


def file_modes(cases, lab):
    with cases.case(f"{lab.name}: ~ and ~/.ssh may be 711"):
        for path in (lab.account.home, lab.account.file(".ssh"), lab.client.home, lab.client.file(".ssh")):
            os.chmod(path, 0o711)
        lab.logs_in(lab.without_asking())
        for path in (lab.account.file(".ssh"), lab.client.file(".ssh")):
            os.chmod(path, 0o700)
    for name, mode in ((".ssh/authorized_keys", 0o666), (".ssh", 0o777), ("", 0o777)):
        shown = f"~/{name}".rstrip("/")
        with cases.case(f"{lab.name}: {shown} {mode:o} on the server: refused, and its log says which file"):
            before = lab.account.mode(name)
            mark = len(lab.server.log())
            os.chmod(lab.account.file(name), mode)
            lab.is_refused(lab.without_asking())
            os.chmod(lab.account.file(name), before)
            path = lab.account.file(name).rstrip("/")
            words = [f"{path} has mode {mode:04o}"] if lab.kind == "glasshd" else ["bad ownership or modes", path]
            wait_until(lambda: all(word in lab.log_since(mark) for word in words), f"{words} in the log", lab.server.log_tail)
            lab.logs_in(lab.without_asking())
    with cases.case(f"{lab.name}: a private key of mode 644 is refused, and the client says why"):
        os.chmod(lab.key, 0o644)
        result = lab.without_asking()
        os.chmod(lab.key, 0o600)
        lab.is_refused(result)
        for words in ("UNPROTECTED PRIVATE KEY FILE!", "0644", lab.key):
            expect(words in result.err, f"no '{words}' in:", result)


def passphrase(cases, lab):
    with cases.case(f"{lab.name}: the key gets a passphrase, which a login then asks for"):
        with lab.terminal([lab.programs.keygen, "-p", "-f", lab.key]) as terminal:
            terminal.answer("Enter new passphrase (empty for no passphrase): ", PASSPHRASE)
            terminal.answer("Enter same passphrase again: ", PASSPHRASE)
            expect_equal(terminal.end(), 0, terminal.text)
        lab.is_refused(lab.without_asking())
        with lab.terminal(lab.ssh()) as terminal:
            terminal.answer(f"Enter passphrase for key '{lab.key}': ", "wrong")
            terminal.answer(f"Enter passphrase for key '{lab.key}': ", PASSPHRASE)
            expect_equal(terminal.end(), 42, terminal.text)


@contextlib.contextmanager
def agent(lab, env=None):
    """What `eval $(ssh-agent)` does to a shell: the two variables. The agent ends with the block."""
    started = lab.run([lab.programs.agent, "-s"], env=env)
    expect_equal(started.status, 0, started)
    variables = dict(re.findall(r"(SSH_[A-Z_]+)=([^;]+);", started.out.decode()))
    expect_equal(sorted(variables), ["SSH_AGENT_PID", "SSH_AUTH_SOCK"], started)
    try:
        expect_equal(os.stat(os.path.dirname(variables["SSH_AUTH_SOCK"])).st_mode & 0o777, 0o700)
        yield variables
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(variables["SSH_AGENT_PID"]), signal.SIGTERM)
        wait_until(lambda: not os.path.exists(variables["SSH_AUTH_SOCK"]), "the agent's socket is gone")


def add_key(lab, variables, *flags):
    with lab.terminal([lab.programs.add, *flags, lab.key], env=variables) as terminal:
        terminal.answer(f"Enter passphrase for {lab.key}", PASSPHRASE)
        expect_equal(terminal.end(), 0, terminal.text)
    expect("Identity added: " in terminal.text, terminal.text)


def with_agent(cases, lab):
    with cases.case(f"{lab.name}: an agent holds the key; a second terminal without its variables has to ask"):
        with agent(lab) as variables:
            add_key(lab, variables)
            listed = lab.run([lab.programs.add, "-l"], env=variables)
            expect_equal((listed.status, b"(ED25519)" in listed.out), (0, True), listed)
            lab.logs_in(lab.without_asking(env=variables))
            lab.is_refused(lab.without_asking())
            with lab.terminal(lab.ssh()) as terminal:
                terminal.answer(f"Enter passphrase for key '{lab.key}': ", PASSPHRASE)
                expect_equal(terminal.end(), 42, terminal.text)
            gone = lab.run([lab.programs.agent, "-k"], env=variables)
            expect_equal(gone.status, 0, gone)
        lab.is_refused(lab.without_asking(env=variables))


def cascade(lab, hosts, forward="-A"):
    """The command for the first host that goes on to the others and says there how far it came."""
    command = "echo at-host-$GLASSH_LAB; exit 42"
    for host in reversed(hosts):
        trusting = "-o StrictHostKeyChecking=accept-new -o BatchMode=yes -o LogLevel=ERROR"
        command = f"{lab.programs.ssh} {forward} {trusting} -p {host.port} {lab.account.name}@{HOST} '{command}'" \
            if "'" not in command else \
            f"{lab.programs.ssh} {forward} {trusting} -p {host.port} {lab.account.name}@{HOST} \"{command}\""
    return command


def three_hosts(cases, lab, others):
    asker = lab.client.write("asker", "#!/bin/sh\necho \"$1\" >> \"$HOME/asked\"\nexec cat \"$HOME/answer\" | grep -q yes\n", 0o755)
    with cases.case(f"{lab.name}: -A carries the agent over three hosts; without it the second refuses"):
        with agent(lab) as variables:
            add_key(lab, variables)
            result = lab.without_asking("-A", env=variables, command=cascade(lab, others))
            expect_equal((result.status, result.out), (42, b"at-host-\n"), result, lab.server.log_tail)
            result = lab.without_asking("-a", env=variables, command=cascade(lab, others))
            expect_equal(result.status, 255, result)
            expect("Permission denied (" in result.err, result)
            left = [path for path in os.listdir("/tmp") if path.startswith("ssh-")
                    and os.stat(os.path.join("/tmp", path)).st_uid == lab.account.uid]
            expect_equal(left, [], "sockets of forwarded agents that nobody removed")
    with cases.case(f"{lab.name}: an agent that asks before each use, on this host and on the others"):
        asking = {"SSH_ASKPASS": asker, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        with agent(lab, env=asking) as variables:
            add_key(lab, variables, "-c")
            lab.client.write("answer", "yes\n")
            lab.client.write("asked", "")
            lab.logs_in(lab.without_asking(env=variables))
            expect_equal(len(re.findall("Allow use of key", lab.client.read("asked"))), 1, lab.client.read("asked"))
            result = lab.without_asking("-A", env=variables, command=cascade(lab, others))
            expect_equal(result.status, 42, result, lab.server.log_tail)
            expect_equal(len(re.findall("Allow use of key", lab.client.read("asked"))), 4, lab.client.read("asked"))
            lab.client.write("answer", "no\n")
            lab.is_refused(lab.without_asking(env=variables))


def lesson(cases, workspace, directory, family, kind):
    os.mkdir(directory)
    os.chmod(directory, 0o755)
    bin_directory = os.path.join(directory, "bin")  # where both users can get at our programs
    os.mkdir(bin_directory)
    for name in ("glasshd", *OURS):
        shutil.copy(our_program(name), bin_directory)
    path = f"{bin_directory}:/usr/bin:/bin"
    with person(directory, "client", path=path) as client, \
            person(directory, "account", password=PASSWORD, path=path) as account:
        with cases.case(f"{family} to {kind}: the servers start"):
            lab = Lab(workspace, directory, Programs(family, bin_directory), kind, client, account)
            others = [lab.start_server("second"), lab.start_server("third")]
            subprocess.run([find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f",
                            os.path.join(directory, "host-other")], check=True)
        first_contact(cases, lab)
        changed_host_key(cases, lab)
        make_and_copy_key(cases, lab)
        file_modes(cases, lab)
        passphrase(cases, lab)
        with_agent(cases, lab)
        three_hosts(cases, lab, others)
        for server in (lab.server, *others):
            expect_equal(server.process.poll(), None, server.log_tail)
            server.stop()
        time.sleep(0.1)


def main():
    become_root()
    cases = Cases()
    with tempfile.TemporaryDirectory(prefix="glassh-lab-") as top:
        os.chmod(top, 0o755)
        for number, (family, kind) in enumerate((("glassh", "glasshd"), ("ssh", "glasshd"), ("glassh", "sshd"))):
            with Workspace() as workspace:
                lesson(cases, workspace, os.path.join(top, str(number)), family, kind)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
