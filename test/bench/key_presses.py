"""How long a key press takes to come back to the terminal: alone, and beside a bulk transfer on another channel of the
same connection, which is a forwarded port. Both programs are ours or both are OpenSSH's; they take turns. A client that
can make all keys wait for an even beat (ObscureKeystrokeTiming, OpenSSH 9.5 and later) does not do so here."""

import os
import pty
import re
import select
import statistics
import subprocess
import sys
import time

from peers import client_options, glassh, ssh
from peers.servers import free_port
from peers.workspace import end_process
from turns import ratio_text, turns

# Either end of a bulk transfer, in a process of its own: a port that sends for ever, or takes whatever comes.
ENDS = {
    "chargen": "import socket,sys\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)\n"
               "z=bytes(1<<18)\nwhile True:\n c=s.accept()[0]\n try:\n  while True: c.sendall(z)\n except OSError: pass",
    "discard": "import socket,sys\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)\n"
               "z=bytearray(1<<18)\nwhile True:\n c=s.accept()[0]\n while c.recv_into(z): pass",
}
# What talks to them through the forwarded port.
TAKE = "import socket,sys\nc=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\nz=bytearray(1<<18)\n" \
       "while c.recv_into(z): pass"
GIVE = "import socket,sys\nc=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\nz=bytes(1<<18)\n" \
       "while True: c.sendall(z)"
LOADS = {"alone": None, "bulk down": ("chargen", TAKE), "bulk up": ("discard", GIVE)}
PAUSE = 0.005  # seconds between key presses


class Session:
    """A client on a pseudo-terminal, with a remote one, where a program sends back what is typed."""

    def __init__(self, words):
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.execv(words[0], words)
        os.set_inheritable(self._terminal, False)  # else the next client keeps this one's terminal open
        self._text = b""
        self._read_until(rb"ready\r\n")

    def close(self):
        os.close(self._terminal)
        os.waitpid(self._child, 0)

    def _read_until(self, pattern):
        deadline = time.monotonic() + 30
        while not re.search(pattern, self._text):
            if not select.select([self._terminal], [], [], deadline - time.monotonic())[0]:
                raise SystemExit(f"no answer on the terminal: {self._text!r}")
            self._text += os.read(self._terminal, 4096)
        self._text = b""

    def press(self):
        """Seconds until the character is back."""
        start = time.monotonic()
        os.write(self._terminal, b"k")
        self._read_until(b"k")
        return time.monotonic() - start


def without_beat(client):
    """The flags that turn ObscureKeystrokeTiming off, if the client knows it: it prints its configuration then."""
    flags = ["-o", "ObscureKeystrokeTiming=no"]
    known = subprocess.run(client("-F", "none", *flags, "-G", "host"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    return flags if known.returncode == 0 else []


class Pair:
    def __init__(self, name, workspace, server):
        self.name = name
        self.ports = {end: free_port() for end in ENDS}
        self._workspace = workspace
        flags = [flag for flag in client_options(workspace, server) if flag != "-T"]
        self._far = {}
        for end, program in ENDS.items():
            process = workspace.start([sys.executable, "-c", program], stdout=subprocess.PIPE)
            flags += ["-L", f"127.0.0.1:{self.ports[end]}:127.0.0.1:{int(process.stdout.readline())}"]
        client = {"OpenSSH": ssh, "ours": glassh}[name]
        words = client(*flags, *without_beat(client), "-q", "-tt", "127.0.0.1",
                       "stty raw -echo; printf 'ready\\r\\n'; exec cat")
        self._session = Session(words)

    def __str__(self):
        return self.name

    def turn(self, load, presses):
        """The times of so many key presses."""
        bulk = None
        if LOADS[load]:
            end, program = LOADS[load]
            bulk = self._workspace.start([sys.executable, "-c", program, str(self.ports[end])])
            time.sleep(0.5)  # until it flows
        times = []
        for _ in range(presses):
            times.append(self._session.press())
            time.sleep(PAUSE)
        if bulk:
            if bulk.poll() is not None:
                raise SystemExit(f"{self.name}: the bulk transfer ended by itself")
            end_process(bulk)
            time.sleep(0.3)  # until what was under way has arrived
        return times

    def close(self):
        self._session.close()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def bench_keys(options, workspace, servers):
    print(f"\nKey presses until their echo, microseconds, {options.keys} with each load, in {options.rounds} turns "
          "(goal: not slower in any of the six)")
    print(f"{'':<24}{'OpenSSH':>10}{'ours':>10}   ratio")
    pairs = [Pair("OpenSSH", workspace, servers["sshd"]), Pair("ours", workspace, servers["glasshd"])]
    for load in LOADS:
        times = turns(pairs, options.rounds, lambda pair: pair.turn(load, options.keys // options.rounds))
        theirs, ours = (times[pair] for pair in pairs)
        for title, measure in (("median", statistics.median), ("p99", lambda values: percentile(values, 0.99))):
            pooled = (measure([time for turn in of_one for time in turn]) * 1e6 for of_one in (theirs, ours))
            ratio = ratio_text([measure(turn) for turn in ours], [measure(turn) for turn in theirs])
            print(f"{f'{load} {title}':<24}" + "".join(f"{value:>10.0f}" for value in pooled) + f"   {ratio}", flush=True)
    for pair in pairs:
        pair.close()
