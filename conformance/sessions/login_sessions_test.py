"""What a session begins with: environment, greeting, rc file and terminal, on glasshd and on Debian's sshd, side by side.

A throwaway user has the account. glasshd runs as that user, without root, and sshd as root; OpenSSH's client logs in to both, and
what it sees must be the same.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, expect_log, find_program, glassh, ssh,
                   start_glasshd, start_sshd, wait_until)
from peers.logins import PASSWORD, crypt, password_file, with_passwords
from peers.people import become_root, person
from peers.raw_client import USERAUTH_FAILURE, RawClient, string, userauth_request
from peers.servers import HOLDINGS, UNTRACED, Server, free_port
from peers.terminal import Terminal
from peers.workspace import USER, end_process, our_program

HOST = "127.0.0.1"


class Host:
    """One server; `run` and `terminal` log in to the account."""

    def __init__(self, workspace, name, server, account):
        self.workspace, self.name, self.server, self.account = workspace, name, server, account

    def arguments(self, *command, flags=(), client=ssh):
        options = client_options(self.workspace, self.server, user=self.account.name)
        return client(*flags, *options, HOST, *command)

    def run(self, *command, flags=(), client=ssh, **how):
        return self.workspace.run(self.arguments(*command, flags=flags, client=client), **how)

    def terminal(self, *command, flags=("-t",)):
        return Terminal([flag for flag in self.arguments(*command, flags=flags) if flag != "-T"], env={"TERM": "vt220"})


def launch_as_account(workspace, account, *settings, under=()):
    """It may not be listening yet. `under` is a command that becomes glasshd."""
    directory = workspace.fresh("glasshd")
    os.mkdir(directory)
    shutil.copy(our_program("glasshd"), directory)
    key = shutil.copy(workspace.key("host-ed25519"), directory)
    os.chown(key, account.uid, account.gid)
    lines = [*settings, f"HostKey {key}", f"AuthorizedKeysFile {workspace.file('account-keys')}", "StrictModes no",
             "ListenAddress 127.0.0.1", "Port 0", "PidFile none", "LogLevel VERBOSE", "PerSourcePenalties no"]
    configuration = os.path.join(directory, "conf")
    with open(configuration, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    log_path = os.path.join(directory, "log")
    with open(log_path, "wb") as log:
        options = account.process_options()
        if under:
            options["env"] |= UNTRACED
        process = subprocess.Popen([*under, os.path.join(directory, "glasshd"), "-D", "-e", "-f", configuration], stderr=log,
                                   stdin=subprocess.DEVNULL, **options)
    workspace.at_end(lambda: end_process(process))
    return Server(workspace, process, log_path)


def listening_port(server):
    found = re.search(r"^Server listening on 127\.0\.0\.1 port (\d+)\.", server.log(), re.MULTILINE)
    return found and int(found[1])


def start_as_account(workspace, account, *settings):
    server = launch_as_account(workspace, account, *settings)
    server.port = wait_until(lambda: listening_port(server), "glasshd listens", server.log_tail)
    server.tells_holdings = True
    server.log()  # waits until it serves: then it has the threads that it always has
    return server


def authorize(workspace, options=""):
    """The key of both servers' only user."""
    path = workspace.file("account-keys", f"{options} {workspace.public_key('user-ed25519')}\n".lstrip())
    os.chmod(path, 0o644)


def start_both(workspace, account, *settings):
    keys = f"AuthorizedKeysFile {workspace.file('account-keys')}"
    sshd = start_sshd(workspace, [*settings, "PermitUserRC yes", "PrintMotd yes", keys], host_kinds=("ed25519",))
    return (Host(workspace, "sshd", sshd, account),
            Host(workspace, "glasshd", start_as_account(workspace, account, *settings), account))


def same(hosts, *command, expected_part="", **how):
    """Both show the same; returns it."""
    results = [host.run(*command, **how) for host in hosts]
    said = [(result.status, result.out.decode(), result.err) for result in results]
    expect(said[0] == said[1] and expected_part in said[0][1] + said[0][2], *results, hosts[1].server.log_tail)
    return said[0]


def environment_of(text):
    """Without what differs from one connection to the next."""
    text = re.sub(r"(SSH_C\w+=\S+) \d+", r"\1 PORT", text.replace("\r", ""))
    text = re.sub(r"PORT (\S+ )?\d+$", "PORT", text, flags=re.MULTILINE)
    return sorted(line for line in text.split("\n") if "=" in line)


def environments(cases, workspace, account):
    with cases.case("the environment, over pipes and on a terminal, is sshd's"):
        hosts = start_both(workspace, account, "SetEnv GLASSH_SET=1 LANG=C.UTF-8 SSH_TTY=none", "AcceptEnv GLASSH_A SHLVL")
        flags = ["-o", "SendEnv=GLASSH_A GLASSH_B", "-o", "SetEnv=GLASSH_SET=2"]
        results = [host.run("env", flags=flags, env={"GLASSH_A": "a", "GLASSH_B": "b"}).out.decode() for host in hosts]
        expect_equal(environment_of(results[1]), environment_of(results[0]))
        texts = []
        for host in hosts:
            with host.terminal("env; test -t 0 -a $SSH_TTY = $(tty) || echo wrong=terminal") as terminal:
                expect_equal(terminal.end(), 0, terminal.text)
            texts.append(environment_of(re.sub(r"pts/\d+", "pts/N", terminal.text)))
        expect_equal(texts[1], texts[0])
        terms = []
        for host in start_both(workspace, account, "SetEnv TERM=ours DISPLAY=:7 SSH_AUTH_SOCK=/none"):
            with host.terminal("env | grep -e ^TERM= -e ^DISPLAY= -e ^SSH_AUTH | sort", flags=("-t", "-A")) as terminal:
                expect_equal(terminal.end(), 0, terminal.text)
            terms.append(terminal.text.split("Connection")[0].split())
        expect_equal(terms, [["DISPLAY=:7", "SSH_AUTH_SOCK=/none", "TERM=ours"]] * 2)
        expect("TERM=vt220" in texts[0] and "SSH_TTY=/dev/pts/N" in texts[0] and "GLASSH_SET=1" in texts[0], texts[0])
    with cases.case("~/.ssh/environment is read where PermitUserEnvironment says so"):
        account.write(".ssh/environment", "GLASSH_A=of the file\n# no\n\nno variable\nPATH=/usr/bin:/of/the/file\nGLASSH_SET=file\n")
        authorize(workspace, 'environment="GLASSH_A=of the key",environment="GLASSH_B=key"')
        command = 'echo "$GLASSH_A|$GLASSH_B|$PATH|$GLASSH_SET"'
        hosts = start_both(workspace, account, "PermitUserEnvironment yes", "SetEnv GLASSH_SET=config")
        said = same(hosts, command, expected_part="of the file|key|/usr/bin:/of/the/file|config\n")
        expect_equal(said[2], f"Bad line 4 in {account.file('.ssh/environment')}\n")
        hosts = start_both(workspace, account, "PermitUserEnvironment GLASSH_B")
        same(hosts, command, expected_part="|key|/usr/local/bin")
        authorize(workspace)
        os.unlink(account.file(".ssh/environment"))
    # Past vulnerability 86: a * in the wrong place lets in what makes a program run other code.
    with cases.case("AcceptEnv: a pattern that ends in * lets in what begins so, and nothing else"):
        hosts = start_both(workspace, account, "AcceptEnv GLASSH_*")
        sent = {"GLASSH_": "1", "GLASSH": "2", "XGLASSH_A": "3", "LD_PRELOAD_": "4", "_POSIX2_VERSION": "5", "glassh_a": "6"}
        flags = ["-o", "SendEnv=" + " ".join(sent)]
        same(hosts, "env | grep -i -e ^x*glassh -e ^ld_ -e ^_posix", flags=flags, env=sent, expected_part="GLASSH_=1\n")
        for host in hosts:
            lines = host.run("env | grep -ci -e ^x*glassh -e ^ld_ -e ^_posix", flags=flags, env=sent).out.decode()
            expect_equal(lines.split()[0], "1", host.name)


def greetings(cases, workspace, account):
    hosts = start_both(workspace, account)

    def login(host):
        with host.terminal(flags=()) as terminal:
            terminal.answer("$ ", "exit 6")
            expect_equal(terminal.end(), 6, terminal.text, host.server.log_tail)
        return terminal.text[:terminal.text.index("$ ")].replace("\r", "")  # sshd has one too many

    with cases.case("a login shell greets with the last login and the message of the day"):
        login(hosts[0])
        texts = [login(host) for host in hosts]
        with open("/etc/motd", encoding="utf-8") as file:
            motd = file.read()
        for text in texts:
            expect(re.match(r"Last login: \w+ \w+ [ \d]\d [\d:]{8} \d+ from 127\.0\.0\.1\n", text), text)
        expect_equal(*(text[text.index("\n") + 1:] for text in texts))
        expect(motd in texts[1], texts[1])
    with cases.case("~/.hushlogin silences that"):
        account.write(".hushlogin", "")
        expect_equal([login(host) for host in hosts], ["", ""])
        os.unlink(account.file(".hushlogin"))
    with cases.case("PrintMotd no and PrintLastLog no leave nothing to say"):
        quiet = start_as_account(workspace, account, "PrintMotd no", "PrintLastLog no")
        expect_equal(login(Host(workspace, "glasshd", quiet, account)), "")


def rc_files(cases, workspace, account):
    account.write(".ssh/rc", "echo \"rc of $USER, tty: $(tty)\"; echo to stderr >&2; read line || echo no input\n")
    hosts = start_both(workspace, account)
    with cases.case("~/.ssh/rc runs before a command, a shell and on a terminal; its output is the session's"):
        expect_equal(same(hosts, "echo the command; exit 3"),
                     (3, f"rc of {account.name}, tty: not a tty\nno input\nthe command\n", "to stderr\n"))
        same(hosts, input=b"echo in the shell; exit 4\n", expected_part="no input\nin the shell\n")
        for host in hosts:
            with host.terminal("echo the command; exit 5") as terminal:
                expect_equal(terminal.end(), 5, terminal.text)
            expect(terminal.text.startswith(f"rc of {account.name}, tty: not a tty\nto stderr\nno input\nthe command\n"),
                   host.name, terminal.text)
    with cases.case("~/.ssh/rc does not run for subsystems, with PermitUserRC no, no-user-rc and ForceCommand"):
        subsystems = start_both(workspace, account, "Subsystem say /bin/echo said")
        same(subsystems, "say", flags=["-s"], expected_part="said\n")
        authorize(workspace, "no-user-rc")
        same(hosts, "echo only this", expected_part="only this\n")
        authorize(workspace, 'command="echo forced by the key"')
        same(hosts, "echo asked for", expected_part="no input\nforced by the key\n")
        authorize(workspace)
        same(start_both(workspace, account, "ForceCommand echo forced"), "echo asked for", expected_part="forced\n")
        without = Host(workspace, "glasshd", start_as_account(workspace, account, "PermitUserRC no"), account)
        expect_equal(without.run("echo only this").out, b"only this\n")
    with cases.case("~/.ssh/rc may use the agent that is forwarded on the connection that waits for it"):
        agent = workspace.file("agent")
        workspace.start([find_program("ssh-agent"), "-D", "-a", agent], stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(agent), "the agent listens")
        account.write(".ssh/rc", "ssh-add -l; echo $? from rc\n")
        for host in hosts:
            arguments = [flag.replace("IdentityAgent=none", f"IdentityAgent={agent}")
                         for flag in host.arguments("echo the command", flags=("-A",))]
            result = workspace.run(arguments, timeout=PATIENCE)
            expect_equal(result.out, b"The agent has no identities.\n1 from rc\nthe command\n", host.name, result)
    with cases.case("a client that goes while ~/.ssh/rc runs takes it along"):
        account.write(".ssh/rc", "echo $$; sleep 1000\n")
        glasshd = hosts[1]
        client = workspace.start(glasshd.arguments("echo never"), stdout=subprocess.PIPE)
        pid = int(client.stdout.readline())
        client.kill()
        client.wait()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the rc file's shell is gone", glasshd.server.log_tail)
        wait_until(lambda: not glasshd.server.children(), "it is reaped", glasshd.server.children)
    os.unlink(account.file(".ssh/rc"))


# Past vulnerability 75: fork(2) fails, and the number -1 must not become everybody's.
def no_more_processes(cases, workspace, account):
    host = Host(workspace, "glasshd", start_as_account(workspace, account), account)

    def limit_processes(number):
        subprocess.run([find_program("prlimit"), "--pid", str(host.server.process.pid), f"--nproc={number}:"], check=True,
                       **account.process_options())

    with cases.case("no more processes: the command fails, nobody else is signalled, and the server serves on"):
        bystander = subprocess.Popen([find_program("sleep"), "1000"], **account.process_options())
        try:
            limit_processes("1")
            for flags in ((), ("-tt",)):
                result = host.run("echo started", flags=flags)
                expect_equal((result.status, b"started" in result.out), (255, False), result)
                expect("exec request failed on channel 0" in result.err, result)
            expect_log(host.server, "cannot start command")
            limit_processes("1000")
            expect_equal(host.run("echo started").out, b"started\n", host.server.log_tail)
            expect_equal(bystander.poll(), None, "a process of the same user was killed")
        finally:
            end_process(bystander)


def too_few_threads(cases, workspace, account):
    """`account` runs nothing else, so the limit is that of glasshd's threads."""
    path = password_file(workspace, f"{account.name}:{crypt(PASSWORD)}")
    os.chown(path, account.uid, account.gid)
    with cases.case("too few threads for a start are an error, however many there are"):
        for number in range(1, 100):
            server = launch_as_account(workspace, account, *with_passwords(path), under=(find_program("prlimit"), f"--nproc={number}"))
            if wait_until(lambda: serves_or_ended(server), "glasshd serves or ends", server.log_tail) == "serves":
                break
            expect_equal(server.process.returncode, 255, number, server.log_tail)
            expect("glasshd: cannot start a thread: Resource temporarily unavailable" in server.log(), number, server.log_tail)
        expect(number > 3, "glasshd has several threads", number)
    with cases.case("one more is enough, also for a password"):
        server.port = listening_port(server)
        with RawClient(server.port).exchange_keys().ask_for_userauth() as client:
            client.send(userauth_request(b"password", b"\0" + string(b"wrong"), user=account.name.encode()))
            client.receive_until(USERAUTH_FAILURE)
        expect_log(server, f"Failed password for {account.name} from 127.0.0.1 port ")
        server.stop()
        expect_equal(server.process.returncode, 0, server.log_tail)


def serves_or_ended(server):
    if server.process.poll() is not None:
        return "ended"
    if listening_port(server):
        server.process.send_signal(signal.SIGUSR1)  # answered by its last thread
    with open(server.log_path, encoding="utf-8") as file:
        return "serves" if HOLDINGS.search(file.read()) else None


def terminals_of_root(cases, workspace):
    """Both servers as root, whose terminals are given away."""
    servers = [start_sshd(workspace, []), start_glasshd(workspace, ["PermitRootLogin yes"])]
    with cases.case("a terminal belongs to its user and the group tty, with sshd's mode"):
        seen = []
        for server in servers:
            options = [flag for flag in client_options(workspace, server) if flag != "-T"]
            with Terminal(ssh("-t", *options, HOST, "stat -c 'is %U:%G %a' $(tty)")) as terminal:
                expect_equal(terminal.end(), 0, terminal.text)
            seen += re.findall(r"^is .*", terminal.text, re.MULTILINE)
        expect_equal(seen, [f"is {USER}:tty 620"] * 2)


def privileged_ports(cases, workspace, account):
    """Whatever the kernel of this machine permits: ip_unprivileged_port_start may be 0."""
    host = Host(workspace, "glasshd", start_as_account(workspace, account), account)
    with cases.case("a user's forwards listen at ports from 1024 on, and not below [4254-7.1-2]"):
        for port, status in ((1023, 255), (1, 255), (free_port(), 3)):
            result = host.run("exit 3", flags=["-o", "ExitOnForwardFailure=yes", "-R", f"localhost:{port}:127.0.0.1:1"])
            expect_equal(result.status, status, port, result, host.server.log_tail)
        expect_log(host.server, "remote forward of localhost port 1023 refused", "remote forward of localhost port 1 refused")


def keepalives(cases, workspace, account):
    host = Host(workspace, "glasshd", start_as_account(workspace, account), account)
    for name, client in (("ssh", ssh), ("glassh", glassh)):
        with cases.case(f"{name}: keepalives are answered, and the connection lives"):
            alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=3"]
            result = host.run("sleep 5; echo alive", flags=alive, client=client)
            expect_equal((result.status, result.out), (0, b"alive\n"), result)


# RFC 4335: [4335-3-4] [4335-3-6]. sshd answers that there was one, and does nothing.
def breaks(cases, workspace, account):
    host = Host(workspace, "glasshd", start_as_account(workspace, account), account)
    command = "stty brkint; trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.02; done"
    for name, client in (("ssh", ssh), ("glassh", glassh)):
        with cases.case(f"{name}: ~B interrupts what runs on a terminal that wants that"):
            arguments = [flag for flag in host.arguments(command, flags=("-t",), client=client) if flag != "-T"]
            with Terminal(arguments) as terminal:
                terminal.answer("ready", "~B", end="")
                expect_equal(terminal.end(), 5, terminal.text)
            expect("interrupted" in terminal.text, terminal.text)


def main():
    become_root()
    cases = Cases()
    with contextlib.ExitStack() as stack:
        workspace = stack.enter_context(Workspace())
        os.chmod(workspace.path, 0o755)
        account = stack.enter_context(person(workspace.path, "account"))
        os.mkdir(account.file(".ssh"))
        os.chown(account.file(".ssh"), account.uid, account.gid)
        authorize(workspace)
        for part in (environments, greetings, rc_files, no_more_processes, privileged_ports, keepalives, breaks):
            part(cases, workspace, account)
        too_few_threads(cases, workspace, stack.enter_context(person(workspace.path, "crowded")))
        terminals_of_root(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
