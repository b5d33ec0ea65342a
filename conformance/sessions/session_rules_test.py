"""Sessions of a client made by hand at glasshd: RFC 4254 section 6 and RFC 4335, message by message.

Each case carries the rules that it keeps or breaks; what people see of them with proper clients is in the other scripts.
"""

import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, expect_equal, wait_until
from peers.channel_client import CHANNEL_EOF, CHANNEL_FAILURE, CHANNEL_REQUEST, CHANNEL_SUCCESS, ChannelClient, SessionByHand, split
from peers.logins import start_with_passwords
from peers.raw_client import string, u32
from peers.slow_system import SlowSystem

SIGNALS = ("ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2")
LARGEST_DATA = 32768  # RFC 4253 section 6.1


def execute(session, command):
    session.ask(b"exec", string(command.encode()))
    expect(session.answer(), f"refused: {command}")


def resize(session, columns, rows, width=0, height=0):
    session.ask(b"window-change", u32(columns), u32(rows), u32(width), u32(height), want_reply=False)


def terminals(cases, server):
    with cases.case("a terminal's characters count, not its pixels, and a dimension of zero changes nothing [4254-6.2-1] [4254-6.2-2]"), \
            ChannelClient(server) as client:
        session = SessionByHand(client)
        expect(session.ask_for_terminal(99, 33, 4000, 3000))
        execute(session, "while echo size: $(stty size) && read line; do :; done")
        session.wait_for(b"size: 33 99\r\n")
        for size, shown in (((0, 40), b"size: 40 99\r\n"), ((70, 0), b"size: 40 70\r\n"), ((0, 0, 1000, 2000), b"size: 40 70\r\n"),
                            ((80, 24, 1, 1), b"size: 24 80\r\n")):
            session.output = b""
            resize(session, *size)
            session.write(b"\n")
            session.wait_for(b"size: ")
            session.wait_for(shown)


def mode(opcode, argument):
    return bytes([opcode]) + u32(argument)


def terminal_modes(cases, server):
    """By stty's list of the modes in a terminal that was asked for with them."""
    interrupt, quit_and_echo = mode(1, 5), mode(2, 6) + mode(53, 0)  # VINTR; VQUIT and ECHO
    known = {*range(1, 11), 12, 13, 14, 16, 18, *range(30, 43), *range(50, 63), *range(70, 76), *range(90, 94), 128, 129}

    def shown(modes):
        with ChannelClient(server) as client:
            session = SessionByHand(client)
            expect(session.ask_for_terminal(80, 24, modes=modes))
            execute(session, "stty -a")
            output = session.run_to_close().decode()
            expect_equal(session.end(), 0, output)
            return output

    def expect_shown(output, quit_character, echo):
        expect("intr = ^E;" in output, output)
        expect(f"quit = {quit_character};" in output, output)
        expect_equal(echo in output.split(), True, output)

    with cases.case("opcodes 1 to 159 have one number each, and those that are unknown change nothing [4254-8-2] [4254-8-3]"):
        all_known = shown(interrupt + quit_and_echo + b"\0")
        expect_shown(all_known, "^F", "-echo")
        unknown = b"".join(mode(opcode, 0x35000000) for opcode in range(1, 160) if opcode not in known)
        expect_equal(shown(interrupt + unknown + quit_and_echo + b"\0"), all_known)
    with cases.case("opcodes 160 to 255, like 0, end the list, whatever comes behind them [4254-8-3]"):
        interrupt_alone = shown(interrupt + b"\0")
        expect_shown(interrupt_alone, "^\\", "echo")
        for opcode in (0, 160, 200, 255):
            for end in (bytes([opcode]), mode(opcode, 0)):
                expect_equal(shown(interrupt + end + quit_and_echo + b"\0"), interrupt_alone, end)


def unknown_requests(cases, server):
    names = (b"what@example.com", b"Exec", b"xon-xoff")

    def ask_all(session):
        for name in names:
            session.ask(name, want_reply=False)
            session.ask(name)
            expect_equal(session.answer(), False, name)
            session.ask(name, want_reply=2)
            expect_equal(session.answer(), False, name)

    with cases.case("a request that a session does not know is answered with FAILURE, if an answer is wanted; 2 says so, too "
                    "[4254-5.4-2] [4251-5-1]"), ChannelClient(server) as client:
        session = SessionByHand(client)
        ask_all(session)
        execute(session, "read line; echo $line")
        ask_all(session)
        session.write(b"still here\n")
        expect_equal(session.run_to_close(), b"still here\n")
        expect_equal(session.answers(), "FFFFFF" "S" "FFFFFF")
    with cases.case("a forwarded connection knows no request at all [4254-5.4-2]"), ChannelClient(server) as client, \
            socket.create_server(("127.0.0.1", 0)) as listening:
        client.open_tcp(b"127.0.0.1", listening.getsockname()[1])
        _, theirs = client.opened()
        for name in (*names, b"shell"):
            client.send(bytes([CHANNEL_REQUEST]) + u32(theirs) + string(name) + b"\1")
            expect_equal(client.hear(CHANNEL_SUCCESS, CHANNEL_FAILURE)[0], CHANNEL_FAILURE, name)


def environments(cases, server):
    with cases.case("variables that AcceptEnv does not name do not reach the program [4254-6.4-1]"), ChannelClient(server) as client:
        session = SessionByHand(client)
        wanted = ((b"GLASSH_A", b"a", True), (b"LD_PRELOAD", b"/nothing.so", False), (b"PATH", b"/nowhere", False),
                  (b"XGLASSH_A", b"x", False), (b"GLASSH_B", b"b\0LD_PRELOAD=x", False), (b"GLASSH_C=1\nLD_PRELOAD", b"y", False))
        for name, value, granted in wanted:
            session.ask(b"env", string(name), string(value))
            expect_equal(session.answer(), granted, name)
        execute(session, "env")
        lines = session.run_to_close().decode().splitlines()
        expect("GLASSH_A=a" in lines, lines)
        expect(not any(re.match("LD_PRELOAD|XGLASSH|GLASSH_B|GLASSH_C|PATH=/nowhere", line) for line in lines), lines)
        session = SessionByHand(client, number=1)
        execute(session, "read line; echo ${GLASSH_A-none}")
        session.ask(b"env", string(b"GLASSH_A"), string(b"late"))
        expect_equal(session.answer(), False, "the program runs already")
        session.write(b"\n")
        expect_equal(session.run_to_close(), b"none\n")


def programs(cases, server):
    programs_of = {b"shell": (), b"exec": (string(b"echo the second"),), b"subsystem": (string(b"say"),)}
    with cases.case("one shell, command or subsystem succeeds for each channel, however fast they are asked for [4254-6.5-1]"), \
            ChannelClient(server) as client:
        for number, (name, fields) in enumerate(programs_of.items()):
            session = SessionByHand(client, number)
            session.ask(b"subsystem", string(b"there-is-none"))
            session.ask(name, *fields if name != b"exec" else (string(b"read line; echo $line"),))
            for other, its_fields in programs_of.items():
                session.ask(other, *its_fields)
            expect_equal([session.answer() for _ in range(5)], [False, True, False, False, False], name)
            session.write(b"echo the first\n" if name == b"shell" else b"the first\n")
            session.client.say(CHANNEL_EOF, session.theirs)
            output = session.run_to_close()
            expect(b"the second" not in output, name, output)
            expect_equal(output.count(b"the first"), 0 if name == b"subsystem" else 1, name, output)
    with cases.case("a command with a NUL is refused, not cut short [4254-6.5-2]"), ChannelClient(server) as client:
        session = SessionByHand(client)
        session.ask(b"exec", string(b"echo one\0; echo two"))
        expect_equal(session.answer(), False)
        execute(session, "echo three")
        expect_equal(session.run_to_close(), b"three\n")


def forced_commands(cases, workspace):
    server = start_with_passwords(workspace, 'ForceCommand echo "forced, not $SSH_ORIGINAL_COMMAND"; cat', "Subsystem say /bin/echo said")
    with cases.case("ForceCommand: no request runs anything else, nor signals it [4254-6.5-2]"), ChannelClient(server) as client:
        for number, (name, fields, original) in enumerate(((b"shell", (), b""), (b"exec", (string(b"echo free"),), b"echo free"),
                                                           (b"subsystem", (string(b"say"),), b"/bin/echo said"))):
            session = SessionByHand(client, number)
            session.ask(name, *fields)
            expect(session.answer(), name)
            session.ask(b"signal", string(b"KILL"), want_reply=False)
            session.write(b"still here\n")
            session.client.say(CHANNEL_EOF, session.theirs)
            output = session.run_to_close()
            expect_equal(output, b"forced, not " + original + b"\nstill here\n", name)
            expect_equal(session.end(), 0, name)
    server.stop()


def slow_starts(cases, workspace):
    """A program's start hangs: test/support/preload."""
    slow = SlowSystem(workspace)
    server = start_with_passwords(workspace, env=slow.environment)
    with cases.case("while a program's start hangs, other channels of the connection work and keys change [4254-6.5-3]"), \
            ChannelClient(server) as client:
        first, second = SessionByHand(client), None
        slow.hang()
        first.ask(b"exec", string(f"cat; : {slow.directory}".encode()))
        slow.wait_for(1, server.log_tail)
        client.ask(b"keepalive@openssh.com")
        expect_equal(client.answer(), None)
        client.rekey()
        second = SessionByHand(client, 1)
        execute(second, "read line; echo $line; exit 5")
        client.rekey()
        second.write(b"through new keys\n")
        expect_equal((second.run_to_close(), second.end()), (b"through new keys\n", 5))
        expect_equal(len(slow.hanging()), 1)
        slow.go_on()
        expect(first.answer())
        first.write(b"at last\n")
        client.say(CHANNEL_EOF, first.theirs)
        expect_equal(first.run_to_close(), b"at last\n")
    server.stop()


def end_by(session, signal):
    """The command is perl, because a shell may ignore some signals."""
    execute(session, f"ulimit -c 0; exec perl -e '$SIG{{{signal}}} = \"DEFAULT\"; kill {signal} => $$; sleep 1000'")
    session.run_to_close()


def signals(cases, server):
    with cases.case("a signal request gets to the program, and no answer [4254-6.9-2]"), ChannelClient(server) as client:
        session = SessionByHand(client)
        execute(session, "trap 'echo got it; exit 7' TERM; echo ready; while :; do sleep 0.01; done")
        session.wait_for(b"ready\n")
        for name in (b"NOSUCH", b"SIGTERM", b"TERM@example.org", b"TERM"):
            session.ask(b"signal", string(name), want_reply=False)
        session.run_to_close()
        expect_equal((session.output, session.end()), (b"ready\ngot it\n", 7))
        expect_equal(session.answers(), "S", "an answer to something else than exec")
    with cases.case("the end by each of RFC 4254's signals is told by its name, without SIG [4254-6.10-6]"), ChannelClient(server) as client:
        for number, name in enumerate(SIGNALS):
            session = SessionByHand(client, number)
            end_by(session, name)
            told = [(request, want_reply) for request, want_reply, _ in session.requests]
            expect_equal((session.end(), told), (name, [(b"exit-signal", False)]))
            signal, rest = split(session.requests[0][2], "s")
            _, _, rest = split(rest[1:], "s", "s")  # a boolean for the core, a text and its language
            expect_equal((signal, rest), (name.encode(), b""))
    with cases.case("a signal that RFC 4254 does not list has a name with a domain [4254-6.10-5] [4254-6.10-6]"), ChannelClient(server) as client:
        for number, name in enumerate(("BUS", "XCPU", "SYS")):
            session = SessionByHand(client, number)
            end_by(session, name)
            expect(re.fullmatch(r"[^@,\s]+@[^@,\s]+", session.end()), session.end())


def breaks(cases, server):
    def break_now(session, want_reply=True):
        session.ask(b"break", u32(500), want_reply=want_reply)

    with cases.case("a break that is none is answered with FAILURE [4335-3-3] [4335-3-5]"), ChannelClient(server) as client:
        session = SessionByHand(client)  # without a terminal
        break_now(session)
        expect_equal(session.answer(), False, "nothing runs")
        execute(session, "echo ready; read line")
        session.wait_for(b"ready")
        break_now(session)
        expect_equal(session.answer(), False, "there is no terminal")
        terminal = SessionByHand(client, 1)
        expect(terminal.ask_for_terminal(80, 24))
        break_now(terminal)
        expect_equal(terminal.answer(), False, "the terminal has no program")
        execute(terminal, "stty ignbrk; echo ready; read line; exit 4")
        terminal.wait_for(b"ready")
        break_now(terminal)
        expect_equal(terminal.answer(), False, "the terminal ignores breaks")
        terminal.write(b"\n")
        terminal.run_to_close()
        expect_equal(terminal.end(), 4)
    with cases.case("a break that interrupts is answered with SUCCESS, and one that wants no reply gets none [4335-3-3]"), \
            ChannelClient(server) as client:
        for number, want_reply in enumerate((True, False)):
            session = SessionByHand(client, number)
            expect(session.ask_for_terminal(80, 24))
            execute(session, "stty brkint; trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.01; done")
            session.wait_for(b"ready")
            break_now(session, want_reply)
            session.run_to_close()
            expect_equal((session.answers(), session.end()), ("SSS" if want_reply else "SS", 7))
            expect(b"interrupted" in session.output, session.output)


def packets(cases, server):
    with cases.case(f"packets with {LARGEST_DATA} bytes of data are taken, and what they carried comes back [4254-5.2-6]"), \
            ChannelClient(server) as client:
        session = SessionByHand(client)
        execute(session, "cat")
        sent = os.urandom(2 * LARGEST_DATA)
        session.write(sent[:LARGEST_DATA])
        session.write(sent[LARGEST_DATA:])
        client.say(CHANNEL_EOF, session.theirs)
        expect_equal(session.run_to_close() == sent, True)


def main():
    cases = Cases()
    with Workspace() as workspace:
        server = start_with_passwords(workspace, "AcceptEnv GLASSH_*", "Subsystem say /bin/sleep 0")
        for part in (terminals, terminal_modes, unknown_requests, environments, programs, signals, breaks, packets):
            part(cases, server)
        wait_until(lambda: not server.children(), "the programs have gone with their connections", server.log_tail)
        forced_commands(cases, workspace)
        slow_starts(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
