"""RekeyLimit gives as many key exchanges as with OpenSSH: 300 KB with a limit of 32K, which is less than one packet.

Each pair of clients and servers carries the same bytes as ssh and sshd do. Counted is what the client's log says, the
first key exchange included.

Where the limit is the sender's, each of the ten packets of data needs new keys. One more is possible: OpenSSH also looks at
the limit when a packet comes, so a WINDOW_ADJUST behind a full packet begins a key exchange that the next packet does not
use. Full packets are compared because OpenSSH (9.2, for one) adds the bytes of the next packet to a count of blocks: it
changes keys before any packet of more than 2 KiB, even if there are several of them below the limit.

Where the limit is the receiver's, the number depends on how much the sender has on its way when KEXINIT reaches it: of
300 KB in one piece, OpenSSH gets one to five. So the sender waits behind each 32 KiB until the receiver has answered.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, glassh, ssh, start_glasshd, start_sshd

LIMIT = "32K"
DATA = bytes(range(250)) * 1200
STEP = 32768
STEPS = 9
CLIENTS = {"ssh": ssh, "glassh": glassh}
STARTS = {"sshd": start_sshd, "glasshd": start_glasshd}
PAIRS = (("ssh", "sshd"), ("ssh", "glasshd"), ("glassh", "sshd"), ("glassh", "glasshd"))
# In the client's words, once for each key exchange.
NEW_KEYS = {"ssh": r"^debug1: SSH2_MSG_NEWKEYS received", "glassh": r"^debug1: keys: both directions now use"}


class Transfers:
    """Moves data through a pair and counts how often the keys were new."""

    def __init__(self, workspace, servers):
        self._workspace, self._servers = workspace, servers
        self._options = {name: client_options(workspace, server) for name, server in servers.items()}
        self._file = workspace.fresh("data")
        with open(self._file, "wb") as file:
            file.write(DATA)

    def _start(self, pair, limit_of, command, stdin, log):
        client, server = pair
        flags = ["-o", f"RekeyLimit={LIMIT}"] if limit_of == "client" else []
        return self._workspace.start(CLIENTS[client]("-v", *flags, *self._options[server], "127.0.0.1", command), stdin=stdin,
                                     stdout=subprocess.PIPE, stderr=log)

    def _counted(self, pair, process, log_path):
        status = process.wait(60)
        with open(log_path, encoding="utf-8") as file:
            log = file.read()
        expect_equal(status, 0, log[-3000:], self._servers[pair[1]].log_tail)
        return len(re.findall(NEW_KEYS[pair[0]], log, re.MULTILINE))

    def in_one_piece(self, pair, limit_of):
        """The client's limit for what it uploads, or the server's for what is downloaded."""
        up = limit_of == "client"
        log_path = self._workspace.fresh("client.log")
        with open(self._file if up else os.devnull, "rb") as source, open(log_path, "wb") as log:
            process = self._start(pair, limit_of, "wc -c" if up else f"cat {self._file}", source, log)
            out = process.communicate(timeout=60)[0]
        expect(out == (b"%d\n" % len(DATA) if up else DATA), f"other data came than were sent: {out[:100]}", self._servers[pair[1]].log_tail)
        return self._counted(pair, process, log_path)

    def step_by_step(self, pair, limit_of):
        """The client's limit for what it downloads, or the server's for what is uploaded."""
        up = limit_of == "server"
        # The end waits for the client's EOF, which waits for the last key exchange.
        each = f"head -c {STEP} | wc -c" if up else f"read line; head -c {STEP} /dev/zero"
        log_path = self._workspace.fresh("client.log")
        with open(log_path, "wb") as log:
            process = self._start(pair, limit_of, "; ".join([each] * STEPS + ["cat"]), subprocess.PIPE, log)
            for _ in range(STEPS):
                process.stdin.write(bytes(STEP) if up else b"\n")
                process.stdin.flush()
                answer = process.stdout.readline() if up else process.stdout.read(STEP)
                expect_equal(answer, b"%d\n" % STEP if up else bytes(STEP), self._servers[pair[1]].log_tail)
            process.communicate(timeout=60)
        return self._counted(pair, process, log_path)


def compare(cases, transfers, title, limit_of, count, expected):
    theirs = None
    for pair in PAIRS:
        with cases.case(f"{title}, RekeyLimit {LIMIT} of the {limit_of}: {' to '.join(pair)}"):
            counted = count(transfers, pair, limit_of)
            expect(counted in expected, f"{counted} key exchanges; expected {expected}")
            theirs = theirs or counted
            expect(abs(counted - theirs) <= 1, f"{counted} key exchanges; ssh with sshd had {theirs}")


def main():
    cases = Cases()
    with Workspace() as workspace:
        for limit_of in ("client", "server"):
            settings = [f"RekeyLimit {LIMIT}"] if limit_of == "server" else []
            with cases.case(f"servers for a RekeyLimit of the {limit_of}"):
                servers = {name: start(workspace, settings) for name, start in STARTS.items()}
                transfers = Transfers(workspace, servers)
                compare(cases, transfers, "300 KB in one piece, to send", limit_of, Transfers.in_one_piece, (11, 12))
                compare(cases, transfers, f"{STEPS} times 32 KiB to receive", limit_of, Transfers.step_by_step,
                        (1 + STEPS, 2 + STEPS))
                for server in servers.values():
                    server.stop()
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
