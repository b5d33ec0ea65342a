"""glassh at a terminal: what ssh shows there, glassh shows too, with sshd and with glasshd; and the terminal is given back.

Screens are compared with ssh's own. Whatever ends the client, the terminal is as it was: a person's shell would not be told.
"""

import os
import re
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, glassh, ssh, start_glasshd,
                   start_sshd, wait_until)
from peers import job as job_module
from peers.servers import free_port
from peers.terminal import Terminal

SHELL = "TERM=dumb PS1='there> ' exec bash --norc --noprofile -i"
PROMPT = "there> "
QUIET = {"TERM": "dumb"}


class Scene:
    def __init__(self, workspace, server, name):
        self.workspace, self.server, self.name = workspace, server, name

    def arguments(self, client, *flags, command=()):
        options = [flag for flag in client_options(self.workspace, self.server) if flag != "-T"]
        return client(*options, "-o", "LogLevel=INFO", *flags, "127.0.0.1", *command)

    def terminal(self, client, *flags, command=(), **options):
        """On a terminal of its own."""
        return Terminal(self.arguments(client, *flags, command=command), **{"env": QUIET, **options})

    def shell(self, client, *flags, **options):
        terminal = self.terminal(client, "-t", *flags, command=(SHELL,), **options)
        terminal.see(PROMPT)
        return terminal

    def screen(self, client, *flags, command=(), typed=(), **options):
        """Its exit status and all that it shows; `typed`: pairs of what to wait for and what to type then."""
        with self.terminal(client, *flags, command=command, **options) as terminal:
            for text, keys in typed:
                terminal.see(text)
                terminal.type(keys)
            return terminal.end(), terminal.text

    def log_tail(self):
        return self.server.log_tail()


class Job(Terminal):
    """The client as a shell's job, in a session of another process's."""

    def __init__(self, scene, client, *flags, command=(SHELL,)):
        arguments = scene.arguments(client, *flags, command=command)
        super().__init__([sys.executable, job_module.__file__, *arguments], env=QUIET)
        self.see("job ")
        self.pid = int(self.see("\n"))


def expect_same(got, wanted, *details):
    """Which pseudo-terminal it is, is chance: other tests have some too."""
    expect_equal(*(re.sub(r"/dev/pts/\d+", "/dev/pts/N", str(each)) for each in (got, wanted)), *details)


def same_screens(cases, scene):
    """ssh's and ours, on the same server."""
    def same(text, *flags, **how):
        with cases.case(f"{scene.name}: {text}"):
            wanted, got = (scene.screen(client, *flags, **how) for client in (ssh, glassh))
            expect_same(got, wanted, scene.log_tail)

    same("size, modes, TERM and exit status are the terminal's and the program's", "-t",
         command=("stty size; stty -a; echo $TERM; tty; exit 3",), size=(33, 99), env={"TERM": "vt220"})
    same("a terminal that is asked for twice", "-tt", command=("tty",))
    same("none with a command", command=("tty",))
    same("none with -T", "-t", "-T", command=("tty",))
    same("RequestTTY in the configuration", "-o", "RequestTTY=force", command=("tty",))
    same("RemoteCommand on a terminal", "-t", "-o", "RemoteCommand=echo %r at %h; tty; exit 4")
    same("a signal ends the program", "-t", command=("kill -KILL $$",))
    same("nothing is said of the end with LogLevel ERROR", "-t", "-o", "LogLevel=ERROR", command=("echo hi",))
    same("-n gives no terminal", "-t", "-n", command=("tty",))
    same("keys are echoed and edited over there", "-t", command=("read line; echo \"<$line>\"",),
         typed=[("", "lost\x15fo\x7fun\x08\x7f\x7find\n")])


def encodings(cases, scene):
    for word in ("iutf8", "-iutf8"):
        with cases.case(f"{scene.name}: {word} here is {word} over there [8160-3-1]"):
            arguments = scene.arguments(glassh, "-t", command=("stty -a",))
            with Terminal(["/bin/sh", "-c", f'stty {word}; exec "$@"', "sh", *arguments], env=QUIET) as terminal:
                expect_equal(terminal.end(), 0, terminal.text)
            expect_equal(re.findall(r"\S*iutf8", terminal.text), [word], terminal.text)


def without_a_terminal(cases, scene):
    for flags, command in (([], ["tty"]), (["-t"], ["tty"]), (["-tt"], ["tty; stty size"]), (["-t", "-T"], ["tty"])):
        with cases.case(f"{scene.name}: input that is no terminal, with {' '.join(flags) or 'no flag'}"):
            wanted, got = (scene.workspace.run(scene.arguments(client, *flags, command=command)) for client in (ssh, glassh))
            # ssh ends lines on standard error with CR LF whether it is a terminal or not.
            expect_same((got.status, got.out, got.err), (wanted.status, wanted.out, wanted.err.replace("\r\n", "\n")), scene.log_tail)


def denied(cases, scene):
    for flags in (["-t"], ["-tt"]):
        with cases.case(f"{scene.name}: a terminal that is denied is the end with {flags[0]}"):
            expect_same(scene.screen(glassh, *flags, command=("tty",)), scene.screen(ssh, *flags, command=("tty",)))
    with cases.case(f"{scene.name}: but the shell runs without, if nobody asked"):
        typed = [("PTY allocation request failed on channel 0\n", "exit 5\n")]
        # Whether what is typed is echoed depends on how soon the terminal is as it was.
        got, wanted = ((status, text.replace("exit 5\n", "")) for status, text in
                       (scene.screen(client, typed=typed) for client in (glassh, ssh)))
        expect_equal(got, wanted, scene.log_tail)


def resizing(cases, scene, clients):
    for client in clients:
        with cases.case(f"{scene.name}: {client.__name__} tells a new size"), scene.shell(client) as terminal:
            terminal.type("trap 'stty size' WINCH; echo rea''dy\r")
            terminal.see("ready")
            for rows, columns in ((40, 100), (10, 20), (60, 200)):
                terminal.resize(rows, columns)
                wait_until(lambda: size_over_there(terminal) == f"{rows} {columns}", "the new size arrives", terminal.text)
            terminal.type("exit\r")
            terminal.end()


def size_over_there(terminal):
    terminal.type("echo is $(stty size) no''w\r")
    terminal.see("is ")
    text = terminal.see(" now")
    return text.split("is ")[-1]


def keys(cases, scene):
    with cases.case(f"{scene.name}: ^C interrupts the program over there, ^Z stops it, ^\\ ends it"):
        with scene.shell(glassh) as terminal:
            for key, message in (("\x03", "130"), ("\x1a", "148"), ("\x1c", "131")):
                terminal.type("sh -c 'echo runs he''re; exec sleep 100'\r")
                terminal.see("runs here\n")
                terminal.type(key)
                terminal.see(PROMPT)
                terminal.type("echo it was $?.\r")
                terminal.see(f"it was {message}.\n")
                terminal.see(PROMPT)
            terminal.type("kill -9 %1; disown -a; exit 7\r")
            expect_equal(terminal.end(), 7, terminal.text)


# --- escapes --------------------------------------------------------------------------------------------------------


def escapes(cases, scene):
    with cases.case(f"{scene.name}: ~. ends the connection"), Job(scene, glassh, "-t") as terminal:
        terminal.see(PROMPT)
        terminal.type("\r~.")
        terminal.see("~.\nConnection to 127.0.0.1 closed.")
        terminal.see("ended 255 restored\n")
    with cases.case(f"{scene.name}: even if the server has stopped"), scene.shell(glassh) as terminal:
        terminal.type("echo $PPID; read x\r")
        terminal.see("read x\n")
        server = int(terminal.see("\n"))
        os.kill(server, signal.SIGSTOP)
        try:
            terminal.type("\r~.")
            expect_equal(terminal.end(), 255, terminal.text)
        finally:
            os.kill(server, signal.SIGCONT)
    with cases.case(f"{scene.name}: even while it does not answer a key exchange"), scene.shell(glassh) as terminal:
        terminal.type("echo $PPID; read x\r")
        terminal.see("read x\n")
        server = int(terminal.see("\n"))
        os.kill(server, signal.SIGSTOP)
        try:
            terminal.type("\r~R" + "x" * 100 + "\r~.")
            expect_equal(terminal.end(), 255, terminal.text)
        finally:
            os.kill(server, signal.SIGCONT)
    with cases.case(f"{scene.name}: ~v and ~V change what is logged, as ssh's"):
        expect_equal(levels(scene, glassh), levels(scene, ssh))
    with cases.case(f"{scene.name}: ~? lists the escapes, ~# the connection, ~B is taken, ~~ is one ~"):
        with scene.shell(glassh) as terminal:
            terminal.type("\r~?")
            expect("~^Z" in terminal.see("(They count"), terminal.text)
            terminal.type("~#")
            terminal.see("#0 session (open")
            terminal.type("~B~~\x15echo ~~~\r")
            terminal.see("~~~\n")
            terminal.see(PROMPT)
            terminal.type("exit 8\r")
            expect_equal(terminal.end(), 8, terminal.text)
    with cases.case(f"{scene.name}: ~R changes the keys"):
        trace = scene.workspace.fresh("trace")
        with scene.shell(glassh, "--trace", trace) as terminal:
            terminal.type("\r~R")
            wait_until(lambda: read(trace).count("SSH_MSG_NEWKEYS") == 4, "both have new keys again")
            terminal.type("exit 9\r")
            expect_equal(terminal.end(), 9, terminal.text)
    for flags, keys_to_end in ((("-e", "%"), "~.\x15\r%."), (("-e", "^]"), "~.\x15\r\x1d."),
                               (("-o", "EscapeChar=none"), "~.\x15exit 255\r")):
        with cases.case(f"{scene.name}: another escape character with {' '.join(flags)}"):
            with scene.shell(glassh, *flags) as terminal:
                terminal.type(keys_to_end)
                expect_equal(terminal.end(), 255, terminal.text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def levels(scene, client):
    with scene.shell(client) as terminal:
        terminal.type("\r")
        terminal.see(PROMPT)
        begin = len(terminal.text)
        for key, level in (("V", "ERROR"), ("V", "FATAL"), ("V", "QUIET"), ("v", "FATAL"), ("v", "ERROR"), ("v", "INFO"),
                           ("v", "VERBOSE"), ("V", "INFO")):
            terminal.type("~" + key)
            terminal.see("]\n")
        text = terminal.text[begin:]
        terminal.type("exit\r")
        terminal.end()
        return text


# --- ~C -------------------------------------------------------------------------------------------------------------


def command_line(terminal, line, answer):
    """One line at `ssh> `; the session goes on."""
    terminal.type("\r~C")
    terminal.see("ssh> ")
    terminal.type(line)
    terminal.see(answer)
    terminal.type("\recho ses''sion\r")
    terminal.see("session\n")
    terminal.see(PROMPT)


def answer_of(port):
    """The first bytes of a server at that port of 127.0.0.1; empty if it ends meanwhile, None if there is no server."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            return connection.recv(8)
    except ConnectionRefusedError:
        return None
    except ConnectionResetError:
        return b""


def forwards_that_come_and_go(cases, scene):
    server = scene.server.port
    with scene.shell(glassh) as terminal:
        for kind in ("L", "R"):
            port = free_port()
            with cases.case(f"{scene.name}: ~C adds a forward with -{kind} and cancels it with -K{kind}"):
                expect_equal(answer_of(port), None)
                command_line(terminal, f"-{kind} {port}:127.0.0.1:{server}\n", "Forwarding port.")
                wait_until(lambda: answer_of(port) is not None, "it listens", terminal.text)
                expect_equal(answer_of(port), b"SSH-2.0-")
                terminal.type("\r~#")
                terminal.see(f"{'local' if kind == 'L' else 'remote'} forward {port} -> [127.0.0.1]:{server}")
                command_line(terminal, f"-K{kind} {port}\n", "Canceled forwarding.")
                wait_until(lambda: answer_of(port) is None, "nothing listens", terminal.text)
                command_line(terminal, f"-K{kind} {port}\n", "Unknown port forwarding.")
        port = free_port()
        with cases.case(f"{scene.name}: and with -D, for SOCKS"):
            command_line(terminal, f"-D {port}\n", "Forwarding port.")
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(bytes([4, 1]) + server.to_bytes(2, "big") + bytes([127, 0, 0, 1, 0]))
                expect_equal(connection.recv(8)[:2], bytes([0, 90]))
                expect_equal(connection.recv(8), b"SSH-2.0-")
            command_line(terminal, f"-KD {port}\n", "Canceled forwarding.")
            wait_until(lambda: answer_of(port) is None, "nothing listens", terminal.text)
        with cases.case(f"{scene.name}: ~C says what is wrong, and gives help"):
            command_line(terminal, "x\n", "Invalid command.")
            command_line(terminal, "-L x\n", "Bad local forwarding specification.")
            command_line(terminal, "?\n", "-KD[bind_address:]port")
            command_line(terminal, "!true\n", "Invalid command.")
            command_line(terminal, "\n", PROMPT)
        with cases.case(f"{scene.name}: the interrupt key closes the command line, and nothing else"):
            terminal.type("\r")
            terminal.see(PROMPT)
            for keys_after in ("", "\r"):
                terminal.type("~C")
                terminal.see("ssh> ")
                terminal.type("-L 1\x03" + keys_after)
                wait_until(lambda: not echoes(terminal), "the terminal is raw again", terminal.text)
                terminal.type("\r")
                terminal.see(PROMPT)
            terminal.type("exit 5\r")
            expect_equal(terminal.end(), 5, terminal.text)
    with cases.case(f"{scene.name}: ~C runs a command here if PermitLocalCommand says so"):
        with scene.shell(glassh, "-o", "PermitLocalCommand=yes") as terminal:
            command_line(terminal, "!echo he''re\n", "here\n")
            terminal.type("exit 5\r")
            expect_equal(terminal.end(), 5, terminal.text)
    with cases.case(f"{scene.name}: ~C is off with EnableEscapeCommandline=no"):
        with scene.shell(glassh, "-o", "EnableEscapeCommandline=no") as terminal:
            terminal.type("\r~C")
            terminal.see("commandline disabled\n")
            terminal.type("exit 5\r")
            expect_equal(terminal.end(), 5, terminal.text)
    with cases.case(f"{scene.name}: ~& waits in the background for what is forwarded, and listens no more"):
        port = free_port()
        with Job(scene, glassh, "-t", "-L", f"{port}:127.0.0.1:{server}") as terminal:
            terminal.see(PROMPT)
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                expect_equal(connection.recv(8), b"SSH-2.0-")
                terminal.type("\r~&")
                terminal.see("ended 0 restored\n")
                wait_until(lambda: answer_of(port) is None, "nothing listens")
                connection.sendall(b"not SSH\r\n")
                data = b""
                while part := connection.recv(4096):
                    data += part
                expect(b"\n" in data, data)


def job_control(cases, scene):
    for name, stop in (("~^Z", lambda terminal: terminal.type("\r~\x1a")),
                       ("SIGTSTP", lambda terminal: os.kill(terminal.pid, signal.SIGTSTP))):
        with cases.case(f"{scene.name}: {name} suspends the client with the terminal as it was"):
            with Job(scene, glassh, "-t") as terminal:
                terminal.see(PROMPT)
                stop(terminal)
                terminal.see("stopped restored\n")
                terminal.resize(50, 150)
                terminal.type("go on\n")
                terminal.see("go on\n")
                expect_equal(size_over_there(terminal), "50 150")
                terminal.type("exit 6\r")
                terminal.see("ended 6 restored\n")
    with cases.case(f"{scene.name}: it is raw again after a SIGSTOP"), Job(scene, glassh, "-t") as terminal:
        terminal.see(PROMPT)
        os.kill(terminal.pid, signal.SIGSTOP)
        terminal.see("stopped ")
        subprocess.run(["stty", "sane"], stdin=terminal.file(), check=True)
        terminal.type("go on\n")
        terminal.see("go on\n")
        wait_until(lambda: not echoes(terminal), "the terminal is raw")
        terminal.type("exit 6\r")
        terminal.see("ended 6 ")


def echoes(terminal):
    import termios
    return bool(terminal.modes()[3] & termios.ECHO)


def deaths(cases, scene):
    """Whatever kills it, but SIGKILL."""
    with cases.case(f"{scene.name}: SIGKILL shows that the terminal would stay raw"), Job(scene, glassh, "-t") as terminal:
        terminal.see(PROMPT)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.see("ended -9 changed\n")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        with cases.case(f"{scene.name}: {number.name} ends the session, and the terminal is as it was"):
            with Job(scene, glassh, "-t") as terminal:
                terminal.see(PROMPT)
                os.kill(terminal.pid, number)
                terminal.see("ended 255 restored\n")
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGUSR1, signal.SIGALRM, signal.SIGXCPU):
        with cases.case(f"{scene.name}: {number.name} kills, and the terminal is as it was"):
            with Job(scene, glassh, "-t") as terminal:
                terminal.see(PROMPT)
                os.kill(terminal.pid, number)
                terminal.see(f"ended {-number} restored\n")
    with cases.case(f"{scene.name}: a server that vanishes is told, and the terminal is as it was"):
        with Job(scene, glassh, "-t", command=("echo $PPID; kill -9 $PPID; sleep 5",)) as terminal:
            terminal.see("Connection to 127.0.0.1 closed by remote host.")
            terminal.see("Connection to 127.0.0.1 closed.")
            terminal.see("ended 255 restored\n")


# --- the background and commands here -------------------------------------------------------------------------------


def background(cases, scene):
    with cases.case(f"{scene.name}: -f goes to the background after the login, and the command goes on"):
        out, go_on = scene.workspace.fresh("out"), scene.workspace.fresh("go-on")
        command = f"read x; echo \"<$x>\"; until [ -e {go_on} ]; do sleep 0.1; done; echo later; exit 3"
        with open(out, "wb") as file:
            arguments = scene.arguments(glassh, "-f", command=(command,))
            result = subprocess.run(arguments, stdin=subprocess.PIPE, stdout=file, stderr=file, timeout=PATIENCE, check=False)
        expect_equal(result.returncode, 0, scene.log_tail)
        scene.workspace.file(os.path.basename(go_on), "")
        wait_until(lambda: "later" in read(out), "the command's output arrives")
        expect_equal(read(out), "<>\nlater\n")
    with cases.case(f"{scene.name}: a shell that cannot run in the background is not tried"):
        wanted, got = (scene.workspace.run(scene.arguments(client, "-f")) for client in (ssh, glassh))
        expect_equal((got.status, got.err.replace("glassh: ", "")), (wanted.status, wanted.err.replace("\r\n", "\n")), scene.log_tail)
    with cases.case(f"{scene.name}: it asks before it goes there, and fails there in the foreground"):
        result = scene.workspace.run(scene.arguments(glassh, "-f", "-o", "PubkeyAuthentication=no", command=("true",)))
        expect_equal(result.status, 255, result)
    with cases.case(f"{scene.name}: ~& goes there with the session's input at its end"):
        done = scene.workspace.fresh("done")
        with Job(scene, glassh, "-t", command=(f"cat; sleep 0.3; echo over > {done}",)) as terminal:
            terminal.type("typed\r")
            terminal.see("typed\ntyped\n")
            terminal.type("~&")
            terminal.see("~& [backgrounded]\n")
            terminal.see("ended 0 restored\n")
            wait_until(lambda: os.path.exists(done), "the program over there comes to its end")


def background_forwards(cases, scene):
    for flags in ((), ("-o", "ExitOnForwardFailure=yes")):
        with cases.case(f"{scene.name}: -f -N forwards from the background, {' '.join(flags) or 'by default'}"):
            port, other = free_port(), free_port()
            local, remote = (f"127.0.0.1:{each}:127.0.0.1:{scene.server.port}" for each in (port, other))
            arguments = scene.arguments(glassh, "-f", "-N", *flags, "-L", local, "-R", remote)
            expect_equal(subprocess.run(arguments, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode, 0)
            started = [pid for pid in os.listdir("/proc") if pid.isdigit() and has_argument(pid, local)]
            try:
                expect_equal(len(started), 1)
                expect_equal(answer_of(port), b"SSH-2.0-")
                wait_until(lambda: answer_of(other) == b"SSH-2.0-", "the server forwards", scene.log_tail)
            finally:
                for pid in started:
                    os.kill(int(pid), signal.SIGTERM)
            # Not the port's end: another test may have got it by now.
            wait_until(lambda: not any(has_argument(pid, local) for pid in started), "it ends")
    with cases.case(f"{scene.name}: a forward that cannot be set up is told before -f goes there"):
        taken = f"127.0.0.1:{scene.server.port}:127.0.0.1:1"
        result = scene.workspace.run(scene.arguments(glassh, "-f", "-N", "-o", "ExitOnForwardFailure=yes", "-L", taken))
        expect_equal(result.status, 255, result)
        expect("Address already in use" in result.err, result)


def has_argument(pid, text):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return text.encode() in file.read().split(b"\0")
    except OSError:  # it has ended
        return False


def local_commands(cases, scene):
    flags = ("-o", "LocalCommand=echo here %n %r; exit 9", "-t")
    with cases.case(f"{scene.name}: LocalCommand runs after the login, if it may"):
        for permitted in ("yes", "no"):
            wanted, got = (scene.screen(client, *flags, "-o", f"PermitLocalCommand={permitted}", command=("sleep 0.2; echo there",))
                           for client in (ssh, glassh))
            expect_equal(got, wanted, scene.log_tail)
            expect_equal("here 127.0.0.1" in got[1], permitted == "yes", got)


def main():
    cases = Cases()
    with Workspace() as workspace:
        scene = Scene(workspace, start_sshd(workspace), "sshd")
        same_screens(cases, scene)
        encodings(cases, scene)
        without_a_terminal(cases, scene)
        denied(cases, Scene(workspace, start_sshd(workspace, ["PermitTTY no"]), "sshd without terminals"))
        resizing(cases, scene, [glassh])
        keys(cases, scene)
        escapes(cases, scene)
        job_control(cases, scene)
        deaths(cases, scene)
        background(cases, scene)
        background_forwards(cases, scene)
        forwards_that_come_and_go(cases, scene)
        local_commands(cases, scene)
        ours = Scene(workspace, start_glasshd(workspace), "glasshd")
        same_screens(cases, ours)
        resizing(cases, ours, [glassh, ssh])
        keys(cases, ours)
        escapes(cases, ours)
        forwards_that_come_and_go(cases, ours)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
