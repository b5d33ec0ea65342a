"""Terminals: vim, tmux, less, job control and a window that changes its size, as OpenSSH's own pair shows them.

Each story is told twice at the same time, once by ssh with Debian's sshd and once by another pair; after each step the two
screens must be equal, colours and cursor included.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd, start_sshd
from peers.screen import Screen, show_the_same
from peers.terminal import Terminal

HOST = "127.0.0.1"
SHELL = "exec env PS1='$ ' HISTFILE= /bin/bash --norc --noprofile -i"


class Pair:
    def __init__(self, workspace, name, client, server):
        self.workspace, self.name, self.client, self.server = workspace, name, client, server

    def arguments(self, *command, flags=("-t",)):
        options = [flag for flag in client_options(self.workspace, self.server) if flag != "-T"]
        return self.client(*flags, *options, HOST, *command)

    def start(self, command, rows=24, columns=80):
        return Screen(self.arguments(command), rows, columns, env={"LC_ALL": "C.UTF-8"})


class Story:
    """Two screens side by side."""

    def __init__(self, pairs, commands, rows=24, columns=80):
        self._screens = [pair.start(command, rows, columns) for pair, command in zip(pairs, commands, strict=True)]

    def __enter__(self):
        return self

    def __exit__(self, *details):
        for screen in self._screens:
            screen.__exit__(*details)

    def type(self, keys):
        for screen in self._screens:
            screen.type(keys)

    def resize(self, rows, columns):
        for screen in self._screens:
            screen.resize(rows, columns)

    def both_show(self, text, times=1):
        show_the_same(*self._screens, text, times)

    def both_end(self, status):
        expect_equal([screen.end() for screen in self._screens], [status, status],
                     *(screen.picture() for screen in self._screens))


def tell(cases, workspace, openssh, other):
    pairs = (openssh, other)
    with cases.case(f"{other.name}: vim writes a file, in a window that grows and shrinks"):
        directories = [workspace.fresh("vim") for _ in pairs]
        for directory in directories:
            os.mkdir(directory)
        vim = "LC_ALL=C.UTF-8 exec vim -u NONE -i NONE -N text"
        with Story(pairs, [f"cd {directory} && {vim}" for directory in directories]) as story:
            story.both_show('"text" [New]')
            story.type(":set number laststatus=2 statusline=%f\\ %l,%c\\ now\\ %{&lines}\\ %{&columns}\r")
            story.both_show("now 24 80")
            story.type("ifirst line\rsecond line with schöne Zeichen\r")
            story.both_show("schöne Zeichen")
            story.type("\x1b:vsplit\r")
            story.both_show("|  2 second")  # the second window
            story.resize(40, 120)
            story.both_show("now 40 120")
            story.type(":set number!\rgg")
            story.both_show("1,1")
            story.resize(12, 50)
            story.both_show("now 12 50")
            story.type(":wqall\r")
            story.both_end(0)
        for directory in directories:
            with open(os.path.join(directory, "text"), encoding="utf-8") as file:
                expect_equal(file.read(), "first line\nsecond line with schöne Zeichen\n\n")
    with cases.case(f"{other.name}: tmux with two panes, resized"):
        configuration = workspace.file("tmux.conf", "set -g status-right ''\nset -g automatic-rename off\n"
                                                    "set -g default-command \"env PS1='> ' ENV= /bin/sh\"\n")
        sockets = [workspace.fresh("tmux") for _ in pairs]
        with Story(pairs, [f"exec tmux -u -S {socket} -f {configuration} new -n work" for socket in sockets]) as story:
            story.both_show("> ")
            story.type("echo in the $((1 + 1))nd\r")
            story.both_show("in the 2nd")
            story.type("\x02%")
            story.both_show("│> ")
            story.type("sh -c 'trap \"stty size\" WINCH; stty size; while :; do sleep 0.05; done'\r")
            story.both_show("│23 39")
            story.resize(30, 100)
            story.both_show("│29 49")
            story.type("\x03")
            story.both_show("│> ", 2)
            story.type("exit\r")
            story.both_show("│", 0)
            story.type("exit\r")
            story.both_show("[exited]")
            story.both_end(0)
    with cases.case(f"{other.name}: job control, Ctrl-C, Ctrl-Z, Ctrl-D and a command line that is edited"):
        with Story(pairs, [SHELL, SHELL]) as story:
            story.both_show("$ ")
            story.type("sh -c 'echo $((2 + 3)) ready; exec sleep 1000'\r")
            story.both_show("5 ready")
            story.type("\x03")
            story.both_show("$ ", 2)
            story.type("echo status $?\r")
            story.both_show("status 130")
            story.type("cat\r")
            story.both_show("$ cat")
            story.type("typed\r")
            story.both_show("typed", 2)
            story.type("\x1a")
            story.both_show("Stopped")
            story.type("jobs; fg\r")
            story.both_show("cat", 4)  # the command, two reports that it is stopped, and what fg says
            story.type("again\r")
            story.both_show("again", 2)
            story.type("\x04")
            story.both_show("$ ", 5)
            story.type("echo onetwo\x1b[D\x1b[D\x1b[D-\x7f+\r")
            story.both_show("one+two", 2)
            story.type("exit 7\r")
            story.both_end(7)
    with cases.case(f"{other.name}: less pages through a thousand lines"):
        path = workspace.file("lines", "".join(f"line {i} {'x' * (i % 150)}\n" for i in range(1, 1001)))
        with Story(pairs, [f"exec less {path}"] * 2) as story:
            story.both_show("line 1 x")
            story.type("G")
            story.both_show("line 1000")
            story.resize(50, 60)
            story.both_show("~")  # less has filled what is behind the end
            story.type("g")
            story.both_show("line 20 ")
            story.type("/line 500\r")
            story.both_show("line 500")
            story.type("q")
            story.both_end(0)
    with cases.case(f"{other.name}: the terminal's modes and size are the client's"):
        with Story(pairs, ["stty -a; stty -echo; echo now; read line; echo \"<$line>\"; exit 3"] * 2, 33, 99) as story:
            story.both_show("rows 33; columns 99")
            story.both_show("now")
            story.type("not shown\r")
            story.both_show("<not shown>")
            story.both_end(3)
    with cases.case(f"{other.name}: output of a megabyte arrives whole, with the lines that the terminal makes of it"):
        for pair in pairs:
            with Terminal(pair.arguments("seq 1 150000; exit 5")) as terminal:
                expect_equal(terminal.end(), 5)
                # A chunk may begin between the \\r and the \\n.
                numbers = [line for line in terminal.text.replace("\r", "").split("\n") if line.isdigit()]
                expect(numbers == [str(i) for i in range(1, 150001)], f"{pair.name}: {len(numbers)} lines came")


def who_gets_none(cases, workspace):
    server = start_glasshd(workspace, ["PermitTTY no"])
    pair = Pair(workspace, "ssh", ssh, server)
    with cases.case("PermitTTY no: the shell that ssh then starts has none"):
        with Terminal(pair.arguments(flags=())) as terminal:
            terminal.answer("PTY allocation request failed on channel 0", "tty; exit 4")
            expect_equal(terminal.end(), 4, terminal.text)
            expect("not a tty" in terminal.text, terminal.text)
    with cases.case("PermitTTY no: ssh -t gives up"):
        with Terminal(pair.arguments("exit 4")) as terminal:
            expect_equal(terminal.end(), 255, terminal.text)


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("sshd and glasshd start"):
            settings = ["AcceptEnv LC_ALL", "PrintLastLog no"]
            sshd, glasshd = start_sshd(workspace, settings), start_glasshd(workspace, settings)
            openssh = Pair(workspace, "ssh to sshd", ssh, sshd)
            for name, client, server in (("ssh to glasshd", ssh, glasshd), ("glassh to glasshd", glassh, glasshd),
                                         ("glassh to sshd", glassh, sshd)):
                tell(cases, workspace, openssh, Pair(workspace, name, client, server))
        who_gets_none(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
