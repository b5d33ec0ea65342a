"""More channels than people open: 2,000 at a time on one connection, and a million that are refused (past vulnerability
55). Everything is answered, and the server's memory does not grow with what has gone.

GLASSH_CHANNEL_TOOL names the program made of test/support/channel_tool_main.cpp.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import USER, Cases, Workspace, client_options, expect, expect_equal, ssh, start_glasshd, start_sshd, wait_until

TOOL = os.environ["GLASSH_CHANNEL_TOOL"]
ECHO = ("import os,selectors,socket\ns=socket.create_server(('127.0.0.1',0),backlog=4096)\n"
        "print(s.getsockname()[1],flush=True)\nready=selectors.DefaultSelector()\n"
        "ready.register(s,selectors.EVENT_READ)\n"
        "while True:\n for key,_ in ready.select():\n  if key.fileobj is s: ready.register(s.accept()[0],1)\n"
        "  else:\n   data=key.fileobj.recv(4096)\n   if data: key.fileobj.sendall(data)\n"
        "   else: ready.unregister(key.fileobj); key.fileobj.close()")


def resident_kib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def tool(workspace, server, what, count, *more):
    words = [TOOL, what, str(server.port), USER, workspace.key("user-ed25519"), str(count), *map(str, more)]
    done = workspace.run(words, timeout=300)
    expect_equal(done.out, f"{count}\n".encode(), done, server.log_tail)


def refused_cases(cases, workspace):
    server = start_glasshd(workspace, level="INFO")
    with cases.case("a million channels of no type are refused, each with an answer, in flat memory"):
        tool(workspace, server, "refused", 10_000)
        before = resident_kib(server)
        tool(workspace, server, "refused", 1_000_000)
        grown = resident_kib(server) - before
        expect(grown < 2048, f"the server grew by {grown} KiB")
    server.stop()


def many_cases(cases, workspace):
    echo = workspace.start([sys.executable, "-c", ECHO], stdout=-1)
    target = int(echo.stdout.readline())
    for start in (start_glasshd, start_sshd):
        server = start(workspace, level="INFO")
        name = start.__name__.split("_")[1]
        with cases.case(f"2,000 channels at a time on one connection to {name}, and a line back on each"):
            descriptors = server.descriptors()
            tool(workspace, server, "many", 2000, target)
            if start is start_glasshd:
                wait_until(lambda: server.descriptors() <= descriptors, "the sockets are closed")
        with cases.case(f"and {name} still lets others in"):
            done = workspace.run(ssh(*client_options(workspace, server), "127.0.0.1", "echo in"))
            expect_equal(done.out, b"in\n", done)
        server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        refused_cases(cases, workspace)
        many_cases(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
